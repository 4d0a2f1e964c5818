import { PodKind, type Pod } from '../../../api/builtin.ts';
import { refOf } from '../../../api/object.ts';
import type { MemoryStore } from '../memory-store.ts';
import type { Actor } from './actor.ts';
import { isReady } from './deployments.ts';
import {
  controlledBy,
  controllerReference,
  StoredControllerRevisionKind,
  StoredStatefulSetKind,
  templateHash,
  type StoredControllerRevision,
  type StoredStatefulSet,
} from './stored.ts';

const hashLabel = 'controller-revision-hash';

/**
 * The StatefulSet controller, OrderedReady: Pod by Pod upwards, each only when those before it are ready; updated from the
 * highest ordinal down to the partition, one at a time, and never while another Pod is not ready; OnDelete leaves Pods
 * alone. A Pod that never becomes ready is in its way for ever, as it is in the real one.
 */
export const statefulSetController: Actor = {
  name: 'statefulset-controller',
  step({ store }) {
    for (const set of store.list(StoredStatefulSetKind)) follow(store, set);
  },
};

function follow(store: MemoryStore, set: StoredStatefulSet): void {
  const update = ensureRevision(store, set);
  const currentRevision = set.status?.currentRevision ?? update.metadata.name;
  const current = revisions(store, set).find(({ metadata }) => metadata.name === currentRevision);
  const ordered = podsOf(store, set);
  if (!createNext(store, set, { ordered, update, current: current ?? update })) {
    replaceNext(store, set, { ordered, update });
  }
  writeStatus(store, set, { update, currentRevision });
}

interface Revisions {
  readonly update: StoredControllerRevision;
  readonly current: StoredControllerRevision;
}

/** Creates the first missing Pod if those before it are ready; says whether something has to be waited for. */
function createNext(
  store: MemoryStore,
  set: StoredStatefulSet,
  { ordered, update, current }: Revisions & { readonly ordered: readonly (Pod | undefined)[] },
): boolean {
  for (const [ordinal, pod] of ordered.entries()) {
    if (pod === undefined) {
      const isBelowPartition = ordinal < partitionOf(set);
      store.create(PodKind, podOf(set, ordinal, isBelowPartition ? current : update));
      return true;
    }
    if (!isReady(pod)) return true;
  }
  return false;
}

function replaceNext(
  store: MemoryStore,
  set: StoredStatefulSet,
  { ordered, update }: { ordered: readonly (Pod | undefined)[]; update: StoredControllerRevision },
): void {
  if (set.spec.updateStrategy?.type === 'OnDelete') return;
  const outdated = ordered.findLast(
    (pod, ordinal) =>
      pod !== undefined &&
      ordinal >= partitionOf(set) &&
      pod.metadata.labels?.[hashLabel] !== update.metadata.name,
  );
  if (outdated !== undefined) store.delete(refOf(PodKind, outdated));
}

function ensureRevision(store: MemoryStore, set: StoredStatefulSet): StoredControllerRevision {
  const all = revisions(store, set);
  const name = `${set.metadata.name}-${templateHash(set.spec.template)}`;
  const newest = Math.max(0, ...all.map(({ revision }) => revision));
  const known = all.find(({ metadata }) => metadata.name === name);
  if (known !== undefined) {
    return known.revision === newest
      ? known
      : store.update(StoredControllerRevisionKind, { ...known, revision: newest + 1 });
  }
  const { namespace } = set.metadata;
  return store.create(StoredControllerRevisionKind, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ownerReferences: [controllerReference(set)],
    },
    revision: newest + 1,
    data: { spec: { template: set.spec.template } },
  });
}

function writeStatus(
  store: MemoryStore,
  set: StoredStatefulSet,
  { update, currentRevision }: { update: StoredControllerRevision; currentRevision: string },
): void {
  const pods = podsOf(store, set).filter((pod) => pod !== undefined);
  const of = (revision: string): number =>
    pods.filter(({ metadata }) => metadata.labels?.[hashLabel] === revision).length;
  const updateRevision = update.metadata.name;
  const ready = pods.filter(isReady).length;
  const replicas = set.spec.replicas ?? 1;
  const isOver = partitionOf(set) === 0 && of(updateRevision) === replicas && ready === replicas;
  store.writeStatus(refOf(StoredStatefulSetKind, set), undefined, {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    updatedReplicas: of(updateRevision),
    currentReplicas: of(isOver ? updateRevision : currentRevision),
    currentRevision: isOver ? updateRevision : currentRevision,
    updateRevision,
  });
}

function podOf(set: StoredStatefulSet, ordinal: number, revision: StoredControllerRevision): Pod {
  const { name, namespace } = set.metadata;
  const { template } = revision.data.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${name}-${ordinal}`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...template.metadata?.labels, [hashLabel]: revision.metadata.name },
      ownerReferences: [controllerReference(set)],
    },
    ...(template.spec !== undefined && { spec: template.spec }),
  };
}

function podsOf(store: MemoryStore, set: StoredStatefulSet): (Pod | undefined)[] {
  const { namespace, name } = set.metadata;
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, ordinal) =>
    store.get(PodKind, namespace, `${name}-${ordinal}`),
  );
}

function revisions(store: MemoryStore, set: StoredStatefulSet): StoredControllerRevision[] {
  return controlledBy(store.list(StoredControllerRevisionKind), set);
}

function partitionOf({ spec }: StoredStatefulSet): number {
  return spec.updateStrategy?.rollingUpdate?.partition ?? 0;
}
