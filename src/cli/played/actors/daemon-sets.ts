import { PodKind, type Pod } from '../../../api/builtin.ts';
import { refOf } from '../../../api/object.ts';
import type { MemoryStore } from '../memory-store.ts';
import type { Actor } from './actor.ts';
import { isReady } from './deployments.ts';
import {
  controlledBy,
  controllerReference,
  StoredControllerRevisionKind,
  StoredDaemonSetKind,
  templateHash,
  type StoredControllerRevision,
  type StoredDaemonSet,
} from './stored.ts';

const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const nodes = ['node-1', 'node-2'];

/**
 * The DaemonSet controller for two nodes: a Pod on each; after a change of the template one Pod after the other is
 * replaced, the next one only when all are ready. It also counts the template's changes, as the API server does.
 */
export const daemonSetController: Actor = {
  name: 'daemonset-controller',
  step({ store }) {
    for (const set of store.list(StoredDaemonSetKind)) follow(store, set);
  },
};

function follow(store: MemoryStore, set: StoredDaemonSet): void {
  const revision = ensureRevision(store, set);
  const generation = String(revision.revision);
  if (set.metadata.annotations?.[generationAnnotation] !== generation) {
    const annotations = { ...set.metadata.annotations, [generationAnnotation]: generation };
    store.update(StoredDaemonSetKind, { ...set, metadata: { ...set.metadata, annotations } });
    return; // seen again at once, with the annotation
  }
  const pods = controlledBy(store.list(PodKind), set);
  const missing = nodes.filter((node) => !pods.some((pod) => nodeOf(pod) === node));
  for (const node of missing) store.create(PodKind, podOf(set, revision, node));
  const outdated = pods.find((pod) => !isOf(pod, revision));
  const isQuiet = missing.length === 0 && pods.every((pod) => isReady(pod) || !isOf(pod, revision));
  const isRolling = set.spec.updateStrategy?.type !== 'OnDelete';
  if (outdated !== undefined && isQuiet && isRolling) store.delete(refOf(PodKind, outdated));
  writeStatus(store, set, revision);
}

function ensureRevision(store: MemoryStore, set: StoredDaemonSet): StoredControllerRevision {
  const all = controlledBy(store.list(StoredControllerRevisionKind), set);
  const newest = Math.max(0, ...all.map(({ revision }) => revision));
  const hash = templateHash(set.spec.template);
  const known = all.find(({ metadata }) => metadata.labels?.[hashLabel] === hash);
  if (known !== undefined) {
    return known.revision === newest
      ? known
      : store.update(StoredControllerRevisionKind, { ...known, revision: newest + 1 });
  }
  const { namespace, name } = set.metadata;
  return store.create(StoredControllerRevisionKind, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels: { [hashLabel]: hash },
      ownerReferences: [controllerReference(set)],
    },
    revision: newest + 1,
    data: { spec: { template: set.spec.template } },
  });
}

function writeStatus(
  store: MemoryStore,
  set: StoredDaemonSet,
  revision: StoredControllerRevision,
): void {
  const pods = controlledBy(store.list(PodKind), set);
  const ready = pods.filter(isReady).length;
  store.writeStatus(refOf(StoredDaemonSetKind, set), undefined, {
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: nodes.length,
    updatedNumberScheduled: pods.filter((pod) => isOf(pod, revision)).length,
    numberReady: ready,
    numberAvailable: ready,
  });
}

// As the real one places a Pod: by affinity, so that the scheduler has the last word and the gate holds.
function podOf(set: StoredDaemonSet, revision: StoredControllerRevision, node: string): Pod {
  const { namespace, name } = set.metadata;
  const { template } = revision.data.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: '',
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...template.metadata?.labels,
        [hashLabel]: revision.metadata.labels?.[hashLabel] ?? '',
        [generationLabel]: String(revision.revision),
      },
      ownerReferences: [controllerReference(set)],
    },
    spec: { ...template.spec, affinity: { node } },
  };
}

function nodeOf({ spec }: Pod): unknown {
  const affinity = spec?.['affinity'];
  return typeof affinity === 'object' && affinity !== null && 'node' in affinity
    ? affinity.node
    : undefined;
}

function isOf({ metadata }: Pod, revision: StoredControllerRevision): boolean {
  return metadata.labels?.[hashLabel] === revision.metadata.labels?.[hashLabel];
}
