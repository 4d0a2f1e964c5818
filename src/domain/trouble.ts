import type { Condition } from '../api/object.ts';
import { conditionOf, conditionTypes } from './conditions.ts';

/**
 * Why an evaluation goes on waiting that its version and the held Pods repeat, although no help is needed: what was measured
 * misses its target, or nothing can be measured. What passes within moments, as a first value does, they leave out.
 */
export const toldReasons: ReadonlySet<string> = new Set(['ObjectivesNotMet', 'QueryFailed']);

/** What keeps a version, in its own words: somebody has to help, or an evaluation does not find what it wants. */
export function troubleOf(
  version: { status?: { conditions?: readonly Condition[] } } | undefined,
): Condition | undefined {
  const stalled = conditionOf(version, conditionTypes.stalled);
  if (stalled?.status === 'True') return stalled;
  const waiting = conditionOf(version, conditionTypes.reconciling);
  return waiting?.status === 'True' && toldReasons.has(waiting.reason) ? waiting : undefined;
}
