/**
 * How one thing that was looked at stands.
 * - `ok`: as it has to be.
 * - `warning`: it works, and something is to be expected or known.
 * - `failed`: Sluice does not do its work because of it.
 * - `unknown`: it could not be looked at.
 */
export type LineStatus = 'ok' | 'warning' | 'failed' | 'unknown';

/** One line of a diagnosis. */
export interface Line {
  /** What was looked at, in a few words that do not change: scripts may go by it. */
  readonly check: string;
  readonly status: LineStatus;
  /** What was found, as a sentence without a full stop. */
  readonly says: string;
  /** What to do about it; of every line that is not ok. */
  readonly remedy?: string;
}

export function ok(check: string, says: string): Line {
  return { check, status: 'ok', says };
}

export function warning(check: string, says: string, remedy: string): Line {
  return { check, status: 'warning', says, remedy };
}

export function failed(check: string, says: string, remedy: string): Line {
  return { check, status: 'failed', says, remedy };
}

/** What could not be looked at, because of `why`. */
export function unknown(check: string, why: string): Line {
  const remedy = 'ask with a user who may read this (--context), and look at the connection';
  return { check, status: 'unknown', says: `could not be looked at: ${why}`, remedy };
}

/** Exit code of a diagnosis: 3 something has failed, 1 something could not be looked at, 4 there are warnings, 0 all is well. */
export function exitCodeOf(lines: readonly Line[]): 0 | 1 | 3 | 4 {
  const has = (status: LineStatus): boolean => lines.some((line) => line.status === status);
  if (has('failed')) return 3;
  if (has('unknown')) return 1;
  return has('warning') ? 4 : 0;
}
