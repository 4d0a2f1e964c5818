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

/** What a server asked for is made longer by chance, up to this share: those it asked together must not come back together. */
const spread = 0.1;

/**
 * The wait before the next try where the server may have asked for one (`Retry-After`): the larger of that and the back-off, because
 * a server that asks for nothing, or for 0, is not to be asked in a loop.
 */
export function waitMs(
  askedMs: number | undefined,
  failures: number,
  by: { readonly shape: Backoff; readonly random: () => number },
): number {
  const own = backoffMs(failures, by.shape, by.random);
  if (askedMs === undefined || askedMs <= own) return own;
  return Math.round(askedMs * (1 + spread * by.random()));
}
