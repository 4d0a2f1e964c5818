import type {
  DaemonSet,
  ProjectedTemplate,
  ReplicaSet,
  Rollout,
  StatefulSet,
} from '../../api/builtin.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isObserved } from './rollout-judgement.ts';
import {
  type OwnerChain,
  type PodOwner,
  supportedOwner,
  revisionHashLabel,
} from './owner-chain.ts';

/** Set by Argo's controller on each ReplicaSet: names the Pod template it was made for. */
export const rolloutHashLabel = 'rollouts-pod-template-hash';
/** Set by the DaemonSet controller on each Pod. */
export const templateGenerationLabel = 'pod-template-generation';
/** Set by the API server on each DaemonSet: counts the changes of its template. */
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';

/**
 * The revision of its owner that a Pod was made from, as `status.releasedRevisions` of a version records it: the uid of
 * the ReplicaSet, or `<uid>/<controller-revision-hash>` for StatefulSet and DaemonSet. It is read from the Pod alone.
 */
export function revisionOfPod(pod: { metadata: ObjectMeta }): string | undefined {
  const owner = supportedOwner(pod);
  if (owner === undefined || owner.kind === 'ReplicaSet') return owner?.uid;
  const hash = pod.metadata.labels?.[revisionHashLabel];
  return hash === undefined ? undefined : `${owner.uid}/${hash}`;
}

/** The template a Pod was made from, if the cached owner still (or already) has that one. */
export function templateOfPod(
  pod: { metadata: ObjectMeta },
  chain: OwnerChain,
): ProjectedTemplate | undefined {
  if (chain.type === 'unowned') return undefined;
  if (chain.type === 'unknown') return chain.replicaSet?.template;
  return revisionMismatch(pod, chain.owner) === undefined ? chain.owner.object.template : undefined;
}

/**
 * The labels and annotations of the template a Pod was made from, as far as they say what Pods are: also where its StatefulSet or
 * DaemonSet has another template by now. Undefined where nothing of it is known.
 */
export function templateMetadata(
  pod: { metadata: ObjectMeta },
  chain: OwnerChain,
): Pick<ObjectMeta, 'labels' | 'annotations'> | undefined {
  const past = chain.type === 'known' ? chain.revision : undefined;
  return templateOfPod(pod, chain) ?? past;
}

/** The owner, or why what is cached may be older or newer than what the Pod was made from. */
export type OwnerProof =
  | { readonly type: 'proven'; readonly owner: PodOwner }
  | { readonly type: 'unproven'; readonly why: string };

/**
 * Whether the cached owner provably is the revision the Pod was made from: only then can its annotations not be outdated for
 * this Pod. The chain comes from `ownerChainOf`.
 */
export function proofOf(pod: { metadata: ObjectMeta }, chain: OwnerChain): OwnerProof {
  if (chain.type === 'unowned') return { type: 'unproven', why: 'the Pod has no supported owner' };
  if (chain.type === 'unknown') {
    const { kind, name } = chain.missing;
    return { type: 'unproven', why: `${kind.kind} ${name} is not in the cache` };
  }
  const { owner } = chain;
  const why = revisionMismatch(pod, owner) ?? parentMismatch(owner);
  return why === undefined ? { type: 'proven', owner } : { type: 'unproven', why };
}

function revisionMismatch(pod: { metadata: ObjectMeta }, owner: PodOwner): string | undefined {
  if (owner.kind === 'StatefulSet') return statefulSetMismatch(pod, owner.object);
  if (owner.kind === 'DaemonSet') return daemonSetMismatch(pod, owner.object);
  return undefined;
}

function statefulSetMismatch(
  pod: { metadata: ObjectMeta },
  { metadata, status }: StatefulSet,
): string | undefined {
  if (metadata.generation === undefined || status?.observedGeneration !== metadata.generation) {
    return `StatefulSet ${metadata.name} has changed and its update revision is not known yet`;
  }
  const hash = pod.metadata.labels?.[revisionHashLabel];
  return hash !== undefined && hash === status.updateRevision
    ? undefined
    : `the Pod is not of the update revision of StatefulSet ${metadata.name}`;
}

function daemonSetMismatch(
  pod: { metadata: ObjectMeta },
  { metadata }: DaemonSet,
): string | undefined {
  const generation = pod.metadata.labels?.[templateGenerationLabel];
  return generation !== undefined &&
    generation === metadata.annotations?.[templateGenerationAnnotation]
    ? undefined
    : `the Pod is not of the cached template generation of DaemonSet ${metadata.name}`;
}

function parentMismatch(owner: PodOwner): string | undefined {
  if (owner.kind !== 'ReplicaSet' || owner.parent === undefined) return undefined;
  const { kind, object } = owner.parent;
  const isSame = object.template.digest === owner.object.template.digest;
  return isSame || (kind === 'Rollout' && isCurrentOf(owner.object, object))
    ? undefined
    : `${kind} ${object.metadata.name} has another Pod template than ReplicaSet ${owner.object.metadata.name}`;
}

/**
 * The API server fills in the defaults of a ReplicaSet's template and leaves those of a Rollout's out, so that the two
 * mostly differ. What Argo's controller says of the Rollout it has looked at proves as much.
 */
function isCurrentOf(replicaSet: ReplicaSet, rollout: Rollout): boolean {
  const hash = replicaSet.metadata.labels?.[rolloutHashLabel];
  return hash !== undefined && hash === rollout.status?.currentPodHash && isObserved(rollout);
}
