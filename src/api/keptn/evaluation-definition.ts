import { statusObject } from '../condition.ts';
import { defineResource, type ObjectOf } from '../resource.ts';
import { duration, integer, list, object, optional, text, type Static } from '../schema.ts';
import { lifecycleGroup } from './groups.ts';

const objective = object('A metric and what it has to be.', {
  keptnMetricRef: object('The metric.', {
    name: text('Name of the KeptnMetric.'),
    namespace: optional(text('Its namespace, if it is another one.')),
  }),
  evaluationTarget: text('What the value has to be: > or <, and a number.'),
});

/** One objective of an evaluation. */
export type Objective = Static<typeof objective>;

const spec = object('The objectives, and how long to wait for them.', {
  objectives: list('All of them have to be met.', objective),
  retries: optional(integer('How often a missed objective is measured again.', { default: 10 })),
  retryInterval: optional(
    duration('How long to wait between two measurements.', { default: '5s' }),
  ),
});

const status = statusObject('What Sluice knows of the definition.', {});

export type KeptnEvaluationDefinitionSpec = Static<typeof spec>;
export type KeptnEvaluationDefinitionStatus = Static<typeof status>;

/** The objectives that a KeptnEvaluation judges. */
export const KeptnEvaluationDefinition = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnEvaluationDefinition',
  shortNames: ['ked'],
  description: 'Objectives on metrics that a version has to meet.',
  summary: 'Ready',
  versions: [{ name: 'v1', spec, status }],
});
export type KeptnEvaluationDefinition = ObjectOf<typeof KeptnEvaluationDefinition>;
