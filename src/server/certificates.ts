import { errorOf } from '../runtime/error-of.ts';
import type { Log } from '../ports/log.ts';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../runtime/clock.ts';
import { CertificateUnusable, type KeyPair } from './key-pair.ts';
import { CertificateInUse, type ServingCertificates, timeText } from './serving-certificate.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Directory watches get lost (network file systems, exhausted inotify): the files are read again this often anyway. */
const pollMs = 10_000;

/** A change of two files is several events. */
const settleMs = 50;

/** A certificate that has not been renewed is warned about so often. */
const warnEveryMs = 3_600_000;

/**
 * The serving certificate, kept up to date from its files. A pair that cannot be served (mismatched, expired, half
 * written) never replaces one that can; it is reported and tried again.
 */
export class Certificates implements ServingCertificates {
  readonly #files: CertificateFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #inUse: CertificateInUse;
  #watchers: FSWatcher[] = [];
  #timer: Timer | undefined;
  #poll: Timer | undefined;
  #warnedAtMs = -Infinity;

  constructor(files: CertificateFiles, by: { readonly clock: Clock; readonly log: Log }) {
    this.#files = files;
    this.#clock = by.clock;
    this.#log = by.log;
    this.#inUse = new CertificateInUse(by.clock, () => 'no certificate has been read yet');
  }

  /** The pair to serve; there is none before `load` has succeeded. */
  get current(): KeyPair | undefined {
    return this.#inUse.current;
  }

  problem(): string | undefined {
    return this.#inUse.problem();
  }

  detail(): string | undefined {
    return this.#inUse.detail();
  }

  /** Why what lies in the files is not what is served; undefined when it is. */
  get refused(): string | undefined {
    return this.#inUse.refused;
  }

  onChange(listener: (pair: KeyPair) => void): () => void {
    return this.#inUse.onChange(listener);
  }

  /** Reads the files and follows them. Rejects with `CertificateUnusable` if they hold nothing that can be served. */
  async start(): Promise<void> {
    await this.load();
    this.follow();
  }

  /** Reads the files now. Rejects with `CertificateUnusable` if they hold nothing that can be served. */
  async load(): Promise<KeyPair> {
    const cert = await readPem('certificate', this.#files.certFile);
    const key = await readPem('key', this.#files.keyFile);
    return this.#inUse.take({ cert, key });
  }

  /** Follows the files from now on: their directories are watched (a mounted Secret swaps a link there) and polled. */
  follow(): void {
    const directories = new Set(
      [this.#files.certFile, this.#files.keyFile].map((file) => dirname(file)),
    );
    for (const directory of directories) this.#watch(directory);
    this.#pollLater();
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#timer?.cancel();
    this.#poll?.cancel();
    this.#inUse.stop();
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
    const before = this.current?.serialNumber;
    try {
      const { serialNumber, validUntil } = await this.load();
      this.#warnOfEnd();
      if (serialNumber === before) return;
      this.#log.info(
        { serialNumber, validUntil: timeText(validUntil) },
        'serving a new certificate',
      );
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (!this.#inUse.refuse(problem)) return;
      this.#log.warn({ problem }, 'the new certificate cannot be served; the old one stays');
    }
  }

  #warnOfEnd(): void {
    const problem = this.#inUse.ending();
    const now = this.#clock.elapsed();
    if (problem === undefined || now - this.#warnedAtMs < warnEveryMs) return;
    this.#warnedAtMs = now;
    this.#log.warn({ problem }, 'the serving certificate needs attention');
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
