import { hash } from 'node:crypto';

import {
  type ConfigMapContent,
  ConfigMapKind,
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { isTooDeep, tooDeep } from '../../api/depth.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { type Kind, kindKey, type KubernetesObject } from '../../api/object.ts';
import { restartedAt, sluiceKeys } from '../../api/keptn/annotations.ts';
import { ObjectUnusable } from '../cache/left-out.ts';
import { projectIdentity, projectMetadata, withApplied, textMap } from './project-metadata.ts';
import { podFields } from './project-pod.ts';
import { programsOf } from './project-programs.ts';
import { projectTemplate } from './project-template.ts';
import { isRawObject, objectOf, pick, textOf, type RawObject } from '../wire/raw-json.ts';

/** The fields of a projected object beside `apiVersion`, `kind` and `metadata`. */
type Fields = Readonly<Record<string, unknown>>;

interface Projection {
  readonly fields: (raw: RawObject) => Fields;
  /** Which labels and annotations are kept; all by default. */
  readonly keep?: (key: string) => boolean;
  /** Whether annotations are left out, whatever `keep` says. */
  readonly isBare?: boolean;
}

/**
 * The object as the caches hold it; undefined if it is no object of the API. Throws `ObjectUnusable` for one that cannot be worked on. Objects are projected right after parsing, and
 * the whole object is dropped: a cluster of thousands of Deployments then fits into megabytes (target T8). What a projection
 * leaves out is never needed: nothing is written back from a cache, changes are patches.
 *
 * Kinds without an entry in the table (Sluice's own above all) stay whole but for what `projectMetadata` leaves out. Of a KeptnApp
 * the caches also know whether somebody applies it: it is deleted when it is generated and not used.
 */
export function project(kind: Kind, raw: RawObject): KubernetesObject | undefined {
  if (kind.view === 'metadata') {
    const identity = projectIdentity(raw['metadata']);
    // What the API server answers calls itself PartialObjectMetadata.
    return identity && { apiVersion: kind.apiVersion, kind: kind.kind, metadata: identity };
  }
  const projection = projections.get(kindKey(kind));
  const shown = projection?.isBare === true ? unannotated(raw['metadata']) : raw['metadata'];
  const metadata = projectMetadata(shown, projection?.keep);
  if (metadata === undefined) return undefined;
  // The items of a list of built-in objects do not say what they are.
  const type = { apiVersion: textOf(raw['apiVersion']) ?? kind.apiVersion, kind: kind.kind };
  if (projection !== undefined) return { ...type, metadata, ...projection.fields(raw) };
  const isKept = kindKey(kind) === kindKey(KeptnApp);
  return whole({
    ...raw,
    ...type,
    metadata: isKept ? withApplied(metadata, raw['metadata']) : metadata,
  });
}

/** As `project`; throws `ObjectUnusable` also for what is no object of the API. */
export function projected(kind: Kind, value: unknown): KubernetesObject {
  const object = isRawObject(value) ? project(kind, value) : undefined;
  if (object === undefined) throw new ObjectUnusable(`is no ${kind.kind}`);
  return object;
}

/** An object that is kept whole, if it can be worked on. What is picked out of other kinds has the depth of its projection. */
function whole(object: KubernetesObject): KubernetesObject {
  const problem = object.metadata.annotations?.[sluiceKeys.conversionProblem];
  if (problem !== undefined) throw new ObjectUnusable(problem);
  if (isTooDeep(object)) throw new ObjectUnusable(tooDeep);
  return object;
}

interface FieldNames {
  readonly spec: readonly string[];
  readonly status: readonly string[];
}

// Exactly the fields of the types in src/api/builtin.ts.
const deployment: FieldNames = {
  spec: ['replicas', 'paused', 'progressDeadlineSeconds'],
  status: [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'conditions',
  ],
};
const replicaSet: FieldNames = {
  spec: ['replicas'],
  status: ['observedGeneration', 'replicas', 'readyReplicas', 'availableReplicas'],
};
const statefulSet: FieldNames = {
  spec: ['replicas', 'ordinals', 'updateStrategy'],
  status: [
    'observedGeneration',
    'replicas',
    'readyReplicas',
    'availableReplicas',
    'updatedReplicas',
    'currentReplicas',
    'currentRevision',
    'updateRevision',
  ],
};
const daemonSet: FieldNames = {
  spec: ['updateStrategy'],
  status: [
    'observedGeneration',
    'currentNumberScheduled',
    'desiredNumberScheduled',
    'updatedNumberScheduled',
    'numberReady',
    'numberAvailable',
  ],
};
const rollout: FieldNames = {
  spec: ['replicas', 'paused'],
  status: [
    'observedGeneration',
    'workloadObservedGeneration',
    'abort',
    'currentPodHash',
    'stableRS',
    'phase',
    'message',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
  ],
};

const projections: ReadonlyMap<string, Projection> = new Map<string, Projection>([
  [kindKey(PodKind), { fields: podFields }],
  [kindKey(NamespaceKind), { fields: namespaceFields }],
  [kindKey(ConfigMapKind), { fields: configMapFields, isBare: true }],
  [kindKey(ControllerRevisionKind), { fields: controllerRevisionFields }],
  [kindKey(JobKind), { fields: jobFields }],
  [kindKey(DeploymentKind), owner(deployment)],
  [kindKey(ReplicaSetKind), { ...owner(replicaSet, isIdentity), keep: isReplicaSetMetadata }],
  [kindKey(StatefulSetKind), owner(statefulSet)],
  [kindKey(DaemonSetKind), owner(daemonSet)],
  [kindKey(RolloutKind), { fields: rolloutFields }],
]);

function owner(names: FieldNames, keep?: (key: string) => boolean): Projection {
  return {
    fields: (raw) => {
      const spec = objectOf(raw['spec']);
      return {
        spec: pick(spec, names.spec),
        template: projectTemplate(spec['template'], keep),
        status: pick(objectOf(raw['status']), names.status),
      };
    },
  };
}

/** Of the strategy no more than which one it is: its steps may be long. */
function rolloutFields(raw: RawObject): Fields {
  const { spec, ...rest } = owner(rollout).fields(raw);
  const strategy = objectOf(objectOf(raw['spec'])['strategy']);
  const isRouted = objectOf(strategy['canary'])['trafficRouting'] !== undefined;
  const shown = {
    ...(strategy['blueGreen'] !== undefined && { blueGreen: {} }),
    ...(strategy['canary'] !== undefined && {
      canary: isRouted ? { trafficRouting: {} } : {},
    }),
  };
  return { ...rest, spec: { ...objectOf(spec), strategy: shown } };
}

function controllerRevisionFields(raw: RawObject): Fields {
  const template = objectOf(objectOf(objectOf(raw['data'])['spec'])['template']);
  const metadata = objectOf(template['metadata']);
  const labels = textMap(metadata['labels'], isIdentity);
  const annotations = textMap(metadata['annotations'], isIdentity);
  return {
    ...pick(raw, ['revision']),
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
  };
}

function namespaceFields(raw: RawObject): Fields {
  return { status: pick(objectOf(raw['status']), ['phase']) };
}

function unannotated(metadata: unknown): RawObject {
  const { annotations: _, ...rest } = objectOf(metadata);
  return rest;
}

/** A person who may write ConfigMaps may label any number of them, each with up to 1 MiB: none of the text is kept. */
function configMapFields(raw: RawObject): Fields {
  if (!isRawObject(raw['data'])) return {};
  const { code, ...others } = raw['data'];
  const content: ConfigMapContent = {
    // Compared with `sha256` of the code that a definition holds.
    ...(typeof code === 'string' && { codeDigest: hash('sha256', code, 'hex') }),
    hasOtherKeys: Object.keys(others).length > 0,
  };
  return { content };
}

function jobFields(raw: RawObject): Fields {
  const settings = [
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
    'suspend',
    'podFailurePolicy',
  ];
  const spec = objectOf(raw['spec']);
  // Until its outcome is recorded, which is when it gets a time to live, its content may have to tell whose it is.
  const isRecorded = spec['ttlSecondsAfterFinished'] !== undefined;
  const status = objectOf(raw['status']);
  if (isRecorded) return { spec: { ...pick(spec, settings), template: { spec: {} } }, status };
  return { spec, programs: programsOf(objectOf(spec['template'])['spec']), status };
}

/** The keys that identity and version are read from: of the many old ReplicaSets nothing else is kept. */
function isIdentity(key: string): boolean {
  return (
    key.startsWith('keptn.sh/') ||
    key.startsWith('sluice.keptn.sh/') ||
    key.startsWith('app.kubernetes.io/') ||
    key === restartedAt
  );
}

const revisionKeys: ReadonlySet<string> = new Set([
  'deployment.kubernetes.io/revision',
  'rollout.argoproj.io/revision',
  'pod-template-hash',
  'rollouts-pod-template-hash',
]);

function isReplicaSetMetadata(key: string): boolean {
  return isIdentity(key) || revisionKeys.has(key);
}
