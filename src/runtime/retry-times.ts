import { type Backoff, backoffMs } from './backoff.ts';

/**
 * When each of many things that failed may be tried again: ever later, each for itself, so that one that always fails keeps
 * nothing else from being tried. Times are elapsed milliseconds of the caller's clock. Remembers a bounded number of things;
 * the one that failed longest ago is forgotten first, and is then simply tried again.
 */
export class RetryTimes {
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #most: number;
  readonly #failed = new Map<string, { readonly failures: number; readonly dueMs: number }>();

  constructor(shape: Backoff, random: () => number, most = 10_000) {
    this.#backoff = shape;
    this.#random = random;
    this.#most = most;
  }

  /** Whether it may be tried now. */
  isDue(key: string, nowMs: number): boolean {
    return (this.#failed.get(key)?.dueMs ?? -Infinity) <= nowMs;
  }

  /** It has failed: answers how often in a row by now. */
  failed(key: string, nowMs: number): number {
    const failures = (this.#failed.get(key)?.failures ?? 0) + 1;
    const dueMs = nowMs + backoffMs(failures, this.#backoff, this.#random);
    this.#failed.delete(key);
    this.#failed.set(key, { failures, dueMs });
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= this.#most) break;
      this.#failed.delete(oldest);
    }
    return failures;
  }

  /** It went well, or is gone. */
  forget(key: string): void {
    this.#failed.delete(key);
  }

  /** How long until the first of these may be tried, in milliseconds; undefined when none of them has failed. */
  nextInMs(keys: Iterable<string>, nowMs: number): number | undefined {
    let next: number | undefined;
    for (const key of keys) {
      const dueMs = this.#failed.get(key)?.dueMs;
      if (dueMs !== undefined) next = Math.min(next ?? Infinity, Math.max(0, dueMs - nowMs));
    }
    return next;
  }
}
