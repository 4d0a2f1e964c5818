/** How waiting times grow with failures: doubled from `baseMs` up to `capMs`, then shortened at random. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
  /** The share of the delay that chance may take away, 0 to 1. Default 0.5: between half of it and all of it. */
  readonly jitter?: number;
}

/**
 * The wait after this many failures in a row (1 or more), in milliseconds. `random` answers a number in [0, 1); it keeps
 * clients that failed together from coming back together. Never more than `capMs`.
 */
export function backoffMs(failures: number, shape: Backoff, random: () => number): number {
  const { baseMs, capMs, jitter = 0.5 } = shape;
  // 2 ** 31 is far beyond every cap; the bound keeps the power finite for failures without end.
  const doubled = baseMs * 2 ** Math.min(Math.max(failures, 1) - 1, 31);
  const delayMs = Math.min(doubled, capMs);
  return Math.round(delayMs * (1 - jitter * random()));
}
