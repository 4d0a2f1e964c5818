/**
 * The keys, names and values that are part of the contract with people's manifests, and with Keptn's objects already in
 * a cluster. Nothing else in the code spells one of them out.
 */

/** Annotations of Keptn. Of the first three, and of the lists, a label of the same key counts after the annotation. */
export const keptnAnnotations = {
  workload: 'keptn.sh/workload',
  version: 'keptn.sh/version',
  app: 'keptn.sh/app',
  preDeploymentTasks: 'keptn.sh/pre-deployment-tasks',
  postDeploymentTasks: 'keptn.sh/post-deployment-tasks',
  preDeploymentEvaluations: 'keptn.sh/pre-deployment-evaluations',
  postDeploymentEvaluations: 'keptn.sh/post-deployment-evaluations',
  /** Comma-separated `key=value` pairs for traces and tasks. */
  metadata: 'keptn.sh/metadata',
  /** Names the container whose image tag is the version. */
  container: 'keptn.sh/container',
  /** On a Pod: its gate was removed. A record, never an instruction. */
  gateRemoved: 'keptn.sh/scheduling-gate-removed',
  /** On a KeptnAppCreationRequest, see `singleServiceAppType`. */
  appType: 'keptn.sh/app-type',
  /** On a Job: the KeptnTask it belongs to. */
  taskName: 'keptn.sh/task-name',
  /** On a Namespace, with the value `enabled`: its Pods are Sluice's concern. A label of this key does not count. */
  lifecycleToolkit: 'keptn.sh/lifecycle-toolkit',
} as const;

