import type { ObjectRef } from '../../api/object.ts';
import { refKey } from '../../api/object.ts';
import { lifetimes } from '../../domain/certificates/lifetimes.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Cluster } from '../engine/cluster.ts';
import { entries, entriesOf } from './certificate-secret.ts';

/** What following the Secret needs. */
export interface ServedSecretParts {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly ref: ObjectRef;
  /** Calls the listener whenever the Secret may have changed; returns the way to stop. */
  readonly onChange: (listener: () => void) => () => void;
  /** Given the certificate and the key (PEM) each time they have been read. */
  readonly offer: (pair: { readonly cert: string; readonly key: string }) => void;
  /** Told that the Secret could not be read, in a sentence. */
  readonly refuse: (problem: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

const shape = { baseMs: 500, capMs: 30_000 };

/**
 * Reads the serving certificate from its Secret, by name, whenever that changes; on every replica. A Secret that is gone or holds
 * none changes nothing: what was handed on goes on being served.
 */
export class ServedSecret {
  readonly #parts: ServedSecretParts;
  #reading: Promise<void> = Promise.resolve();
  /** The next reading. */
  #next: { readonly dueMs: number; readonly timer: Timer } | undefined;
  #failures = 0;

  constructor(parts: ServedSecretParts) {
    this.#parts = parts;
  }

  /** Reads at once, at each change, and now and then, until the signal is aborted. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    const unsubscribe = this.#parts.onChange(() => this.#readIn(0, signal));
    const stop = (): void => {
      unsubscribe();
      this.#next?.timer.cancel();
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#readIn(0, signal);
  }

  /** Reads in so many milliseconds at the latest: a change that arrived while the Secret was read must not wait for a look by the clock. */
  #readIn(ms: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { clock } = this.#parts;
    const dueMs = clock.elapsed() + ms;
    if (this.#next !== undefined && this.#next.dueMs <= dueMs) return;
    this.#next?.timer.cancel();
    const timer = clock.after(ms, () => {
      this.#next = undefined;
      this.#reading = this.#reading.then(() => this.#read(signal));
    });
    this.#next = { dueMs, timer };
  }

  async #read(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { cluster, ref, offer, refuse, random } = this.#parts;
    try {
      const found = entriesOf(await cluster.get(ref));
      const { [entries.leaf]: cert, [entries.leafKey]: key } = found;
      if (cert !== undefined && key !== undefined) offer({ cert, key });
      this.#failures = 0;
      this.#readIn(lifetimes.lookMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      refuse(`${refKey(ref)} cannot be read: ${error instanceof Error ? error.message : ''}`);
      this.#readIn(backoffMs(this.#failures, shape, random), signal);
    }
  }
}
