import type { Deadlines, LimitedWait, StatedDeadlines } from '../deadline.ts';
import { durationOr } from '../go/duration.ts';

/**
 * The limits that hold: each by the first of these that says it, the nearest first, and otherwise as `otherwise` has it. `0s` is
 * no limit, and what is no duration says nothing.
 */
export function deadlinesFrom(
  stated: readonly (StatedDeadlines | undefined)[],
  otherwise: Deadlines,
): Deadlines {
  const limit = (wait: LimitedWait): number | undefined => {
    const ms = stated.map((one) => durationOr(one?.[wait], -1)).find((each) => each >= 0);
    if (ms === undefined) return otherwise[wait];
    return ms === 0 ? undefined : ms;
  };
  return {
    definition: limit('definition'),
    app: limit('app'),
    metric: limit('metric'),
    jobStart: limit('jobStart'),
  };
}