/** The recommended labels of Kubernetes, read (as label or annotation) where Keptn's own key is missing. */
export const recommendedLabels = {
  workload: 'app.kubernetes.io/name',
  version: 'app.kubernetes.io/version',
  app: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Sluice's own keys. */
export const sluiceKeys = {
  /** Namespace label: what the webhook's namespaceSelector selects; kept in step with `lifecycleToolkit`. See `enabledLabel`. */
  enabled: 'sluice.keptn.sh/enabled',
  /** Namespace label: its list of released versions is there, see `ReleasedVersions`. */
  listed: 'sluice.keptn.sh/listed',
  /** Pod label: the controller has to look at this Pod. Pods are watched by it. */
  watched: 'sluice.keptn.sh/watched',
  /** Pod annotation: why the Pod is held, in one sentence. */
  explanation: 'sluice.keptn.sh/explanation',
  /** Namespace annotation, with the value `true`: when the opt-in is withdrawn, Pods of failed versions are released, too. */
  releaseHeld: 'sluice.keptn.sh/release-held',
  /** Annotation of KeptnWorkloadVersion: what it is was said by its Pods alone, neither by their template nor by their owner. */
  wordOfPods: 'sluice.keptn.sh/word-of-pods',
  /** Namespace annotation: what ran when it opted in is on record; its own uid, so that a copy of the annotation says nothing. */
  optInRecorded: 'sluice.keptn.sh/opt-in-recorded',
  /** On a CRD that `sluice uninstall` deletes: the API server takes notice of it and tries again. */
  deletionRetried: 'sluice.keptn.sh/deletion-retried',
  /** Annotation of KeptnWorkloadVersion: ran when its Namespace opted in; in which of its attempts. */
  runningAtOptIn: 'sluice.keptn.sh/running-at-opt-in',
  /** Pod annotation: held although its Namespace has withdrawn its opt-in; the KeptnWorkloadVersion whose checks failed. */
  heldAfterOptOut: 'sluice.keptn.sh/held-after-opt-out',
  /** Annotation of a KeptnApp: a digest of what discovery wrote into it; with another one it is somebody's own. */
  generated: 'sluice.keptn.sh/generated',
  /** Annotation of a KeptnAppVersion: which state of its KeptnAppContext it was made with, as `<uid>/<generation>`. */
  appContext: 'sluice.keptn.sh/app-context',
  /** Pod annotation beside a computed version: the digest of the template that it was computed from. */
  templateDigest: 'sluice.keptn.sh/template-digest',
  /** Label of a Job and its Pods: the name of the KeptnTask. */
  task: 'sluice.keptn.sh/task',
  /** Label of a ConfigMap that holds a function's code. ConfigMaps are watched by it. */
  function: 'sluice.keptn.sh/function',
  /** Annotations on Keptn's objects, workloads and Namespaces. */
  mode: 'sluice.keptn.sh/mode',
  minimumMode: 'sluice.keptn.sh/minimum-mode',
  preDeploymentChecks: 'sluice.keptn.sh/pre-deployment-checks',
  postDeploymentChecks: 'sluice.keptn.sh/post-deployment-checks',
  onSuccessTasks: 'sluice.keptn.sh/on-success-tasks',
  onFailureTasks: 'sluice.keptn.sh/on-failure-tasks',
  /** On a workload: how long its deployment may make no progress, as a Go duration. */
  deploymentTimeout: 'sluice.keptn.sh/deployment-timeout',
  /**
   * How long a wait may last until it counts as failed, as a Go duration; `0s`: for ever. On definitions, workloads,
   * KeptnAppContexts and Namespaces.
   */
  definitionDeadline: 'sluice.keptn.sh/definition-deadline',
  appDeadline: 'sluice.keptn.sh/app-deadline',
  metricDeadline: 'sluice.keptn.sh/metric-deadline',
  jobStartDeadline: 'sluice.keptn.sh/job-start-deadline',
  /** On a Deployment or Rollout: `raise` or `keep` its `progressDeadlineSeconds` where its checks may outlast it. */
  progressDeadline: 'sluice.keptn.sh/progress-deadline',
  /**
   * What people ask of a version, on KeptnWorkloadVersion and KeptnAppVersion. Admission takes these off and puts them on
   * the list behind them, with the user and the time; see `steering.ts`.
   */
  retry: 'sluice.keptn.sh/retry',
  abort: 'sluice.keptn.sh/abort',
  release: 'sluice.keptn.sh/release',
  /** Beside `release`: for how long, as a Go duration. */
  releaseFor: 'sluice.keptn.sh/release-for',
  retryRequests: 'sluice.keptn.sh/retry-requests',
  abortRequests: 'sluice.keptn.sh/abort-requests',
  releaseRequests: 'sluice.keptn.sh/release-requests',
  /** On KeptnWorkload and KeptnApp: no phase begins and nothing is released; the value says why. */
  paused: 'sluice.keptn.sh/paused',
  /** Who has paused it and when; admission writes it. */
  pausedBy: 'sluice.keptn.sh/paused-by',
  /** Annotation, with the name of a version behind it: what that version says beyond the one the object is read in. */
  conversion: 'sluice.keptn.sh/conversion-',
  /** Annotation of an object in an answer to a conversion: why this is not the whole object. Never stored. */
  conversionProblem: 'sluice.keptn.sh/conversion-problem',
} as const;

/** Labels of the objects that Sluice makes: what they stand for. Users select by them; Sluice itself never reads them. */
export const selectionKeys = {
  app: 'sluice.keptn.sh/app',
  workload: 'sluice.keptn.sh/workload',
  version: 'sluice.keptn.sh/version',
  phase: 'sluice.keptn.sh/phase',
  definition: 'sluice.keptn.sh/definition',
  parent: 'sluice.keptn.sh/parent',
} as const;

/** Set by `kubectl rollout restart` in a Pod template: another value of it alone starts the same Pods again. */
export const restartedAt = 'kubectl.kubernetes.io/restartedAt';

/** The scheduling gate that holds a Pod; Keptn's name, so that Pods Keptn has gated are found. */
export const schedulingGate = 'keptn-prechecks-gate';

/** The value of `lifecycleToolkit` that opts a Namespace in. */
export const enabledValue = 'enabled';

/** The values of the Namespace label `enabled`; Sluice sets no other one. */
export const enabledLabel = {
  /** The Namespace is opted in. */
  optedIn: 'true',
  /** It is not, and holds versions that have failed their checks: further Pods of these are held, and no others. */
  withdrawn: 'withdrawn',
  /** The Namespace is opted in, and the installation leaves it out by name: its Pods are never held. */
  excluded: 'excluded',
} as const;

/** The value of `appType` on a request that was made for a workload without an application key. */
export const singleServiceAppType = 'single-service';

/** The value of `managedBy` on a KeptnApp that discovery made and keeps up to date. */
export const managedByKeptn = 'keptn';
