import {
  type ControllerRevision,
  ControllerRevisionKind,
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
import type {
  Kind,
  KubernetesObject,
  ObjectMeta,
  ObjectRef,
  OwnerReference,
} from '../../api/object.ts';
import type { Lookup } from '../lookup.ts';
import { defined } from '../../api/json.ts';

/** What made a ReplicaSet: the object that people apply and annotate. */
export type ReplicaSetParent =
  | { readonly kind: 'Deployment'; readonly object: Deployment }
  | { readonly kind: 'Rollout'; readonly object: Rollout };

/** The object that made a Pod. A ReplicaSet without a supported parent stands alone. */
export type PodOwner =
  | {
      readonly kind: 'ReplicaSet';
      readonly object: ReplicaSet;
      readonly parent?: ReplicaSetParent;
    }
  | { readonly kind: 'StatefulSet'; readonly object: StatefulSet }
  | { readonly kind: 'DaemonSet'; readonly object: DaemonSet };

/**
 * Where a Pod comes from, as far as the caches know.
 *
 * - `unowned`: the Pod's own metadata names no supported owner (bare Pods, Pods of Jobs, …).
 * - `unknown`: an object of the chain is not in the cache, or another object has its name there.
 * - `known`: the whole chain. It may be outdated; what may be relied on is `provenOwner` in `revision.ts`.
 */
export type OwnerChain =
  | { readonly type: 'unowned' }
  | {
      readonly type: 'unknown';
      readonly reference: OwnerReference;
      /** What has to be read live. */
      readonly missing: ObjectRef;
      /** Known when only its parent is missing. */
      readonly replicaSet?: ReplicaSet;
    }
  | {
      readonly type: 'known';
      readonly reference: OwnerReference;
      readonly owner: PodOwner;
      /** Of a StatefulSet or DaemonSet: the revision that the Pod says it was made from. */
      readonly revision?: ControllerRevision;
    };

/** Follows a Pod's owner reference, and its ReplicaSet's, through the caches. An owner counts by API group, kind and uid. */
export function ownerChainOf(pod: { metadata: ObjectMeta }, lookup: Lookup): OwnerChain {
  const reference = supportedOwner(pod);
  if (reference === undefined) return { type: 'unowned' };
  const place: Place = { lookup, namespace: pod.metadata.namespace ?? '' };
  if (reference.kind === 'ReplicaSet') return throughReplicaSet(reference, place);
  if (reference.kind === 'StatefulSet') {
    const object = cached(StatefulSetKind, reference, place);
    return object === undefined
      ? { type: 'unknown', reference, missing: refTo(StatefulSetKind, reference, place) }
      : known(pod, { kind: 'StatefulSet', object }, place);
  }
  const object = cached(DaemonSetKind, reference, place);
  return object === undefined
    ? { type: 'unknown', reference, missing: refTo(DaemonSetKind, reference, place) }
    : known(pod, { kind: 'DaemonSet', object }, place);
}

function known(
  { metadata }: { metadata: ObjectMeta },
  owner: Exclude<PodOwner, { kind: 'ReplicaSet' }>,
  { lookup, namespace }: Place,
): OwnerChain {
  const { apiVersion, kind, metadata: of } = owner.object;
  const { name, uid = '' } = of;
  const reference = { apiVersion, kind, name, uid, controller: true };
  const hash = metadata.labels?.[revisionHashLabel];
  if (hash === undefined) return { type: 'known', reference, owner };
  // A StatefulSet writes the name of the revision on its Pods, a DaemonSet what follows its own name.
  const revision = [hash, `${name}-${hash}`]
    .map((each) => lookup.get(ControllerRevisionKind, namespace, each))
    .find((each) => each?.metadata.ownerReferences?.some((one) => one.uid === uid));
  return { type: 'known', reference, owner, ...defined({ revision }) };
}

function throughReplicaSet(reference: OwnerReference, place: Place): OwnerChain {
  const replicaSet = cached(ReplicaSetKind, reference, place);
  if (replicaSet === undefined) {
    return { type: 'unknown', reference, missing: refTo(ReplicaSetKind, reference, place) };
  }
  const above = supportedParent(replicaSet);
  if (above === undefined) {
    return { type: 'known', reference, owner: { kind: 'ReplicaSet', object: replicaSet } };
  }
  const parent = cachedParent(above, place);
  if (parent !== undefined) {
    return { type: 'known', reference, owner: { kind: 'ReplicaSet', object: replicaSet, parent } };
  }
  const kind = above.kind === 'Rollout' ? RolloutKind : DeploymentKind;
  return { type: 'unknown', reference, missing: refTo(kind, above, place), replicaSet };
}

function cachedParent(above: OwnerReference, place: Place): ReplicaSetParent | undefined {
  if (above.kind === 'Rollout') {
    const object = cached(RolloutKind, above, place);
    return object && { kind: 'Rollout', object };
  }
  const object = cached(DeploymentKind, above, place);
  return object && { kind: 'Deployment', object };
}

/** The object that people annotate: Deployment, Rollout, StatefulSet or DaemonSet. A ReplicaSet on its own has none. */
export function topOwner(
  owner: PodOwner,
): ReplicaSetParent | Exclude<PodOwner, { kind: 'ReplicaSet' }> | undefined {
  return owner.kind === 'ReplicaSet' ? owner.parent : owner;
}

/** Set by the Deployment controller and Argo's on each ReplicaSet that they make. */
const madeByParentLabels = ['pod-template-hash', 'rollouts-pod-template-hash'] as const;

/**
 * The metadata that speaks for Pods that say nothing themselves: that of the top owner. A ReplicaSet on its own does not
 * speak, as in Keptn, unless a Deployment or Rollout made it and let go of it (`kubectl delete --cascade=orphan`): then the
 * copy of its maker's annotations that it carries does.
 */
export function annotatedOwner(owner: PodOwner): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const top = topOwner(owner);
  if (top !== undefined) return top.object.metadata;
  const { labels, annotations } = owner.object.metadata;
  const hasLostMaker = madeByParentLabels.some((label) => labels?.[label] !== undefined);
  return hasLostMaker && annotations !== undefined ? { annotations } : {};
}

