import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { parsePauseStamp } from '../../api/keptn/steering.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { longestValue } from '../../api/keptn/steering.ts';
import type { Progress } from '../conditions.ts';
import { shortened } from '../shortened.ts';

/** Why the versions of something that is paused do not go on. */
const pausedByHand = 'PausedByHand';

/**
 * What a pause of the workload or its application says to the versions; undefined while neither is paused. A phase that runs
 * comes to its end, and what is Released stays so. A pause without a stamp counts as well: it lets nothing through.
 */
export function pauseOf(
  ...objects: readonly (KubernetesObject | undefined)[]
): Progress | undefined {
  const paused = objects.find((object) => isPaused(object));
  if (paused === undefined) return undefined;
  const { kind, metadata } = paused;
  const { namespace = '', name, annotations = {} } = metadata;
  const why = shortened(annotations[sluiceKeys.paused] ?? '', longestValue);
  const stamp = parsePauseStamp(annotations[sluiceKeys.pausedBy]);
  const who = stamp === undefined ? '' : ` by ${stamp.user} at ${stamp.time}`;
  const reason = why === 'true' ? '' : `: ${why}`;
  return {
    kind: 'stalled',
    reason: pausedByHand,
    message: `${kind} ${name} was paused${who}${reason}; no phase begins and nothing is released until kubectl annotate ${kind.toLowerCase()} ${name} -n ${namespace} ${sluiceKeys.paused}-`,
  };
}

/** Whether an object carries the annotation with any value but `false` and an empty one. */
function isPaused(object: KubernetesObject | undefined): boolean {
  const value = object?.metadata.annotations?.[sluiceKeys.paused];
  return value !== undefined && value !== '' && value !== 'false';
}
