/** That the clock of this machine was set, while this process ran: from one time of day to another, in milliseconds. */
export interface ClockStep {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What a decision knows of the time. The steps are those that this process has seen, the first one first; of one that came
 * before its start nothing is known, and stored times are taken as they are then.
 */
export interface Moment {
  readonly now: number;
  readonly clockSteps?: readonly ClockStep[] | undefined;
}

/**
 * A stored time as the clock would have it that runs now, so that what is left of a wait is what has not passed, whichever
 * way the clock was set. A time that only another machine can have stored, because this one skipped it, counts as the
 * moment of the step: a wait may last longer then, and never ends early.
 */
export function onThisClock(storedMs: number, { now, clockSteps = [] }: Moment): number {
  return clockSteps.reduce((timeMs, { fromMs, toMs }) => {
    if (fromMs > toMs) return timeMs > now ? timeMs - (fromMs - toMs) : timeMs;
    if (timeMs >= toMs) return timeMs;
    return Math.min(timeMs + (toMs - fromMs), toMs);
  }, storedMs);
}
