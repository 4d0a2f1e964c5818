import type { DaemonSet, Deployment, ReplicaSet, Rollout, StatefulSet } from '../api/builtin.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { RolloutOwner } from './rollout-owner.ts';

/** How far an owner has brought its current revision into being. */
export interface RolloutStatus {
  /** `paused`: somebody holds the roll-out, and no time-out runs against it. */
  readonly state: 'deployed' | 'progressing' | 'paused';
  readonly reason: string;
  /** Says what, but no counts: a message that changes with every Pod would be a write for every Pod. */
  readonly message: string;
}

/**
 * Whether the roll-out of the owner's current revision is over, judged as `kubectl rollout status` does: by
 * observedGeneration and the update revision, never by counting whatever is ready (B10). 0 replicas count as deployed.
 */
export function rolloutStatus(owner: RolloutOwner): RolloutStatus {
  switch (owner.kind) {
    case 'Deployment':
      return deployment(owner.object);
    case 'Rollout':
      return rollout(owner.object);
    case 'ReplicaSet':
      return replicaSet(owner.object);
    case 'StatefulSet':
      return statefulSet(owner.object);
    case 'DaemonSet':
      return daemonSet(owner.object);
  }
}

/** Whether the status was written for the object as it is now. */
export function isObserved(
  object: KubernetesObject & { status?: { observedGeneration?: number | string } },
): boolean {
  const { generation } = object.metadata;
  const observed = Number(object.status?.observedGeneration ?? Number.NaN);
  return generation === undefined || observed >= generation;
}

function deployment(object: Deployment): RolloutStatus {
  const { replicas = 1, paused = false } = object.spec;
  const status = object.status ?? {};
  const updated = status.updatedReplicas ?? 0;
  if (!isObserved(object)) return paused ? isPaused('Deployment') : progressing('Deployment');
  if (replicas === 0) return scaledToZero();
  const over =
    updated >= replicas &&
    (status.replicas ?? 0) <= updated &&
    (status.availableReplicas ?? 0) >= updated;
  if (over) return deployed('all Pods of the Deployment are updated and available');
  return paused ? isPaused('Deployment') : progressing('Deployment');
}

function rollout(object: Rollout): RolloutStatus {
  const { replicas = 1 } = object.spec;
  const status = object.status ?? {};
  if (!isObserved(object)) return progressing('Rollout');
  if (replicas === 0) return scaledToZero();
  if (status.phase === 'Healthy' && (status.updatedReplicas ?? 0) === (status.replicas ?? 0)) {
    return deployed('the Rollout is healthy');
  }
  return status.phase === 'Paused' || object.spec.paused === true
    ? isPaused('Rollout')
    : progressing('Rollout');
}

function replicaSet(object: ReplicaSet): RolloutStatus {
  const { replicas = 1 } = object.spec;
  if (!isObserved(object)) return progressing('ReplicaSet');
  if (replicas === 0) return scaledToZero();
  return (object.status?.availableReplicas ?? 0) >= replicas
    ? deployed('all Pods of the ReplicaSet are available')
    : progressing('ReplicaSet');
}

function statefulSet(object: StatefulSet): RolloutStatus {
  const { replicas = 1, updateStrategy } = object.spec;
  const status = object.status ?? {};
  if (!isObserved(object)) return progressing('StatefulSet');
  if (replicas === 0) return scaledToZero();
  const ready = (status.readyReplicas ?? 0) >= replicas;
  if (updateStrategy?.type === 'OnDelete') {
    return ready ? deployed('all Pods of the StatefulSet are ready') : progressing('StatefulSet');
  }
  const due = Math.max(0, replicas - (updateStrategy?.rollingUpdate?.partition ?? 0));
  // Updated replicas are counted only while a roll-out is under way; afterwards the two revisions are the same.
  const updated =
    status.currentRevision === status.updateRevision ? replicas : (status.updatedReplicas ?? 0);
  if (!ready || updated < due) return progressing('StatefulSet');
  return deployed(
    due < replicas
      ? 'all Pods of the StatefulSet that the partition lets be updated are updated and ready'
      : 'all Pods of the StatefulSet are updated and ready',
  );
}

function daemonSet(object: DaemonSet): RolloutStatus {
  const status = object.status ?? {};
  if (!isObserved(object)) return progressing('DaemonSet');
  const desired = status.desiredNumberScheduled ?? 0;
  if (desired === 0) return deployed('no node wants a Pod of the DaemonSet', 'ScaledToZero');
  if (object.spec.updateStrategy?.type === 'OnDelete') {
    return (status.numberReady ?? 0) >= desired
      ? deployed('all Pods of the DaemonSet are ready')
      : progressing('DaemonSet');
  }
  return (status.updatedNumberScheduled ?? 0) >= desired && (status.numberAvailable ?? 0) >= desired
    ? deployed('all Pods of the DaemonSet are updated and available')
    : progressing('DaemonSet');
}

function deployed(message: string, reason = 'Deployed'): RolloutStatus {
  return { state: 'deployed', reason, message };
}

function scaledToZero(): RolloutStatus {
  return deployed('no Pods are asked for (0 replicas)', 'ScaledToZero');
}

function isPaused(kind: string): RolloutStatus {
  return {
    state: 'paused',
    reason: 'Paused',
    message: `the ${kind} is paused; the time-out of the deployment does not run until it is resumed`,
  };
}

// Also while its controller has not looked at the latest change: telling the two apart would only cost writes.
function progressing(kind: string): RolloutStatus {
  return {
    state: 'progressing',
    reason: 'WaitingForPods',
    message: `Pods of the ${kind} are not all updated and available yet`,
  };
}
