import { statusObject } from '../condition.ts';
import { defineResource, type ObjectOf } from '../resource.ts';
import {
  bool,
  duration,
  integer,
  list,
  object,
  oneOf,
  optional,
  shortText,
  text,
  type Static,
} from '../schema.ts';
import { optionsGroup } from './groups.ts';
import { jobOptions } from './job-options.ts';
import { promotionFailurePolicies } from './promotion.ts';

const retention = object(
  'How much of what is over is kept. What is current, what Pods or revisions are there of, and what a kept version of an application names is always kept.',
  {
    versions: optional(
      integer(
        'How many versions of each workload, and of each application, are kept; older ones are deleted with their tasks and evaluations.',
        { minimum: 0, maximum: 100_000, default: 10 },
      ),
    ),
    maxAge: optional(
      duration(
        'A version that ended longer ago than this is deleted although it is one of those. Without it age alone deletes nothing.',
      ),
    ),
    unusedApps: optional(
      duration('How long a generated KeptnApp is kept when no workload names it any more.', {
        default: '1h',
      }),
    ),
    suspend: optional(bool('true: nothing is deleted.', { default: false })),
  },
);

const spec = object('The settings.', {
  OTelCollectorUrl: optional(
    shortText(
      'Address of the OpenTelemetry collector that gets the traces: host:port for OTLP over gRPC, or an http:// or https:// URL. Without one nothing is traced, unless Sluice itself was given one.',
    ),
  ),
  keptnAppCreationRequestTimeoutSeconds: optional(
    integer('How long workloads are gathered before their KeptnApp is made, in seconds.', {
      default: 30,
    }),
  ),
  cloudEventsEndpoint: optional(shortText('Address that CloudEvents are sent to.')),
  blockDeployment: optional(
    bool('false: a failed check is shown as a warning and holds nothing up.', { default: true }),
  ),
  observabilityTimeout: optional(
    duration(
      'How long a deployment may make no progress until it counts as failed; 0s: for ever.',
      { default: '5m' },
    ),
  ),
  deadlines: optional(
    object(
      'How long waits may last until they count as failed, where neither the definition, the workload, the KeptnAppContext nor the Namespace says it (annotations sluice.keptn.sh/definition-deadline and so on). 0s, or not set: for ever, as in Keptn.',
      {
        definition: optional(duration('For a definition that does not exist.')),
        app: optional(duration('For an application version that lists a workload.')),
        metric: optional(duration('For a metric, its provider or its first value.')),
        jobStart: optional(
          duration(
            'For the first start of the Job of a task: image, quota, rights, a Secret or a node may be missing.',
          ),
        ),
      },
    ),
  ),
  raiseProgressDeadline: optional(
    bool(
      'true: progressDeadlineSeconds of a Deployment or Rollout that its checks may outlast is raised at admission, unless its annotation sluice.keptn.sh/progress-deadline says keep. Otherwise only where that says raise.',
      { default: false },
    ),
  ),
  restApiEnabled: optional(bool('Not used.', { default: false })),
  promotionTasksEnabled: optional(
    bool('Whether applications have a promotion phase.', { default: true }),
  ),
  versionFromImageTag: optional(
    bool('Whether a workload without a version takes the tag of the image of its only container.', {
      default: false,
    }),
  ),
  repeatFailedChecks: optional(
    bool(
      'Whether a workload version that has failed, and whose Pods are held, or an application version whose checks before the deployment have failed, is checked again by itself when the definition of a check that failed, what its functionRef leads to, a KeptnMetric that it judges or the KeptnAppContext is changed. Default `true`.',
      { default: true },
    ),
  ),
  maxJobsPerNamespace: optional(
    integer(
      'How many Jobs of tasks may run in a namespace at once; more of them wait, and the next one is the oldest of the application with the fewest. 0: no limit.',
      { minimum: 0, default: 50 },
    ),
  ),
  functionRetries: optional(
    oneOf(
      'How a failed function is repeated: by its runner in the same container, or by Kubernetes in a new one. insideContainer if not set, unless a runner image is overridden.',
      ['insideContainer', 'restartContainer'],
    ),
  ),
  job: optional(jobOptions('What Jobs and their Pods get where the definition does not say it.')),
  maxFollowUpDepth: optional(
    integer(
      'How many follow-up tasks (onSuccess, onFailure) may follow one another; 0 switches them off.',
      {
        minimum: 0,
        maximum: 10,
        default: 3,
      },
    ),
  ),
  maxFollowUps: optional(
    integer(
      'How many follow-up tasks one check or version may have in all, those of its follow-ups included.',
      { minimum: 0, maximum: 1000, default: 32 },
    ),
  ),
  appContextWindow: optional(
    duration(
      'How long the first version of an application waits for a KeptnAppContext that may be applied a moment later; 0s: not at all.',
      { default: '2s' },
    ),
  ),
  promotionAfterSupersessions: optional(
    integer(
      'How many versions of a generated application with promotion tasks may be superseded in a row: the next one is not, and comes to its promotion before another version is made, unless it waits for what will not come, or for more than half an hour. 0: any number.',
      { minimum: 0, maximum: 1000, default: 5 },
    ),
  ),
  retention: optional(retention),
  maxValueAge: optional(
    duration(
      'How old a value may be when an evaluation judges it, where the KeptnEvaluationDefinition does not say it; two fetch intervals of its metric if not set.',
    ),
  ),
  minTimeAfterDeployment: optional(
    duration(
      'How long after the start of a deployment a value must have been measured to count in a post-deployment evaluation, where the KeptnEvaluationDefinition does not say it; 0s if not set.',
    ),
  ),
  promotionFailurePolicy: optional(
    oneOf(
      'What a failed promotion task means where the KeptnAppContext does not say it; Fail if not set.',
      promotionFailurePolicies,
    ),
  ),
  allowedHosts: optional(
    list(
      'Hosts that metric providers and downloads of functions may use, by name, address or as *.example.com; with a list no others. All but what is always forbidden if not set.',
      text('', { maxLength: 253 }),
      { maxItems: 500 },
    ),
  ),
  strictValidation: optional(
    bool(
      'true: what is accepted with a warning otherwise (doubtful or risky definitions, half-set annotations) is refused.',
      { default: false },
    ),
  ),
});

const status = statusObject('Whether these settings rule.', {});

export type KeptnConfigSpec = Static<typeof spec>;
export type KeptnConfigStatus = Static<typeof status>;

/** The settings of Sluice; the object in its own namespace rules. */
export const KeptnConfig = defineResource({
  group: optionsGroup,
  kind: 'KeptnConfig',
  description: 'Settings of Sluice for the whole cluster.',
  summary: 'Ready',
  versions: [{ name: 'v1alpha1', spec, status, specMayBeAbsent: true }],
});
export type KeptnConfig = ObjectOf<typeof KeptnConfig>;
