import { type Answers, unreadOf } from '../answers.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { isRetired } from '../owner/retired-workload.ts';
import { conditionTypes, withCondition, observed } from '../conditions.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { amending, nothing, type Plan } from '../plan.ts';
import { refToOwner, refToOwnerNamed } from '../owner/rollout-owner.ts';

/*
 * A workload that was renamed, moved to another application, or whose annotations were removed: its owner is still there and
 * carries something else. Or its owner was deleted with `--cascade=orphan`, and nothing carries it. It is kept, with its
 * versions, because Pods of older revisions may still run and the owner may be rolled back or come again; but it is current no
 * more, and no application waits for it.
 */

/** What the decision to retire a workload is made from. */
export interface RetirementSeen extends Pick<Answers, 'live'> {
  readonly now: number;
  /** The owners it references and those of its Pods that wait. */
  readonly owners: readonly OwnerSeen[];
  readonly versions: readonly KeptnWorkloadVersion[];
}

/** Retires a workload that none of its owners claims, or that nothing owns any more. What cannot be told yet stays. */
export function retire(workload: KeptnWorkload, seen: RetirementSeen): Plan {
  const { owners, now } = seen;
  if (isRetired(workload)) return nothing;
  // An owner that it references and the caches do not have is on its way, or takes the workload along.
  const isOrphaned = owners.length === 0 && (workload.metadata.ownerReferences ?? []).length === 0;
  if (owners.length === 0 && !isOrphaned) return nothing;
  if (!owners.every((owner) => carriesOther(owner, workload, seen.versions))) return nothing;
  const refs = isOrphaned ? lastOwners(workload) : owners.map(({ owner }) => refToOwner(owner));
  const look = unreadOf(refs, seen);
  if (look.length > 0) return { look };
  const condition = {
    type: conditionTypes.retired,
    status: 'True',
    reason: isOrphaned ? 'NoOwner' : 'NotCarried',
    message: `${isOrphaned ? orphaned(workload) : owners.map(saysWhat).join('; ')}; this workload is kept for a rollback, and no application waits for it`,
    ...observed(workload),
  } as const;
  return amending(KeptnWorkload, workload, {
    ...workload.status,
    owners: [],
    conditions: withCondition(workload.status?.conditions, condition, now),
  });
}

/** The workload itself, as it may have owners that its cache does not show, and those it had: they may have come again. */
function lastOwners({ metadata, status, ...workload }: KeptnWorkload): readonly ObjectRef[] {
  const { namespace = '' } = metadata;
  const known = (status?.owners ?? []).flatMap((owner) => refToOwnerNamed(owner, namespace) ?? []);
  return [refOf(KeptnWorkload, { ...workload, metadata }), ...known];
}

function orphaned({ status }: KeptnWorkload): string {
  const owners = (status?.owners ?? []).map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return owners === ''
    ? 'it has no owner'
    : `its owner ${owners} was deleted without it, and nothing else carries it`;
}

/**
 * Whether the owner's current revision is known to be of another workload, or of none. An owner that says nothing itself may
 * only wait for Pods that a policy annotates.
 */
function carriesOther(
  { current }: OwnerSeen,
  { metadata, spec }: KeptnWorkload,
  versions: readonly KeptnWorkloadVersion[],
): boolean {
  if (current === undefined) return false;
  const { identity } = current;
  switch (identity.type) {
    case 'ownerUnknown':
      return false;
    case 'notAnnotated':
      return versions.every((version) => !isWordOfPods(version));
    case 'annotated':
      return identity.app !== spec.app || !isNameOf(metadata.name, spec.app, identity.workload);
  }
}

function isWordOfPods({ metadata }: KeptnWorkloadVersion): boolean {
  return metadata.annotations?.[sluiceKeys.wordOfPods] !== undefined;
}

function saysWhat({ owner, current }: OwnerSeen): string {
  const name = `${owner.kind} ${owner.object.metadata.name}`;
  const identity = current?.identity;
  return identity?.type === 'annotated'
    ? `${name} carries workload ${identity.workload} of application ${identity.app}`
    : `${name} names no workload any more`;
}
