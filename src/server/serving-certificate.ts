import type { Clock } from '../runtime/clock.ts';
import { type KeyPair, keyPair } from './key-pair.ts';

/** Where the certificate that is served comes from. */
export interface ServingCertificates {
  /** The pair to serve; undefined while there is none. */
  readonly current: KeyPair | undefined;
  /** Why the certificate that is served will not do; undefined while it does. */
  problem(): string | undefined;
  /** What is worth knowing although it will do: that it ends soon, or that a newer one cannot be served. */
  detail(): string | undefined;
  /** Calls `listener` with every new pair; returns the way to stop. */
  onChange(listener: (pair: KeyPair) => void): () => void;
  /** Begins to follow its source. Rejects if there is nothing to serve and nothing to wait for. */
  start(): Promise<void>;
  /** No timer and no watch is left. */
  stop(): void;
}

/** What the last third of a life is for: certificates are renewed at its beginning. */
const lateShare = 1 / 3;

/** The certificate in use, however it comes here: a pair that cannot be served never replaces one that can. */
export class CertificateInUse {
  readonly #clock: Clock;
  readonly #awaited: () => string;
  readonly #listeners = new Set<(pair: KeyPair) => void>();
  #current: KeyPair | undefined;
  #seen = '';
  #refused: string | undefined;

  /** `awaited` says what is waited for while there is no certificate. */
  constructor(clock: Clock, awaited: () => string) {
    this.#clock = clock;
    this.#awaited = awaited;
  }

  get current(): KeyPair | undefined {
    return this.#current;
  }

  /** Why what was last offered is not what is served; undefined when it is. */
  get refused(): string | undefined {
    return this.#refused;
  }

  problem(): string | undefined {
    if (this.#current === undefined) return this.#refused ?? this.#awaited();
    const { validUntil } = this.#current;
    return validUntil <= this.#clock.now()
      ? `the certificate has expired at ${timeText(validUntil)}`
      : undefined;
  }

  detail(): string | undefined {
    return this.ending() ?? this.#refused;
  }

  /** That the certificate should have been renewed by now, with the time at which it ends. */
  ending(): string | undefined {
    if (this.#current === undefined) return undefined;
    const { validFrom, validUntil } = this.#current;
    const isLate = this.#clock.now() > validUntil - (validUntil - validFrom) * lateShare * 0.9;
    return isLate
      ? `the certificate ends at ${timeText(validUntil)} and has not been renewed`
      : undefined;
  }

  onChange(listener: (pair: KeyPair) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes the pair into use and answers it. Throws `CertificateUnusable` if it cannot be served. */
  take(pem: { readonly cert: string; readonly key: string }): KeyPair {
    const seen = `${pem.cert}\n${pem.key}`;
    if (seen === this.#seen && this.#current !== undefined) return this.#current;
    const pair = keyPair(pem, this.#clock.now());
    this.#seen = seen;
    this.#current = pair;
    this.#refused = undefined;
    for (const listener of this.#listeners) listener(pair);
    return pair;
  }

  /** Takes note of why what was offered is not served; false if that was known. */
  refuse(problem: string): boolean {
    if (problem === this.#refused) return false;
    this.#refused = problem;
    return true;
  }

  /** Listeners hear of nothing any more. */
  stop(): void {
    this.#listeners.clear();
  }
}

/** A time as logs and probes show it. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
