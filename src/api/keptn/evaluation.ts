import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf, type PrinterColumn } from '../resource.ts';
import {
  duration,
  int32,
  integer,
  mapOf,
  object,
  optional,
  shortText,
  text,
  time,
  type Static,
} from '../schema.ts';
import { followUpStatuses } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';
import { state, stateWord } from './states.ts';

const spec = object('What is to be judged, and what for.', {
  evaluationDefinition: shortText('Name of the KeptnEvaluationDefinition.'),
  appName: optional(shortText('Name of the application.')),
  appVersion: optional(shortText('Version of the application.')),
  workload: optional(shortText('Name of the workload; empty for the application as a whole.')),
  workloadVersion: shortText('Version of the workload; empty for the application as a whole.'),
  checkType: optional(text('The check it belongs to: pre-eval or post-eval.')),
  retries: optional(integer('How often a missed objective is measured again.', { default: 10 })),
  retryInterval: optional(
    duration('How long to wait between two measurements.', { default: '5s' }),
  ),
  attempt: optional(int32('Which attempt of the version it belongs to, from 1.')),
  failAction: optional(text('Outdated: versions before v1beta1 had it, and nothing reads it.')),
});

const objectiveStatus = object('The last measurement of one objective.', {
  value: text('The value that was measured.'),
  status: stateWord('Whether it meets the target.'),
  message: optional(text('What was compared, or why nothing could be.')),
  measuredAt: optional(
    time('When the value was measured that was judged last; the next attempt takes a later one.'),
  ),
});

/** The last measurement of one objective of an evaluation. */
export type ObjectiveStatus = Static<typeof objectiveStatus>;

const status = statusObject('How far the evaluation has come.', {
  retryCount: integer('How many attempts were made; waiting for a value is none.', { default: 0 }),
  evaluationStatus: mapOf('The objectives by the name of their metric.', objectiveStatus),
  overallStatus: state('State of the evaluation.'),
  startTime: optional(time('When the evaluation started.')),
  endTime: optional(time('When it ended.')),
  attempt: optional(int32('The current attempt, from 1.')),
  nextAttemptTime: optional(time('When it will be measured again.')),
  followUps: followUpStatuses,
});

export type KeptnEvaluationSpec = Static<typeof spec>;
export type KeptnEvaluationStatus = Static<typeof status>;

const columns: readonly PrinterColumn[] = [
  { name: 'AppName', jsonPath: '.spec.appName' },
  { name: 'AppVersion', jsonPath: '.spec.appVersion' },
  { name: 'WorkloadName', jsonPath: '.spec.workload' },
  { name: 'WorkloadVersion', jsonPath: '.spec.workloadVersion' },
  { name: 'RetryCount', jsonPath: '.status.retryCount' },
  { name: 'EvaluationStatus', jsonPath: '.status.evaluationStatus' },
  { name: 'OverallStatus', jsonPath: '.status.overallStatus' },
  { name: 'Definition', jsonPath: '.spec.evaluationDefinition' },
];

const v1 = { name: 'v1', spec, status, columns } as const;

/** One judgement by a KeptnEvaluationDefinition. */
export const KeptnEvaluation = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnEvaluation',
  shortNames: ['ke'],
  description: 'One judgement of the objectives of a KeptnEvaluationDefinition.',
  summary: 'Succeeded',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'])],
});
export type KeptnEvaluation = ObjectOf<typeof KeptnEvaluation>;
