import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../api/builtin.ts';
import { argoRolloutStatus } from './argo-rollout-status.ts';
import {
  deployed,
  isObserved,
  isPaused,
  progressing,
  type RolloutCounts,
  type RolloutJudgement,
  type RolloutStatus,
  scaledToZero,
  scaledToZeroReason,
} from './rollout-judgement.ts';
import type { RolloutOwner } from './rollout-owner.ts';

/**
 * Whether the roll-out of the owner's current revision is over, judged as `kubectl rollout status` does and by every field of
 * its kind: by observedGeneration and the update revision, by what is available and not only ready, never by counting whatever
 * is there (B10). What would be judged without a single Pod of the revision is not deployed but waits for a person: `OnDelete`
 * with nothing updated, a partition that holds all. 0 replicas count as deployed.
 */
export function rolloutStatus(owner: RolloutOwner): RolloutStatus {
  switch (owner.kind) {
    case 'Deployment':
      return { ...deployment(owner.object), counts: deploymentCounts(owner.object) };
    case 'Rollout':
      return argoRolloutStatus(owner.object);
    case 'ReplicaSet':
      return { ...replicaSet(owner.object), counts: replicaSetCounts(owner.object) };
    case 'StatefulSet':
      return { ...statefulSet(owner.object), counts: statefulSetCounts(owner.object) };
    case 'DaemonSet':
      return { ...daemonSet(owner.object), counts: daemonSetCounts(owner.object) };
  }
}

function deploymentCounts({ spec, status = {} }: Deployment): RolloutCounts {
  return {
    wanted: spec.replicas ?? 1,
    updated: status.updatedReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    existing: status.replicas ?? 0,
  };
}

function deployment(object: Deployment): RolloutJudgement {
  const { paused = false } = object.spec;
  const { wanted, updated, available, existing } = deploymentCounts(object);
  if (!isObserved(object)) return paused ? isPaused('Deployment') : progressing('Deployment');
  if (wanted === 0) return scaledToZero();
  const over = updated >= wanted && existing <= updated && available >= updated;
  if (over) return deployed('all Pods of the Deployment are updated and available');
  return paused ? isPaused('Deployment') : progressing('Deployment');
}

function replicaSetCounts({ spec, status = {} }: ReplicaSet): RolloutCounts {
  const existing = status.replicas ?? 0;
  const available = status.availableReplicas ?? 0;
  return { wanted: spec.replicas ?? 1, updated: existing, available, existing };
}

function replicaSet(object: ReplicaSet): RolloutJudgement {
  const { wanted, available } = replicaSetCounts(object);
  if (!isObserved(object)) return progressing('ReplicaSet');
  if (wanted === 0) return scaledToZero();
  return available >= wanted
    ? deployed('all Pods of the ReplicaSet are available')
    : progressing('ReplicaSet');
}

function statefulSetCounts({ spec, status = {} }: StatefulSet): RolloutCounts {
  const existing = status.replicas ?? 0;
  // Updated replicas are counted only while a roll-out is under way; afterwards the two revisions are the same.
  const isOver = status.currentRevision === status.updateRevision;
  return {
    wanted: spec.replicas ?? 1,
    updated: isOver ? existing : (status.updatedReplicas ?? 0),
    available: status.availableReplicas ?? 0,
    existing,
  };
}

function statefulSet(object: StatefulSet): RolloutJudgement {
  const { updateStrategy } = object.spec;
  const { wanted, updated, available, existing } = statefulSetCounts(object);
  if (!isObserved(object)) return progressing('StatefulSet');
  if (wanted === 0) return scaledToZero();
  const isAvailable = available >= wanted;
  if (updateStrategy?.type === 'OnDelete') {
    return onDelete('StatefulSet', { updated, existing, isAvailable });
  }
  const due = Math.max(0, wanted - (updateStrategy?.rollingUpdate?.partition ?? 0));
  if (due === 0 && updated === 0 && existing > 0) return partitionHolds();
  if (!isAvailable || updated < due) return progressing('StatefulSet');
  return deployed(
    due < wanted
      ? 'all Pods of the StatefulSet that the partition lets be updated are updated and available'
      : 'all Pods of the StatefulSet are updated and available',
  );
}

function daemonSetCounts({ status = {} }: DaemonSet): RolloutCounts {
  const updated = status.updatedNumberScheduled ?? 0;
  return {
    wanted: status.desiredNumberScheduled ?? 0,
    updated,
    available: status.numberAvailable ?? 0,
    existing: Math.max(updated, status.currentNumberScheduled ?? 0),
  };
}

function daemonSet(object: DaemonSet): RolloutJudgement {
  const { wanted, updated, available, existing } = daemonSetCounts(object);
  if (!isObserved(object)) return progressing('DaemonSet');
  if (wanted === 0) return deployed('no node wants a Pod of the DaemonSet', scaledToZeroReason);
  const isAvailable = available >= wanted;
  if (object.spec.updateStrategy?.type === 'OnDelete') {
    return onDelete('DaemonSet', { updated, existing, isAvailable });
  }
  return updated >= wanted && isAvailable
    ? deployed('all Pods of the DaemonSet are updated and available')
    : progressing('DaemonSet');
}

/** Old Pods are replaced when somebody deletes them, at their leisure: the first one that is brings the revision into being. */
function onDelete(
  kind: string,
  pods: { readonly updated: number; readonly existing: number; readonly isAvailable: boolean },
): RolloutJudgement {
  // Without any Pod it is being created, and creates them of this revision.
  if (pods.updated === 0 && pods.existing > 0) {
    return {
      state: 'paused',
      reason: 'NothingUpdatedYet',
      message: `the ${kind} updates a Pod when somebody deletes it (OnDelete), and none has been updated yet; the time-out of the deployment does not run`,
    };
  }
  return pods.updated > 0 && pods.isAvailable
    ? deployed(`Pods of the ${kind} that were deleted are updated, and all are available`)
    : progressing(kind);
}

function partitionHolds(): RolloutJudgement {
  return {
    state: 'paused',
    reason: 'PartitionHolds',
    message:
      'the partition of the StatefulSet lets no Pod be updated; lower spec.updateStrategy.rollingUpdate.partition; the time-out of the deployment does not run',
  };
}
