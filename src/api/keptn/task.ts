import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf, type PrinterColumn } from '../resource.ts';
import {
  duration,
  int32,
  int64,
  list,
  object,
  optional,
  shortText,
  stringMap,
  text,
  time,
  type Static,
} from '../schema.ts';
import { anyJson, followUpStatuses, parentField, triggerField } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';
import { parameterFields } from './parameters.ts';
import { state } from './states.ts';

const context = object('What the task runs for; the function gets it as JSON in KEPTN_CONTEXT.', {
  workloadName: optional(shortText('Name of the workload.')),
  appName: optional(shortText('Name of the application.')),
  appVersion: optional(shortText('Version of the application.')),
  workloadVersion: optional(shortText('Version of the workload.')),
  taskType: optional(
    text('The check it belongs to: pre, post, promotion, on-success or on-failure.'),
  ),
  objectType: optional(text('Application or Workload.')),
  metadata: optional(stringMap('Metadata of the application and the workload.')),
  trigger: triggerField,
});

/** What a task runs for. */
export type TaskContext = Static<typeof context>;

const spec = object('What is to be run, and what for.', {
  taskDefinition: shortText('Name of the KeptnTaskDefinition.'),
  context: optional(context),
  ...parameterFields,
  checkType: optional(
    text('The check it belongs to: pre, post, promotion, on-success or on-failure.'),
  ),
  retries: optional(int32('How often a failed run is repeated.', { default: 10 })),
  timeout: optional(duration('How long all runs together may take.', { default: '5m' })),
  attempt: optional(int32('Which attempt of the version it belongs to, from 1.')),
  app: optional(shortText('Name of the application, as in context; for the columns of kubectl.')),
  appVersion: optional(
    shortText('Version of the application, as in context; for the columns of kubectl.'),
  ),
  workload: optional(shortText('Name of the workload, as in context; for the columns of kubectl.')),
  workloadVersion: optional(
    shortText('Version of the workload, as in context; for the columns of kubectl.'),
  ),
  parent: parentField,
});

const run = object('One run of a function inside its container.', {
  startTime: optional(time('When it started.')),
  durationMilliseconds: optional(int64('How long it took.')),
  exitCode: optional(int32('Exit code of the interpreter.')),
  signal: optional(text('The signal that ended it, for example SIGKILL.')),
  reason: optional(text('How it ended, as one word.')),
  message: optional(text('The last line it wrote to standard error, or what went wrong.')),
});

/** One run of a function inside its container. */
export type FunctionRun = Static<typeof run>;

/** What is known of how a Job ended, in the task's own status and in each of its attempts. */
const outcome = {
  reason: optional(text('Why it is in this state, as one word.')),
  message: optional(
    text(
      'Why it is in this state, as a sentence. Of a task whose Job has failed it is the message of the Job, as in Keptn; evidence says more.',
    ),
  ),
  evidence: optional(
    object('What Sluice knows of the end of a Job beyond the message of the Job.', {
      message: text('What happened, as a sentence.'),
    }),
  ),
  exitCode: optional(int32('Exit code of the last run of the container.')),
  restarts: optional(int32('How often the container was started again.')),
  runs: optional(list('The runs of the function, oldest first, as its runner reported them.', run)),
  startTime: optional(time('When it started.')),
  endTime: optional(time('When it ended.')),
};

const attempt = object('One attempt of the task, with a Job of its own.', {
  attempt: int32('Number of the attempt, from 1.'),
  jobName: optional(text('Name of its Job.')),
  jobUID: optional(text('uid of its Job.')),
  status: optional(state('How it ended.')),
  ...outcome,
});

/** An attempt of a task that is over. */
export type TaskAttempt = Static<typeof attempt>;

const status = statusObject('How far the task has come.', {
  status: optional(state('State of the task.')),
  jobName: optional(text('Name of the Job that runs it.')),
  jobUID: optional(text('uid of the Job that runs it.')),
  ...outcome,
  output: optional(text('The last lines of what the container said when it ended.')),
  result: optional(anyJson('The JSON that the function returned.')),
  attempt: optional(int32('The current attempt, from 1.')),
  collisionCount: optional(
    int32('How many Job names were taken by other objects before this one was free.'),
  ),
  attempts: optional(list('The attempts that are over, oldest first.', attempt)),
  followUps: followUpStatuses,
});

export type KeptnTaskSpec = Static<typeof spec>;
export type KeptnTaskStatus = Static<typeof status>;

// The first six are Keptn's, whose order scripts rely on. What the first four read moved under .spec.context in v1alpha3, so that
// they were empty in Keptn; Sluice states it in both places.
const columns: readonly PrinterColumn[] = [
  { name: 'AppName', jsonPath: '.spec.app' },
  { name: 'AppVersion', jsonPath: '.spec.appVersion' },
  { name: 'WorkloadName', jsonPath: '.spec.workload' },
  { name: 'WorkloadVersion', jsonPath: '.spec.workloadVersion' },
  { name: 'Job Name', jsonPath: '.status.jobName' },
  { name: 'Status', jsonPath: '.status.status' },
  { name: 'Definition', jsonPath: '.spec.taskDefinition' },
  { name: 'Parent', jsonPath: '.spec.parent.name' },
  { name: 'Trigger', jsonPath: '.spec.parent.trigger', priority: 1 },
  { name: 'Evidence', jsonPath: '.status.evidence.message', priority: 1 },
];

const v1 = { name: 'v1', spec, status, columns } as const;

/** One run of a KeptnTaskDefinition. */
export const KeptnTask = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnTask',
  description: 'One run of a KeptnTaskDefinition, carried out by a Job.',
  summary: 'Succeeded',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'])],
});
export type KeptnTask = ObjectOf<typeof KeptnTask>;
