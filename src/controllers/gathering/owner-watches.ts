import {
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { type Key, watch, type Watch } from '../engine/controller.ts';

/**
 * Watches on everything that owns Pods, directly or not. `keysOf` gets the uid of each object that the changed one is or
 * belongs to, its own and those of its owners, and the changed one itself.
 */
export function ownerWatches(
  keysOf: (uids: readonly string[], lookup: Lookup, changed: KubernetesObject) => readonly Key[],
): readonly Watch[] {
  const keys = (object: KubernetesObject, lookup: Lookup): readonly Key[] => {
    const { uid = '', ownerReferences = [] } = object.metadata;
    return keysOf([uid, ...ownerReferences.map((owner) => owner.uid)], lookup, object);
  };
  return [
    watch(DeploymentKind, keys),
    watch(ReplicaSetKind, keys),
    watch(RolloutKind, keys),
    watch(StatefulSetKind, keys),
    watch(DaemonSetKind, keys),
    watch(ControllerRevisionKind, keys),
  ];
}
