import {
  type ControllerRevision,
  ControllerRevisionKind,
  type ProjectedTemplate,
  type ReplicaSet,
  ReplicaSetKind,
} from '../../api/builtin.ts';
import type { ResourceReference } from '../../api/keptn/workload.ts';
import type { KubernetesObject, ObjectMeta } from '../../api/object.ts';
import { identityIn } from './identity-in.ts';
import type { Identity } from './identity.ts';
import type { IdentityOptions } from './pod-version.ts';
import { type Lookup } from '../lookup.ts';
import { ownerChainOf, revisionHashLabel } from '../owner/owner-chain.ts';
import {
  proofOf,
  revisionOfPod,
  rolloutHashLabel,
  templateGenerationLabel,
} from '../owner/revision.ts';
import type { RolloutOwner } from '../owner/rollout-owner.ts';
import { isObserved } from '../owner/rollout-judgement.ts';
import { parseTime } from '../time.ts';
import { defined } from '../../api/json.ts';

/** The revision of its owner that is current, read from the owner, never from the order in which Pods arrive. */
export interface CurrentRevision {
  /** What Keptn's `resourceReference` names: the direct owner of the Pods. */
  readonly reference: ResourceReference;
  /** As `status.releasedRevisions` records it. */
  readonly revision: string;
  /** When the revision was made, for telling the newest of several owners. */
  readonly madeAt: number;
  /** What a Pod of this revision is to Keptn. */
  readonly identity: Identity;
  /** Set where neither owner nor template says so, but the Pods of the revision do (see `word-of-pods.ts`). */
  readonly isWordOfPods?: true;
  /**
   * Whether the owner as it is cached knows of this revision. Until then its status speaks of the one before, and would call the
   * new one deployed.
   */
  readonly isOwnersStatus: boolean;
  /** The label selector of its Pods; undefined where they carry no label of their revision. */
  readonly podSelector?: string;
}

/** An owner of a workload's Pods, and its current revision as far as the caches know it. */
export interface OwnerSeen {
  readonly owner: RolloutOwner;
  readonly current: CurrentRevision | undefined;
}

/**
 * The current revision of an owner: of a Deployment the ReplicaSet with the newest revision, of a Rollout the one that
 * `status.currentPodHash` names, of a StatefulSet `status.updateRevision`, of a DaemonSet its newest ControllerRevision.
 * Undefined while that cannot be told: the owner has changed and its controller has not followed yet.
 */
export function currentRevision(
  owner: RolloutOwner,
  lookup: Lookup,
  options: IdentityOptions,
): CurrentRevision | undefined {
  switch (owner.kind) {
    case 'Deployment':
      return ofDeployment(owner, lookup, options);
    case 'Rollout':
      return ofReplicaSet(rolloutReplicaSet(owner, lookup), { lookup, options });
    case 'ReplicaSet':
      return ofReplicaSet(owner.object, { lookup, options });
    case 'StatefulSet':
      return ofStatefulSet(owner.object, lookup, options);
    case 'DaemonSet':
      return ofDaemonSet(owner.object, lookup, options);
  }
}

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const templateHashLabel = 'pod-template-hash';
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';

function ofDeployment(
  owner: Extract<RolloutOwner, { kind: 'Deployment' }>,
  lookup: Lookup,
  options: IdentityOptions,
): CurrentRevision | undefined {
  const set = newestReplicaSet(owner, lookup);
  const isOwnersStatus = set === undefined || revisionNumber(set) <= revisionNumber(owner.object);
  return ofReplicaSet(set, { lookup, options, isOwnersStatus });
}

function newestReplicaSet(
  { object }: Extract<RolloutOwner, { kind: 'Deployment' }>,
  lookup: Lookup,
): ReplicaSet | undefined {
  const sets = lookup.byOwner(ReplicaSetKind, object.metadata.uid ?? '');
  const set = newest(sets, revisionNumber);
  // The Deployment carries the number of its newest revision: with a higher one, that ReplicaSet is not cached yet.
  return set !== undefined && revisionNumber(set) >= revisionNumber(object) ? set : undefined;
}

function revisionNumber({ metadata }: KubernetesObject): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

function rolloutReplicaSet(
  { object }: Extract<RolloutOwner, { kind: 'Rollout' }>,
  lookup: Lookup,
): ReplicaSet | undefined {
  const hash = object.status?.currentPodHash;
  return lookup
    .byOwner(ReplicaSetKind, object.metadata.uid ?? '')
    .find((set) => hash !== undefined && set.metadata.labels?.[rolloutHashLabel] === hash);
}

