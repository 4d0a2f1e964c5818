import { isEqualJson } from '../../../api/json.ts';
import { PodKind, type Pod } from '../../../api/builtin.ts';
import { refOf } from '../../../api/object.ts';
import type { MemoryStore } from '../memory-store.ts';
import type { Actor, Stage } from './actor.ts';
import {
  controlledBy,
  controllerReference,
  StoredDeploymentKind,
  StoredReplicaSetKind,
  templateHash,
  type StoredDeployment,
  type StoredReplicaSet,
} from './stored.ts';

const revisionKey = 'deployment.kubernetes.io/revision';
const hashKey = 'pod-template-hash';

/**
 * The Deployment controller: a ReplicaSet per template, revisions counted up (also when an old one comes back), the old
 * ones scaled down once the new one is ready, and those beyond `revisionHistoryLimit` deleted.
 */
export const deploymentController: Actor = {
  name: 'deployment-controller',
  step({ store }) {
    for (const deployment of store.list(StoredDeploymentKind)) follow(store, deployment);
  },
};

function follow(store: MemoryStore, deployment: StoredDeployment): void {
  const replicaSets = controlledBy(store.list(StoredReplicaSetKind), deployment);
  const hash = templateHash(deployment.spec.template);
  const current = replicaSets.find(({ metadata }) => metadata.labels?.[hashKey] === hash);
  const isPaused = deployment.spec.paused === true;
  if (current === undefined && !isPaused) {
    store.create(StoredReplicaSetKind, replicaSetOf(deployment, hash, newest(replicaSets) + 1));
  } else if (current !== undefined) {
    if (!isPaused) advance(store, deployment, { current, all: replicaSets });
    // Paused: what runs can be scaled, but nothing is rolled out or back.
    if (!isPaused || !isOld(current, replicaSets)) scale(store, current, desired(deployment));
  } else {
    const latest = replicaSets.find((one) => revisionOf(one) === newest(replicaSets));
    if (latest !== undefined) scale(store, latest, desired(deployment));
  }
  noteRevision(store, deployment, hash);
  writeStatus(store, deployment, hash);
}

/** The real controller writes the number of the newest revision on the Deployment, after it has made the ReplicaSet. */
function noteRevision(store: MemoryStore, deployment: StoredDeployment, hash: string): void {
  const current = controlledBy(store.list(StoredReplicaSetKind), deployment).find(
    ({ metadata }) => metadata.labels?.[hashKey] === hash,
  );
  if (current === undefined) return;
  const noted = store.get(
    StoredDeploymentKind,
    deployment.metadata.namespace,
    deployment.metadata.name,
  );
  const revision = String(revisionOf(current));
  if (noted === undefined || noted.metadata.annotations?.[revisionKey] === revision) return;
  const annotations = { ...noted.metadata.annotations, [revisionKey]: revision };
  store.update(StoredDeploymentKind, { ...noted, metadata: { ...noted.metadata, annotations } });
}

function advance(
  store: MemoryStore,
  deployment: StoredDeployment,
  { current, all }: { current: StoredReplicaSet; all: readonly StoredReplicaSet[] },
): void {
  if (revisionOf(current) < newest(all)) {
    const annotations = { ...current.metadata.annotations, [revisionKey]: String(newest(all) + 1) };
    patchMetadata(store, current, { annotations });
  }
  const old = all.filter((one) => one !== current);
  const mayScaleDown = (current.status?.readyReplicas ?? 0) >= desired(deployment);
  if (mayScaleDown) for (const one of old) scale(store, one, 0);
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const empty = old
    .filter(({ spec, status }) => spec.replicas === 0 && (status?.replicas ?? 0) === 0)
    .toSorted((a, b) => revisionOf(a) - revisionOf(b));
  for (const one of empty.slice(0, Math.max(0, empty.length - limit))) {
    store.delete(refOf(StoredReplicaSetKind, one));
  }
}

