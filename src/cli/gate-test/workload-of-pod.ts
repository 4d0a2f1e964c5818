import {
  DaemonSetKind,
  DeploymentKind,
  type Pod,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { controllerOf, type KubernetesObject } from '../../api/object.ts';
import type { MemoryStore } from '../played/memory-store.ts';

/** What people apply and Kubernetes makes Pods of. */
export const workloadOwners = [
  DeploymentKind,
  StatefulSetKind,
  DaemonSetKind,
  RolloutKind,
] as const;

/** The name of the Deployment, StatefulSet, DaemonSet or Rollout that a Pod is of. */
export function workloadNameOf(
  pod: Pod | KubernetesObject,
  store: MemoryStore,
): string | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== ReplicaSetKind.kind)
    return workloadOwners.some(({ kind }) => kind === owner?.kind) ? owner?.name : undefined;
  const set = store.get(ReplicaSetKind, pod.metadata.namespace, owner.name);
  return set && controllerOf(set)?.name;
}
