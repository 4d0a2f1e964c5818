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
  type Static,
} from '../schema.ts';
import { appContextSpecFields } from './app-context.ts';
import { appSpecFields, appWorkload } from './app.ts';
import { lifecycleGroup } from './groups.ts';
import { itemStatuses, versionProgress } from './item-status.ts';
import { outdatedItemLists, outdatedItemNames } from './outdated-item-names.ts';
import { state } from './states.ts';

const spec = object(
  'The application, its checks and its workloads at the moment the version was made. Never rewritten.',
  {
    appName: shortText('Name of the KeptnApp.'),
    ...appSpecFields,
    ...appContextSpecFields,
    previousVersion: optional(text('The version of the application before this one.')),
    traceId: optional(stringMap('W3C trace context the trace of this version continues.')),
  },
);

const workloadStatus = object('The state of one workload.', {
  workload: optional(appWorkload),
  status: optional(state('State of its KeptnWorkloadVersion.')),
  reason: optional(text('Why it is in this state, as one word.')),
});

/** The state of one workload of an application version. */
export type WorkloadStatus = Static<typeof workloadStatus>;

const carriedChecks = object(
  'The checks before the deployment that passed for an earlier version and count for this one.',
  {
    version: text('The version of the application that they were run for.'),
    name: text('Name of its KeptnAppVersion.'),
    passedAt: text('When they had passed.'),
    workloads: list('The workloads that have changed for them and since.', text('')),
  },
);

const statusFields = {
  carriedChecks: optional(carriedChecks),
  supersessions: optional(
    integer('How many versions before this one were superseded in a row before they had ended.', {
      minimum: 0,
    }),
  ),
  preDeploymentStatus: optional(state('State of the pre-deployment tasks.')),
  preDeploymentEvaluationStatus: optional(state('State of the pre-deployment evaluations.')),
  workloadOverallStatus: optional(state('State of the workloads taken together.')),
  postDeploymentStatus: optional(state('State of the post-deployment tasks.')),
  postDeploymentEvaluationStatus: optional(state('State of the post-deployment evaluations.')),
  promotionStatus: optional(state('State of the promotion tasks.')),
  status: optional(state('State of the version as a whole.')),
  preDeploymentTaskStatus: itemStatuses('The pre-deployment tasks.'),
  preDeploymentEvaluationTaskStatus: itemStatuses('The pre-deployment evaluations.'),
  postDeploymentTaskStatus: itemStatuses('The post-deployment tasks.'),
  postDeploymentEvaluationTaskStatus: itemStatuses('The post-deployment evaluations.'),
  promotionTaskStatus: itemStatuses('The promotion tasks.'),
  workloadStatus: optional(list('The workloads of the version.', workloadStatus)),
  ...versionProgress,
};

const status = statusObject('How far the version has come.', statusFields);

/** In v1alpha1 the items of the phases have other names. */
const statusOfV1alpha1 = statusObject('How far the version has come.', {
  ...statusFields,
  ...outdatedItemLists,
});

export type KeptnAppVersionSpec = Static<typeof spec>;
export type KeptnAppVersionStatus = Static<typeof status>;

const columns: readonly PrinterColumn[] = [
  { name: 'AppName', jsonPath: '.spec.appName' },
  { name: 'Version', jsonPath: '.spec.version' },
  { name: 'Phase', jsonPath: '.status.currentPhase' },
  { name: 'PreDeploymentStatus', jsonPath: '.status.preDeploymentStatus', priority: 1 },
  {
    name: 'PreDeploymentEvaluationStatus',
    jsonPath: '.status.preDeploymentEvaluationStatus',
    priority: 1,
  },
  { name: 'WorkloadOverallStatus', jsonPath: '.status.workloadOverallStatus', priority: 1 },
  { name: 'PostDeploymentStatus', jsonPath: '.status.postDeploymentStatus', priority: 1 },
  {
    name: 'PostDeploymentEvaluationStatus',
    jsonPath: '.status.postDeploymentEvaluationStatus',
    priority: 1,
  },
  { name: 'PromotionStatus', jsonPath: '.status.promotionStatus', priority: 1 },
];

const v1 = { name: 'v1', spec, status, columns } as const;

/** One version of an application on its way through the phases. */
export const KeptnAppVersion = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnAppVersion',
  shortNames: ['kav'],
  description: 'One version of an application and how far it has come.',
  summary: 'Succeeded',
  versions: [
    v1,
    ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2']),
    {
      name: 'v1alpha1',
      spec,
      status: statusOfV1alpha1,
      columns,
      statusMapping: outdatedItemNames,
    },
  ],
});
export type KeptnAppVersion = ObjectOf<typeof KeptnAppVersion>;
