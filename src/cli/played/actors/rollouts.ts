import { refOf } from '../../../api/object.ts';
import type { MemoryStore } from '../memory-store.ts';
import type { Actor } from './actor.ts';
import {
  controlledBy,
  controllerReference,
  type StoredReplicaSet,
  StoredReplicaSetKind,
  type StoredRollout,
  StoredRolloutKind,
  templateHash,
} from './stored.ts';

const hashKey = 'rollouts-pod-template-hash';

/**
 * Argo's Rollout controller, as far as Sluice sees it: a ReplicaSet per template, all of whose Pods come at once; the revision
 * is stable when they are available and the Rollout is not paused. Behind blue-green and traffic routing the old ReplicaSet
 * stays (`scaleDownDelaySeconds`), under a basic canary it is scaled down. The phase is what Argo would say.
 */
export const rolloutController: Actor = {
  name: 'rollout-controller',
  step({ store }) {
    for (const rollout of store.list(StoredRolloutKind)) follow(store, rollout);
  },
};

function follow(store: MemoryStore, rollout: StoredRollout): void {
  const hash = templateHash(rollout.spec.template);
  const sets = (): StoredReplicaSet[] => controlledBy(store.list(StoredReplicaSetKind), rollout);
  const current = sets().find(({ metadata }) => metadata.labels?.[hashKey] === hash);
  if (current === undefined) store.create(StoredReplicaSetKind, replicaSetOf(rollout, hash));
  else scale(store, current, wanted(rollout));
  const isAvailable = (current?.status?.availableReplicas ?? 0) >= wanted(rollout);
  const isStable = isAvailable && rollout.spec.paused !== true;
  if (isStable && isBasic(rollout)) {
    for (const old of sets().filter((set) => set.metadata.uid !== current?.metadata.uid)) {
      scale(store, old, 0);
    }
  }
  writeStatus(store, rollout, { hash, sets: sets(), isStable });
}

function replicaSetOf(rollout: StoredRollout, hash: string): StoredReplicaSet {
  const { name, namespace } = rollout.metadata;
  const { template } = rollout.spec;
  const labels = { ...template.metadata?.labels, [hashKey]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels,
      ownerReferences: [controllerReference(rollout)],
    },
    spec: {
      replicas: wanted(rollout),
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function scale(store: MemoryStore, set: StoredReplicaSet, replicas: number): void {
  if (set.spec.replicas === replicas) return;
  store.update(StoredReplicaSetKind, { ...set, spec: { ...set.spec, replicas } });
}

function writeStatus(
  store: MemoryStore,
  rollout: StoredRollout,
  at: { hash: string; sets: readonly StoredReplicaSet[]; isStable: boolean },
): void {
  const current = at.sets.find(({ metadata }) => metadata.labels?.[hashKey] === at.hash);
  const sum = (of: (set: StoredReplicaSet) => number | undefined): number =>
    at.sets.reduce((total, set) => total + (of(set) ?? 0), 0);
  const replicas = sum(({ status }) => status?.replicas);
  const updatedReplicas = current?.status?.replicas ?? 0;
  const oldOnesWait = isBasic(rollout) && replicas > updatedReplicas;
  const phase = rollout.spec.paused === true ? 'Paused' : 'Progressing';
  store.writeStatus(refOf(StoredRolloutKind, rollout), undefined, {
    observedGeneration: String(rollout.metadata.generation ?? 0),
    currentPodHash: at.hash,
    stableRS: at.isStable ? at.hash : (rollout.status?.stableRS ?? ''),
    phase: at.isStable && !oldOnesWait ? 'Healthy' : phase,
    replicas,
    updatedReplicas,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas: sum(({ status }) => status?.availableReplicas),
  });
}

/** A canary without traffic routing shifts traffic by the number of Pods. */
function isBasic({ spec: { strategy } }: StoredRollout): boolean {
  return strategy.blueGreen === undefined && strategy.canary?.trafficRouting === undefined;
}

function wanted({ spec }: StoredRollout): number {
  return spec.replicas ?? 1;
}