/** Set by the StatefulSet and DaemonSet controllers on each Pod: the hash of the template it was made from. */
export const revisionHashLabel = 'controller-revision-hash';

const podOwnerKinds = new Set(['ReplicaSet', 'StatefulSet', 'DaemonSet']);

/** The Pod's last reference to a ReplicaSet, StatefulSet or DaemonSet of `apps`: Keptn takes the last one, too. */
export function supportedOwner(pod: { metadata: ObjectMeta }): OwnerReference | undefined {
  return pod.metadata.ownerReferences?.findLast(
    ({ apiVersion, kind }) => groupOf(apiVersion) === 'apps' && podOwnerKinds.has(kind),
  );
}

/** The Deployment or Argo Rollout that a ReplicaSet belongs to; without one it stands alone, whatever else owns it. */
export function supportedParent(replicaSet: ReplicaSet): OwnerReference | undefined {
  return replicaSet.metadata.ownerReferences?.findLast(({ apiVersion, kind }) =>
    kind === 'Rollout'
      ? groupOf(apiVersion) === 'argoproj.io'
      : kind === 'Deployment' && groupOf(apiVersion) === 'apps',
  );
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

interface Place {
  readonly lookup: Lookup;
  readonly namespace: string;
}

function cached<T extends KubernetesObject>(
  kind: Kind<T>,
  { name, uid }: OwnerReference,
  { lookup, namespace }: Place,
): T | undefined {
  const object = lookup.get(kind, namespace, name);
  return object?.metadata.uid === uid ? object : undefined;
}

function refTo(kind: Kind, { name }: OwnerReference, { namespace }: Place): ObjectRef {
  return { kind, namespace, name };
}
