import {
  DaemonSetKind,
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { defined, isJsonObject, type JsonObject } from '../../api/json.ts';
import type { Kind, KubernetesObject, OwnerReference } from '../../api/object.ts';
import { project } from '../../kubernetes/projection/projections.ts';
import type { WorkloadManifest } from '../../lint/workload/workload-manifest.ts';

/** The first Pod of a workload as its controller would make it, and the objects that own it. */
export interface SimulatedPod {
  /** As it would be posted to the API server. */
  readonly pod: KubernetesObject;
  /** As the caches would hold them. */
  readonly owners: readonly KubernetesObject[];
}

const kinds: readonly Kind[] = [DeploymentKind, RolloutKind, StatefulSetKind, DaemonSetKind];
const revision = 'simulated';

/** Plays the controllers of Kubernetes for one manifest: nothing is created anywhere. */
export function simulatedPod(manifest: JsonObject, workload: WorkloadManifest): SimulatedPod {
  const { kind, metadata } = workload;
  const template = templateIn(manifest);
  const top = { ...metadata, uid: `simulated-${kind}-${metadata.name}`, generation: 1 };
  const hasReplicaSet = kind === DeploymentKind.kind || kind === RolloutKind.kind;
  const replicaSet = {
    metadata: {
      name: `${metadata.name}-${revision}`,
      namespace: metadata.namespace,
      uid: `${top.uid}-${revision}`,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
      ownerReferences: [ownerOf(workload, top.uid)],
    },
    spec: { replicas: 1, template },
  };
  const owners = [
    cached(kindOf(kind), { ...manifest, metadata: top, status: statusOf(kind) }),
    ...(hasReplicaSet
      ? [cached(ReplicaSetKind, { ...replicaSet, apiVersion: ReplicaSetKind.apiVersion })]
      : []),
  ];
  const reference = hasReplicaSet
    ? ownerOf(
        { apiVersion: ReplicaSetKind.apiVersion, kind: ReplicaSetKind.kind, ...replicaSet },
        replicaSet.metadata.uid,
      )
    : ownerOf(workload, top.uid);
  return {
    pod: podOf(workload, template, reference),
    owners: owners.flatMap((owner) => owner ?? []),
  };
}

function podOf(
  { metadata }: WorkloadManifest,
  template: JsonObject,
  reference: OwnerReference,
): KubernetesObject & { readonly spec: JsonObject } {
  const given = isJsonObject(template['metadata']) ? template['metadata'] : {};
  const labels = { ...textsIn(given['labels']), 'controller-revision-hash': revision };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${metadata.name}-${revision}`,
      ...defined({ namespace: metadata.namespace }),
      labels,
      annotations: textsIn(given['annotations']),
      ownerReferences: [reference],
    },
    spec: isJsonObject(template['spec']) ? template['spec'] : {},
  };
}

/** What lets a Pod be recognised as one of the newest revision. */
function statusOf(kind: string): JsonObject {
  if (kind === RolloutKind.kind) return { currentPodHash: revision, observedGeneration: '1' };
  return { observedGeneration: 1, updateRevision: revision, currentRevision: revision };
}

function ownerOf(
  {
    apiVersion,
    kind,
    metadata,
  }: Pick<KubernetesObject, 'apiVersion' | 'kind'> & {
    readonly metadata: { readonly name: string };
  },
  uid: string,
): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid, controller: true };
}

function cached(kind: Kind, raw: JsonObject): KubernetesObject | undefined {
  return project(kind, raw);
}

function kindOf(kind: string): Kind {
  return kinds.find((one) => one.kind === kind) ?? DeploymentKind;
}

function templateIn({ spec }: JsonObject): JsonObject {
  const template = isJsonObject(spec) ? spec['template'] : undefined;
  return isJsonObject(template) ? template : {};
}

function textsIn(value: unknown): Record<string, string> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]));
}
