import type { Deployment } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { OwnerSeen } from '../../../src/domain/identity/current-revision.ts';
import type { AnnotatedIdentity } from '../../../src/domain/identity/identity.ts';
import type { RolloutOwner } from '../../../src/domain/owner/rollout-owner.ts';
import { aDeployment, aReplicaSet, aStatefulSet } from './workloads.ts';

/** The namespace of the builders of Keptn's kinds, so that owners and versions belong together. */
const namespace = 'shop';

/** The object, moved to namespace `shop`. */
export function inShop<T extends KubernetesObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** Application `shop`, workload `cart`, version `1.0.0`, without checks, annotated on the Pods. */
export function anIdentity(given: Partial<AnnotatedIdentity> = {}): AnnotatedIdentity {
  return {
    type: 'annotated',
    source: 'pod',
    app: 'shop',
    workload: 'cart',
    version: '1.0.0',
    versionSource: 'given',
    preTasks: [],
    postTasks: [],
    preEvaluations: [],
    postEvaluations: [],
    preChecks: [],
    postChecks: [],
    onSuccess: [],
    onFailure: [],
    metadata: {},
    singleService: false,
    annotations: {},
    ...given,
  };
}

/** How far an owner's roll-out is. */
export type Rollout = 'progressing' | 'deployed' | 'paused' | 'scaled to zero';

/** A Deployment of namespace `shop` with two replicas, at a point of its roll-out. */
export function aDeploymentAt(rollout: Rollout, name = 'cart'): Deployment {
  const isDone = rollout === 'deployed';
  const replicas = rollout === 'scaled to zero' ? 0 : 2;
  return {
    ...inShop(aDeployment({ name })),
    spec: { replicas, ...(rollout === 'paused' && { paused: true }) },
    status: {
      observedGeneration: 1,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: isDone ? replicas : 0,
    },
  };
}

/** What `ownersOfWorkload` sees of a Deployment whose newest ReplicaSet carries a version. */
export function aDeploymentSeen(
  given: {
    readonly name?: string;
    readonly rollout?: Rollout;
    readonly identity?: Partial<AnnotatedIdentity>;
    readonly madeAt?: number;
  } = {},
): OwnerSeen & { owner: Extract<RolloutOwner, { kind: 'Deployment' }> } {
  const { name = 'cart', rollout = 'progressing', madeAt = 1 } = given;
  const identity = anIdentity(given.identity);
  const set = `${name}-${identity.version}`;
  return {
    owner: { kind: 'Deployment', object: aDeploymentAt(rollout, name) },
    current: {
      reference: { kind: 'ReplicaSet', name: set, uid: `uid-of-${set}` },
      revision: `uid-of-${set}`,
      madeAt,
      identity,
      isOwnersStatus: true,
    },
  };
}

/** What is seen of an owner whose current revision cannot be told. */
export function aMovingOwnerSeen(name = 'cart'): OwnerSeen {
  return {
    owner: { kind: 'Deployment', object: aDeploymentAt('progressing', name) },
    current: undefined,
  };
}

/** A ReplicaSet that stands alone, as an owner. */
export function aBareReplicaSetSeen(identity: Partial<AnnotatedIdentity> = {}): OwnerSeen {
  const object = inShop(aReplicaSet({ name: 'solo' }));
  const reference = { kind: 'ReplicaSet', name: 'solo', uid: object.metadata.uid ?? '' };
  return {
    owner: { kind: 'ReplicaSet', object },
    current: {
      reference,
      revision: reference.uid,
      madeAt: 1,
      identity: anIdentity(identity),
      isOwnersStatus: true,
    },
  };
}

/** A StatefulSet of namespace `shop`. */
export function aStatefulSetAt(
  status: NonNullable<ReturnType<typeof aStatefulSet>['status']>,
  spec: ReturnType<typeof aStatefulSet>['spec'] = { replicas: 1 },
): ReturnType<typeof aStatefulSet> {
  return { ...inShop(aStatefulSet({}, { observedGeneration: 1, ...status })), spec };
}
