import type { ObjectRef } from '../../api/object.ts';
import { refKey } from '../../api/object.ts';
import { lifetimes } from '../../domain/certificates/lifetimes.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Cluster } from '../engine/cluster.ts';
import { entries, entriesOf } from './certificate-secret.ts';
import { NextLook } from './next-look.ts';

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
  #failures = 0;

  constructor(parts: ServedSecretParts) {
    this.#parts = parts;
  }

  /** Reads at once, at each change, and now and then, until the signal is aborted. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    const next = new NextLook(this.#parts.clock, signal, () => {
      this.#reading = this.#reading.then(() => this.#read(signal, next));
    });
    const unsubscribe = this.#parts.onChange(() => next.within(0));
    signal.addEventListener('abort', unsubscribe, { once: true });
    next.within(0);
  }

  async #read(signal: AbortSignal, next: NextLook): Promise<void> {
    if (signal.aborted) return;
    const { cluster, ref, offer, refuse, random } = this.#parts;
    try {
      const found = entriesOf(await cluster.get(ref));
      const { [entries.leaf]: cert, [entries.leafKey]: key } = found;
      if (cert !== undefined && key !== undefined) offer({ cert, key });
      this.#failures = 0;
      next.within(lifetimes.lookMs);
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      refuse(`${refKey(ref)} cannot be read: ${error instanceof Error ? error.message : ''}`);
      next.within(backoffMs(this.#failures, shape, random));
    }
  }
}