interface Seen {
  readonly lookup: Lookup;
  readonly options: IdentityOptions;
  /** True unless it is said. */
  readonly isOwnersStatus?: boolean;
}

function ofReplicaSet(set: ReplicaSet | undefined, seen: Seen): CurrentRevision | undefined {
  if (set === undefined) return undefined;
  const { labels } = set.metadata;
  const label = [rolloutHashLabel, templateHashLabel].find((one) => labels?.[one] !== undefined);
  return described(
    { kind: 'ReplicaSet', object: set },
    {
      ...seen,
      made: set,
      ...(label !== undefined && { podSelector: `${label}=${labels?.[label] ?? ''}` }),
    },
  );
}

function ofStatefulSet(
  object: Extract<RolloutOwner, { kind: 'StatefulSet' }>['object'],
  lookup: Lookup,
  options: IdentityOptions,
): CurrentRevision | undefined {
  const hash = object.status?.updateRevision;
  if (hash === undefined || !isObserved(object)) return undefined;
  const made = lookup.get(ControllerRevisionKind, object.metadata.namespace, hash);
  return described(
    { kind: 'StatefulSet', object },
    {
      lookup,
      options,
      made,
      labels: { [revisionHashLabel]: hash },
      podSelector: `${revisionHashLabel}=${hash}`,
    },
  );
}

function ofDaemonSet(
  object: Extract<RolloutOwner, { kind: 'DaemonSet' }>['object'],
  lookup: Lookup,
  options: IdentityOptions,
): CurrentRevision | undefined {
  if (!isObserved(object)) return undefined;
  const made = newest<ControllerRevision>(
    lookup.byOwner(ControllerRevisionKind, object.metadata.uid ?? ''),
    ({ revision }) => revision,
  );
  const hash = made?.metadata.labels?.[revisionHashLabel];
  if (hash === undefined) return undefined;
  const generation = object.metadata.annotations?.[templateGenerationAnnotation];
  const labels = {
    [revisionHashLabel]: hash,
    ...defined({ [templateGenerationLabel]: generation }),
  };
  const madeBy = made?.metadata.annotations?.[templateGenerationAnnotation];
  return described(
    { kind: 'DaemonSet', object },
    {
      lookup,
      options,
      made,
      labels,
      isOwnersStatus: Number(madeBy ?? 0) <= Number(generation ?? 0),
      podSelector: `${revisionHashLabel}=${hash}`,
    },
  );
}

/** Reads the revision as a Pod of it would be read, so that webhook and controllers cannot disagree. */
function described(
  owner: {
    kind: 'ReplicaSet' | 'StatefulSet' | 'DaemonSet';
    object: KubernetesObject & { template: ProjectedTemplate };
  },
  from: Seen & {
    readonly made: KubernetesObject | undefined;
    readonly labels?: Record<string, string>;
    readonly podSelector?: string;
  },
): CurrentRevision | undefined {
  const { name, namespace, uid = '' } = owner.object.metadata;
  const { labels, annotations } = owner.object.template;
  const reference = { kind: owner.kind, name, uid };
  const metadata: ObjectMeta = {
    name,
    ...defined({ namespace }),
    labels: { ...labels, ...from.labels },
    ...(annotations && { annotations }),
    ownerReferences: [{ apiVersion: 'apps/v1', controller: true, ...reference }],
  };
  const chain = ownerChainOf({ metadata }, from.lookup);
  const revision = revisionOfPod({ metadata });
  const identity = identityIn(from.lookup, { metadata }, from.options);
  if (chain.type !== 'known' || revision === undefined) return undefined;
  // The owner's own annotations may already be those of the next revision.
  const isOwners = identity.type !== 'annotated' || identity.source === 'owner';
  if (isOwners && proofOf({ metadata }, chain).type !== 'proven') return undefined;
  const madeAt = parseTime(
    from.made?.metadata.creationTimestamp ?? owner.object.metadata.creationTimestamp,
  );
  const { isOwnersStatus = true, podSelector } = from;
  return {
    reference,
    revision,
    madeAt: madeAt ?? 0,
    identity,
    isOwnersStatus,
    ...defined({ podSelector }),
  };
}

function newest<T extends KubernetesObject>(
  objects: readonly T[],
  order: (object: T) => number,
): T | undefined {
  return objects.reduce<T | undefined>(
    (best, object) => (best === undefined || order(object) > order(best) ? object : best),
    undefined,
  );
}
