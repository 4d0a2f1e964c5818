import {
  type DaemonSet,
  DaemonSetKind,
  type Deployment,
  DeploymentKind,
  type ReplicaSet,
  ReplicaSetKind,
  type Rollout,
  RolloutKind,
  type StatefulSet,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { type ObjectRef, type OwnerReference, refOf } from '../../api/object.ts';
import type { Lookup } from '../lookup.ts';
import { supportedParent } from './owner-chain.ts';

/** An owner of Pods that people apply, or a ReplicaSet that stands alone. */
export type RolloutOwner =
  | { readonly kind: 'Deployment'; readonly object: Deployment }
  | { readonly kind: 'Rollout'; readonly object: Rollout }
  | { readonly kind: 'ReplicaSet'; readonly object: ReplicaSet }
  | { readonly kind: 'StatefulSet'; readonly object: StatefulSet }
  | { readonly kind: 'DaemonSet'; readonly object: DaemonSet };

/** The kinds of owners, by name. */
const ownerKinds = {
  Deployment: DeploymentKind,
  Rollout: RolloutKind,
  ReplicaSet: ReplicaSetKind,
  StatefulSet: StatefulSetKind,
  DaemonSet: DaemonSetKind,
} as const;

/** Where an owner is. */
export function refToOwner({ kind, object }: RolloutOwner): ObjectRef {
  return refOf(ownerKinds[kind], object);
}

/** The owner that a reference of a KeptnWorkload names: the top owner, or for a ReplicaSet what stands above it. */
export function ownerOfReference(
  reference: Pick<OwnerReference, 'kind' | 'name' | 'uid'>,
  namespace: string,
  lookup: Lookup,
): RolloutOwner | undefined {
  const owner = findOwner(reference, namespace, lookup);
  if (owner?.object.metadata.uid !== reference.uid) return undefined;
  if (owner.kind !== 'ReplicaSet') return owner;
  const above = supportedParent(owner.object);
  return above === undefined ? owner : ownerOfReference(above, namespace, lookup);
}

/** Where the owner of this kind and name is; undefined if no owner is of this kind. */
export function refToOwnerNamed(
  { kind, name }: { readonly kind: string; readonly name: string },
  namespace: string,
): ObjectRef | undefined {
  const found = Object.values(ownerKinds).find((one) => one.kind === kind);
  return found && { kind: found, namespace, name };
}

function findOwner(
  { kind, name }: Pick<OwnerReference, 'kind' | 'name'>,
  namespace: string,
  lookup: Lookup,
): RolloutOwner | undefined {
  const seen = <K extends RolloutOwner['kind'], T>(type: K, object: T | undefined) =>
    object === undefined ? undefined : { kind: type, object };
  switch (kind) {
    case 'Deployment':
      return seen('Deployment', lookup.get(DeploymentKind, namespace, name));
    case 'Rollout':
      return seen('Rollout', lookup.get(RolloutKind, namespace, name));
    case 'ReplicaSet':
      return seen('ReplicaSet', lookup.get(ReplicaSetKind, namespace, name));
    case 'StatefulSet':
      return seen('StatefulSet', lookup.get(StatefulSetKind, namespace, name));
    case 'DaemonSet':
      return seen('DaemonSet', lookup.get(DaemonSetKind, namespace, name));
    default:
      return undefined;
  }
}
