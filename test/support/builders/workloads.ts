import type {
  Container,
  DaemonSet,
  Deployment,
  Pod,
  ProjectedTemplate,
  ReplicaSet,
  Rollout,
  StatefulSet,
} from '../../../src/api/builtin.ts';
import type { ObjectMeta, OwnerReference } from '../../../src/api/object.ts';

/** What of a workload a test wants to say; names are given, the rest is filled in. */
export interface Described {
  readonly name?: string;
  readonly uid?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owners?: readonly OwnerReference[];
  readonly generation?: number;
  readonly template?: Partial<ProjectedTemplate>;
}

export const namespace = 'shop-team';

const container: Container = { name: 'cart', image: 'registry.example/cart:1.2.0' };

function metadataOf(described: Described, name: string): ObjectMeta {
  const { labels, annotations, owners, generation } = described;
  return {
    name: described.name ?? name,
    namespace,
    uid: described.uid ?? `uid-of-${described.name ?? name}`,
    generation: generation ?? 1,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(owners && { ownerReferences: [...owners] }),
  };
}

function templateOf({ template }: Described): ProjectedTemplate {
  return { containers: [container], digest: 'template-1', ...template };
}

export function aDeployment(described: Described = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(described, 'cart'),
    spec: { replicas: 1 },
    template: templateOf(described),
  };
}

export function aRollout(described: Described = {}): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: metadataOf(described, 'cart'),
    spec: { replicas: 1 },
    template: templateOf(described),
  };
}

export function aReplicaSet(described: Described = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: metadataOf(described, 'cart-5d4'),
    spec: { replicas: 1 },
    template: templateOf(described),
  };
}

/** A StatefulSet whose controller has seen it and calls its template `rev-1`. */
export function aStatefulSet(
  described: Described = {},
  status: StatefulSet['status'] = { observedGeneration: 1, updateRevision: 'rev-1' },
): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadataOf(described, 'db'),
    spec: { replicas: 1 },
    template: templateOf(described),
    ...(status && { status }),
  };
}

/** A DaemonSet with template generation 1. */
export function aDaemonSet(described: Described = {}): DaemonSet {
  const annotations = { 'deprecated.daemonset.template.generation': '1', ...described.annotations };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadataOf({ ...described, annotations }, 'agent'),
    spec: {},
    template: templateOf(described),
  };
}

export function aPod(described: Described = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadataOf(described, 'cart-5d4-x'),
    spec: { containers: [container] },
  };
}

/** The controller reference to an object. */
export function ownedBy(owner: {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true };
}
