import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf, type PrinterColumn } from '../resource.ts';
import {
  integer,
  list,
  object,
  optional,
  shortText,
  stringMap,
  text,
  time,
  type Static,
} from '../schema.ts';
import { checkLists } from './check-lists.ts';
import { followUpLists } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';
import { itemStatuses, versionProgress } from './item-status.ts';
import { state } from './states.ts';
import { workloadSpecFields } from './workload.ts';

/** The spec of a version; a KeptnWorkloadInstance has the same. */
export const versionSpec = object(
  'The workload at the moment the version was made. Never rewritten.',
  {
    workloadName: shortText(
      'Name of the KeptnWorkload, with the name of the application in front.',
    ),
    ...workloadSpecFields,
    previousVersion: optional(text('The version of the workload before this one.')),
    templateDigest: optional(
      text('Of a computed version: the digest of the only Pod template that it stands for.'),
    ),
    traceId: optional(stringMap('W3C trace context the trace of this version continues.')),
  },
);

const checksRequest = object('What one owner of Pods asks for.', {
  kind: text('Deployment, Rollout, StatefulSet, DaemonSet, ReplicaSet or Pod.'),
  name: text('Its name.'),
  uid: text('Its uid.'),
  ...checkLists,
  ...followUpLists,
});

const deploymentProgress = object('The most that the deployment has reached so far.', {
  time: time('When it was reached.'),
  updated: integer('Pods of this revision.'),
  available: integer('Pods that were available.'),
  old: integer('Pods of other revisions that were left.'),
});

/** The fields of its status; a KeptnWorkloadInstance has the same. */
export const versionStatusFields = {
  preDeploymentStatus: optional(state('State of the pre-deployment tasks.')),
  preDeploymentEvaluationStatus: optional(state('State of the pre-deployment evaluations.')),
  deploymentStatus: optional(state('State of the deployment itself.')),
  postDeploymentStatus: optional(state('State of the post-deployment tasks.')),
  postDeploymentEvaluationStatus: optional(state('State of the post-deployment evaluations.')),
  status: optional(state('State of the version as a whole.')),
  preDeploymentTaskStatus: itemStatuses('The pre-deployment tasks.'),
  preDeploymentEvaluationTaskStatus: itemStatuses('The pre-deployment evaluations.'),
  postDeploymentTaskStatus: itemStatuses('The post-deployment tasks.'),
  postDeploymentEvaluationTaskStatus: itemStatuses('The post-deployment evaluations.'),
  appContextMetadata: optional(stringMap('The metadata of the KeptnAppVersion it belongs to.')),
  deploymentStartTime: optional(time('When the first Pods were released.')),
  releasedRevisions: optional(
    list(
      'The revisions of its owners whose Pods start without being held: the uid of a ReplicaSet, or the uid of a StatefulSet or DaemonSet, a slash and the controller-revision-hash.',
      text(''),
    ),
  ),
  deploymentProgress: optional(deploymentProgress),
  requestedChecks: optional(
    list(
      'Checks and follow-ups that are run beside those of the spec: owners that came after the version was made ask for them.',
      checksRequest,
    ),
  ),
  checksNotRun: optional(
    list('What owners asked for when it was too late for this version.', checksRequest),
  ),
  ...versionProgress,
};

const status = statusObject('How far the version has come.', versionStatusFields);

/** What an owner of Pods asks for beside what the spec of their version names. */
export type ChecksRequest = Static<typeof checksRequest>;
/** The most that a deployment has reached, and when. */
export type DeploymentProgress = Static<typeof deploymentProgress>;
export type KeptnWorkloadVersionSpec = Static<typeof versionSpec>;
export type KeptnWorkloadVersionStatus = Static<typeof status>;

/** What `kubectl get` shows of one. */
export const versionColumns: readonly PrinterColumn[] = [
  { name: 'AppName', jsonPath: '.spec.app' },
  { name: 'WorkloadName', jsonPath: '.spec.workloadName' },
  { name: 'WorkloadVersion', jsonPath: '.spec.version' },
  { name: 'Phase', jsonPath: '.status.currentPhase' },
  { name: 'PreDeploymentStatus', jsonPath: '.status.preDeploymentStatus', priority: 1 },
  {
    name: 'PreDeploymentEvaluationStatus',
    jsonPath: '.status.preDeploymentEvaluationStatus',
    priority: 1,
  },
  { name: 'DeploymentStatus', jsonPath: '.status.deploymentStatus', priority: 1 },
  { name: 'PostDeploymentStatus', jsonPath: '.status.postDeploymentStatus', priority: 1 },
  {
    name: 'PostDeploymentEvaluationStatus',
    jsonPath: '.status.postDeploymentEvaluationStatus',
    priority: 1,
  },
];

const v1 = { name: 'v1', spec: versionSpec, status, columns: versionColumns } as const;

/** One version of a workload on its way through the phases. */
export const KeptnWorkloadVersion = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnWorkloadVersion',
  shortNames: ['kwv'],
  description: 'One version of a workload and how far it has come.',
  summary: 'Succeeded',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha4'])],
});
export type KeptnWorkloadVersion = ObjectOf<typeof KeptnWorkloadVersion>;
