import type { Condition } from '../api/object.ts';
import { conditionOf, conditionTypes } from './conditions.ts';

/**
 * Why a check goes on waiting that its version and the held Pods repeat, although no help is needed: what was measured misses its
 * target, nothing can be measured, or a freeze window is closed. What passes within moments, as a first value does, they leave out.
 */
export const toldReasons: ReadonlySet<string> = new Set([
  'ObjectivesNotMet',
  'QueryFailed',
  'FreezeWindow',
]);

/** The reason of a condition Released that is False because a release by hand is over. */
export const releaseExpired = 'ReleaseExpired';

/**
 * What keeps a version, in its own words: somebody has to help, an evaluation does not find what it wants, or a release by hand
 * is over before the checks have passed.
 */
export function troubleOf(
  version: { status?: { conditions?: readonly Condition[] } } | undefined,
): Condition | undefined {
  const stalled = conditionOf(version, conditionTypes.stalled);
  if (stalled?.status === 'True') return stalled;
  const released = conditionOf(version, conditionTypes.released);
  if (released?.status === 'False' && released.reason === releaseExpired) return released;
  const waiting = conditionOf(version, conditionTypes.reconciling);
  return waiting?.status === 'True' && toldReasons.has(waiting.reason) ? waiting : undefined;
}
