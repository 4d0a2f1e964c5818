import type { Pod, StatefulSet } from '../../api/builtin.ts';
import { revisionHashLabel } from '../owner/owner-chain.ts';
import { isObserved } from '../owner/rollout-judgement.ts';

/**
 * Whether a Pod of a StatefulSet is of an older revision and would come back as the current one if it were deleted. A Pod
 * below the partition would come back as it is, so that deleting it would never end.
 */
export function isObsolete(pod: Pod, owner: StatefulSet): boolean {
  const hash = pod.metadata.labels?.[revisionHashLabel];
  const { updateRevision } = owner.status ?? {};
  const isOld = hash !== undefined && updateRevision !== undefined && hash !== updateRevision;
  if (!isOld || !isObserved(owner)) return false;
  const { updateStrategy = {}, ordinals } = owner.spec;
  const firstUpdated = (ordinals?.start ?? 0) + (updateStrategy.rollingUpdate?.partition ?? 0);
  return updateStrategy.type === 'OnDelete' || ordinalOf(pod) >= firstUpdated;
}

/** The number at the end of the name that a StatefulSet gives its Pods. */
function ordinalOf(pod: Pod): number {
  return Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? Number.NaN);
}
