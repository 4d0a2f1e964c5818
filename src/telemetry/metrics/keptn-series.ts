import { counter, gauge, histogram, type Series } from './series.ts';

/**
 * Keptn's series, with its names and labels, for the dashboards that read them. They name Namespaces, applications, workloads,
 * versions, tasks and evaluations, as Keptn's did, and are bounded by number instead: see `keptn-objects.ts`.
 */

/** What the labels of Keptn's series begin with. */
const prefix = 'keptn_deployment_';
const labels = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `${prefix}${name}`);

// The default buckets of OpenTelemetry, which Keptn served.
const buckets = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

const app = labels('app_name', 'app_version', 'app_namespace');
const appPair = labels('app_name', 'app_namespace', 'app_version', 'app_previousversion');
const workload = labels('app_name', 'workload_name', 'workload_version', 'workload_namespace');
const workloadPair = [...workload, ...labels('workload_previousversion')];
const check = labels('app_name', 'app_version', 'workload_name', 'workload_version');
const task = [...check, ...labels('task_name', 'task_type')];
const evaluation = [...check, ...labels('evaluation_name', 'evaluation_type')];

/** The families of one sort of object. */
export interface Family {
  readonly count: Series;
  readonly duration: Series;
  readonly active: Series;
}

export const lifecycleActive = counter(
  'keptn_lifecycle_active_total',
  [],
  'Always 1: the process has started',
);

export const appFamily: Family = {
  count: counter(
    'keptn_app_count_total',
    [...app, ...labels('app_status')],
    'KeptnAppVersions that have ended',
  ),
  duration: histogram('keptn_app_duration_seconds', [...app, ...labels('app_status')], {
    help: 'How long a KeptnAppVersion took',
    buckets,
  }),
  active: gauge('keptn_app_active', app, '1 while a KeptnAppVersion has not ended, then 0'),
};
export const appDeploymentDuration = gauge(
  'keptn_app_deploymentduration',
  appPair,
  'Seconds from the start of a KeptnAppVersion to its end',
);
export const appDeploymentInterval = gauge(
  'keptn_app_deploymentinterval',
  appPair,
  'Seconds from the end of the previous version to the end of this one',
);
export const promotionCount = counter(
  'keptn_promotion_count_total',
  [...app, ...labels('app_status')],
  'KeptnAppVersions with promotion tasks that have ended',
);

export const workloadFamily: Family = {
  count: counter(
    'keptn_deployment_count_total',
    [...workload, ...labels('workload_status')],
    'KeptnWorkloadVersions that have ended',
  ),
  duration: histogram(
    'keptn_deployment_duration_seconds',
    [...workload, ...labels('workload_status')],
    {
      help: 'How long a KeptnWorkloadVersion took',
      buckets,
    },
  ),
  active: gauge(
    'keptn_deployment_active',
    workload,
    '1 while a KeptnWorkloadVersion has not ended, then 0',
  ),
};
export const workloadDeploymentDuration = gauge(
  'keptn_deployment_deploymentduration',
  workloadPair,
  'Seconds from the start of a KeptnWorkloadVersion to its end',
);
export const workloadDeploymentInterval = gauge(
  'keptn_deployment_deploymentinterval',
  workloadPair,
  'Seconds from the end of the previous version to the end of this one',
);

export const taskFamily: Family = {
  count: counter(
    'keptn_task_count_total',
    [...task, ...labels('task_status')],
    'KeptnTasks that have ended',
  ),
  duration: histogram('keptn_task_duration_seconds', [...task, ...labels('task_status')], {
    help: 'How long a KeptnTask took',
    buckets,
  }),
  active: gauge('keptn_task_active', task, '1 while a KeptnTask has not ended, then 0'),
};

export const evaluationFamily: Family = {
  count: counter(
    'keptn_evaluation_count_total',
    [...evaluation, ...labels('evaluation_status')],
    'KeptnEvaluations that have ended',
  ),
  duration: histogram(
    'keptn_evaluation_duration_seconds',
    [...evaluation, ...labels('evaluation_status')],
    { help: 'How long a KeptnEvaluation took', buckets },
  ),
  active: gauge(
    'keptn_evaluation_active',
    evaluation,
    '1 while a KeptnEvaluation has not ended, then 0',
  ),
};

export const keptnSeries: readonly Series[] = [
  lifecycleActive,
  ...Object.values(appFamily),
  appDeploymentDuration,
  appDeploymentInterval,
  promotionCount,
  ...Object.values(workloadFamily),
  workloadDeploymentDuration,
  workloadDeploymentInterval,
  ...Object.values(taskFamily),
  ...Object.values(evaluationFamily),
];
