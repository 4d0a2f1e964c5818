/** A key that values of Keptn's chart may have and that does nothing here: it is accepted, and the notes name it. */
export interface DeadValue {
  /** With dots; `certManager.*` stands for every key there that has no entry of its own. */
  readonly path: string;
  /** The value that says what is so anyway, and need not be named. */
  readonly unlessIs?: string | boolean;
  /** It asked for something that would be missing: the chart is refused with `why` unless it is empty. */
  readonly refused?: true;
  /** What to do instead, or why nothing is to be done. */
  readonly why: string;
}

/** The values of Keptn's lifecycle operator that mean here what they mean there. */
export const lifecycleOperatorValues: readonly string[] = [
  'allowedNamespaces',
  'deniedNamespaces',
  'failurePolicy',
  'promotionTasksEnabled',
  'replicas',
  'image.registry',
  'image.imagePullPolicy',
  'env.functionRunnerImage',
  'env.pythonRunnerImage',
  'containerSecurityContext',
  'livenessProbe',
  'readinessProbe',
  'resources',
  'nodeSelector',
  'tolerations',
  'topologySpreadConstraints',
  'hostNetwork',
  'annotations',
  'podAnnotations',
];

const ofOneProcess = 'Sluice is one process and measures metrics in it';
const logLevels = [
  'keptnAppControllerLogLevel',
  'keptnAppCreationRequestControllerLogLevel',
  'keptnAppVersionControllerLogLevel',
  'keptnEvaluationControllerLogLevel',
  'keptnTaskControllerLogLevel',
  'keptnTaskDefinitionControllerLogLevel',
  'keptnWorkloadControllerLogLevel',
  'keptnWorkloadVersionControllerLogLevel',
  'optionsControllerLogLevel',
];

const wrongCertManagerKey =
  'Keptn’s chart never read it either; the key is global.certManagerEnabled';

/** What values of Keptn, and its documentation, set and what does nothing here. */
export const deadValues: readonly DeadValue[] = [
  {
    path: 'commitID',
    why: 'it only made Argo CD render again; Argo CD knows the revision itself',
  },
  { path: 'global.certManager.enabled', unlessIs: true, why: wrongCertManagerKey },
  { path: 'certificateManager.enabled', unlessIs: true, why: wrongCertManagerKey },
  {
    path: 'lifecycleOperator.enabled',
    unlessIs: true,
    why: `${ofOneProcess}; to hold nothing, opt no Namespace in`,
  },
  {
    path: 'lifecycleOperator.image.repository',
    why: 'it names Keptn’s image; Sluice’s is image.repository',
  },
  {
    path: 'lifecycleOperator.image.tag',
    why: 'it names a version of Keptn; Sluice’s is image.tag',
  },
  {
    path: 'lifecycleOperator.config',
    why: 'it filled a ConfigMap that nothing read; flags of `sluice run` go to extraArgs',
  },
  {
    path: 'lifecycleOperator.webhookService',
    why: 'the Service is always a ClusterIP with port 443',
  },
  {
    path: 'lifecycleOperator.operatorMetricsService',
    why: 'the Service of the metrics is always a ClusterIP',
  },
  {
    path: 'lifecycleOperator.kubernetesClusterDomain',
    why: 'nothing read it; Sluice needs no cluster domain',
  },
  ...logLevels.map((key) => ({
    path: `lifecycleOperator.env.${key}`,
    why: 'log lines of all controllers go by logLevel',
  })),
  {
    path: 'lifecycleOperator.env.keptnDoraMetricsPort',
    unlessIs: '2222',
    why: 'Keptn’s own Service and container port stayed 2222 whatever it said',
  },
  {
    path: 'metricsOperator.enabled',
    unlessIs: true,
    why: `${ofOneProcess}: without KeptnMetrics it measures nothing`,
  },
  {
    path: 'metricsOperator.*',
    why: `${ofOneProcess}; image, resources and the like are those of the chart`,
  },
  // Of Keptn 0.8 to 0.10 and of the charts before.
  ...['scheduler', 'schedulerConfig', 'keptnScheduler', 'keptnSchedulerConfig'].map((key) => ({
    path: `${key}.*`,
    why: 'Keptn’s scheduler held the Pods then; scheduling gates of Kubernetes do now',
  })),
  {
    path: 'schedulingGatesEnabled',
    unlessIs: true,
    why: 'Pods are always held by scheduling gates',
  },
  ...[
    'lifecycleManagerConfig',
    'lifecycleOperatorConfig',
    'metricsManagerConfig',
    'metricsOperatorConfig',
  ].map((key) => ({
    path: `${key}.*`,
    why: 'it configured a process that is no more; flags of `sluice run` go to extraArgs',
  })),
  ...[
    'lifecycleOperatorMetricsService',
    'lifecycleWebhookService',
    'metricsOperatorService',
    'metricsWebhookService',
  ].map((key) => ({
    path: `${key}.*`,
    why: 'the Services are always ClusterIPs, with the names and ports that Keptn’s had',
  })),
  {
    path: 'certificateOperator.*',
    why: 'Sluice makes its certificates itself: see certificates.mode',
  },
  { path: 'kubernetesClusterDomain', why: 'nothing read it; Sluice needs no cluster domain' },
  {
    path: 'imagePullSecrets',
    refused: true,
    why: 'write it as global.imagePullSecrets, or no image is pulled',
  },
  {
    path: 'lifecycleOperator.manager',
    refused: true,
    why: 'what stood below it stands one level up since Keptn 0.9: lifecycleOperator.resources, lifecycleOperator.env and the like',
  },
  {
    path: 'lifecycleOperator.imagePullPolicy',
    why: 'write it as lifecycleOperator.image.imagePullPolicy or global.imagePullPolicy',
  },
  {
    path: 'lifecycleOperator.env.otelCollectorUrl',
    why: 'Keptn’s operator did not read it either; write spec.OTelCollectorUrl of the KeptnConfig in the namespace of Sluice',
  },
  {
    path: 'lifecycleOperator.env.keptnWorkloadInstanceControllerLogLevel',
    why: 'log lines of all controllers go by logLevel',
  },
  { path: 'certManager.*', why: 'Sluice makes its certificates itself: see certificates.mode' },
];
