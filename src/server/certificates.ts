import { errorOf } from '../runtime/error-of.ts';
import type { Log } from '../ports/log.ts';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../runtime/clock.ts';
import { CertificateUnusable, type KeyPair, keyPair } from './key-pair.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Directory watches get lost (network file systems, exhausted inotify): the files are read again this often anyway. */
const pollMs = 10_000;

/** A change of two files is several events. */
const settleMs = 50;

/**
 * The serving certificate, kept up to date from its files. A pair that cannot be served (mismatched, expired, half
 * written) never replaces one that can; it is reported and tried again.
 */
export class Certificates {
  readonly #files: CertificateFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<(pair: KeyPair) => void>();
  #current: KeyPair | undefined;
  #seen = '';
  #refused: string | undefined;
  #watchers: FSWatcher[] = [];
  #timer: Timer | undefined;
  #poll: Timer | undefined;

  constructor(files: CertificateFiles, by: { readonly clock: Clock; readonly log: Log }) {
    this.#files = files;
    this.#clock = by.clock;
    this.#log = by.log;
  }

  /** The pair to serve; there is none before `load` has succeeded. */
  get current(): KeyPair | undefined {
    return this.#current;
  }

  /** Why the certificate that is served will not do; undefined while it does. */
  problem(): string | undefined {
    if (this.#current === undefined) return this.#refused ?? 'no certificate has been read yet';
    const { validUntil } = this.#current;
    return validUntil <= this.#clock.now()
      ? `the certificate has expired at ${new Date(validUntil).toISOString()}`
      : undefined;
  }

  /** Why what lies in the files is not what is served; undefined when it is. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Calls `listener` with every new pair; returns the way to stop. */
  onChange(listener: (pair: KeyPair) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads the files now. Rejects with `CertificateUnusable` if they hold nothing that can be served. */
  async load(): Promise<KeyPair> {
    const cert = await readPem('certificate', this.#files.certFile);
    const key = await readPem('key', this.#files.keyFile);
    const seen = `${cert}\n${key}`;
    if (seen === this.#seen && this.#current !== undefined) return this.#current;
    const pair = keyPair({ cert, key }, this.#clock.now());
    this.#seen = seen;
    this.#current = pair;
    this.#refused = undefined;
    for (const listener of this.#listeners) listener(pair);
    return pair;
  }

  /** Follows the files from now on: their directories are watched (a mounted Secret swaps a link there) and polled. */
  follow(): void {
    const directories = new Set(
      [this.#files.certFile, this.#files.keyFile].map((file) => dirname(file)),
    );
    for (const directory of directories) this.#watch(directory);
    this.#pollLater();
  }

  /** No timer and no watch is left. */
  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#timer?.cancel();
    this.#poll?.cancel();
    this.#listeners.clear();
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#reloadSoon());
      watcher.on('error', (error) => {
        this.#log.warn(
          { err: error, directory },
          'the directory of the certificate is not watched any more',
        );
      });
      this.#watchers.push(watcher);
    } catch (error) {
      const err = errorOf(error);
      this.#log.warn(
        { err, directory },
        'the directory of the certificate cannot be watched; it is polled',
      );
    }
  }

  #reloadSoon(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(settleMs, () => void this.#reload());
  }

  #pollLater(): void {
    this.#poll = this.#clock.after(pollMs, () => {
      void this.#reload();
      this.#pollLater();
    });
  }

  async #reload(): Promise<void> {
    const before = this.#current?.serialNumber;
    try {
      const { serialNumber, validUntil } = await this.load();
      if (serialNumber === before) return;
      const until = new Date(validUntil).toISOString();
      this.#log.info({ serialNumber, validUntil: until }, 'serving a new certificate');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem === this.#refused) return;
      this.#refused = problem;
      this.#log.warn({ problem }, 'the new certificate cannot be served; the old one stays');
    }
  }
}

async function readPem(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const remedy = isMissing ? '; sluice certs writes one for local use' : '';
    throw new CertificateUnusable(`the ${what} cannot be read: ${why}${remedy}`, { cause });
  }
}