function replicaSetOf(
  deployment: StoredDeployment,
  hash: string,
  revision: number,
): StoredReplicaSet {
  const { name, namespace, annotations, labels } = deployment.metadata;
  const { template } = deployment.spec;
  const templateLabels = { ...template.metadata?.labels, [hashKey]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...labels, ...templateLabels },
      annotations: { ...annotations, [revisionKey]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: desired(deployment),
      template: { ...template, metadata: { ...template.metadata, labels: templateLabels } },
    },
  };
}

function writeStatus(store: MemoryStore, deployment: StoredDeployment, hash: string): void {
  const replicaSets = controlledBy(store.list(StoredReplicaSetKind), deployment);
  const current = replicaSets.find(({ metadata }) => metadata.labels?.[hashKey] === hash);
  const sum = (of: (one: StoredReplicaSet) => number | undefined): number =>
    replicaSets.reduce((total, one) => total + (of(one) ?? 0), 0);
  store.writeStatus(refOf(StoredDeploymentKind, deployment), undefined, {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(({ status }) => status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas: sum(({ status }) => status?.availableReplicas),
    conditions: [],
  });
}

/** The ReplicaSet controller: as many Pods as asked for, stamped from the template. A refused Pod is tried again. */
export const replicaSetController: Actor = {
  name: 'replicaset-controller',
  step(stage) {
    for (const replicaSet of stage.store.list(StoredReplicaSetKind)) replicate(stage, replicaSet);
  },
};

function replicate({ store }: Stage, replicaSet: StoredReplicaSet): void {
  const pods = controlledBy(store.list(PodKind), replicaSet).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const { replicas, template } = replicaSet.spec;
  for (const surplus of pods.toSorted(unreadyFirst).slice(0, Math.max(0, pods.length - replicas))) {
    store.delete(refOf(PodKind, surplus));
  }
  for (let missing = pods.length; missing < replicas; missing += 1) {
    const { name, namespace } = replicaSet.metadata;
    store.create(PodKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: '',
        generateName: `${name}-`,
        ...(namespace !== undefined && { namespace }),
        ...template.metadata,
        ownerReferences: [controllerReference(replicaSet)],
      },
      ...(template.spec !== undefined && { spec: template.spec }),
    });
  }
  const now = controlledBy(store.list(PodKind), replicaSet);
  const readyReplicas = now.filter(isReady).length;
  store.writeStatus(refOf(StoredReplicaSetKind, replicaSet), undefined, {
    observedGeneration: replicaSet.metadata.generation ?? 0,
    replicas: now.length,
    readyReplicas,
    availableReplicas: readyReplicas,
  });
}

/** Whether the kubelet calls the Pod ready. */
export function isReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}

function unreadyFirst(one: Pod, other: Pod): number {
  return Number(isReady(one)) - Number(isReady(other));
}

function desired({ spec }: StoredDeployment): number {
  return spec.replicas ?? 1;
}

function revisionOf({ metadata }: StoredReplicaSet): number {
  return Number(metadata.annotations?.[revisionKey] ?? 0);
}

function newest(replicaSets: readonly StoredReplicaSet[]): number {
  return Math.max(0, ...replicaSets.map(revisionOf));
}

function isOld(one: StoredReplicaSet, all: readonly StoredReplicaSet[]): boolean {
  return revisionOf(one) < newest(all);
}

function scale(store: MemoryStore, { metadata }: StoredReplicaSet, replicas: number): void {
  const stored = store.get(StoredReplicaSetKind, metadata.namespace, metadata.name);
  if (stored === undefined || stored.spec.replicas === replicas) return;
  store.update(StoredReplicaSetKind, { ...stored, spec: { ...stored.spec, replicas } });
}

function patchMetadata(
  store: MemoryStore,
  { metadata }: StoredReplicaSet,
  change: { annotations: Record<string, string> },
): void {
  const stored = store.get(StoredReplicaSetKind, metadata.namespace, metadata.name);
  if (stored === undefined || isEqualJson(stored.metadata.annotations, change.annotations)) return;
  store.update(StoredReplicaSetKind, { ...stored, metadata: { ...stored.metadata, ...change } });
}
