import { statusObject } from '../condition.ts';
import { defineResource, type ObjectOf } from '../resource.ts';
import {
  duration,
  integer,
  list,
  object,
  optional,
  rules,
  shortText,
  text,
  type Static,
} from '../schema.ts';
import { olderVersions } from './evaluation-definition-versions.ts';
import { followUpAliases, followUpLists } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';

const objective = object(
  'A metric or a query, and what its value has to be.',
  {
    keptnMetricRef: optional(
      object('The metric.', {
        name: shortText('Name of the KeptnMetric.'),
        namespace: optional(shortText('Its namespace, if it is another one.')),
      }),
    ),
    name: optional(
      text('Name of an objective with a query; shown in the status of the evaluation.'),
    ),
    query: optional(text('A query instead of a KeptnMetric, in the language of the provider.')),
    provider: optional(
      object('Who answers the query; the only KeptnMetricsProvider of the namespace if not set.', {
        name: shortText('Name of a KeptnMetricsProvider in the namespace of the evaluation.'),
      }),
    ),
    evaluationTarget: shortText('What the value has to be: > or <, and a number.'),
  },
  rules({
    rule: "has(self.keptnMetricRef) != (has(self.query) && self.query != '')",
    message: 'set exactly one of keptnMetricRef and query',
  }),
);

/** One objective of an evaluation. */
export type Objective = Static<typeof objective>;

const spec = object('The objectives, and how long to wait for them.', {
  // Each that asks a query of its own becomes a KeptnMetric.
  objectives: list('All of them have to be met.', objective, { maxItems: 500 }),
  retries: optional(integer('How often a missed objective is measured again.', { default: 10 })),
  retryInterval: optional(
    duration('How long to wait between two measurements.', { default: '5s' }),
  ),
  maxValueAge: optional(
    duration(
      'How old a value may be when it is judged. Two fetch intervals of its metric if neither this nor the KeptnConfig says it.',
    ),
  ),
  minTimeAfterDeployment: optional(
    duration(
      'How long after the start of the deployment a value must have been measured to count in a post-deployment evaluation; a negative duration takes earlier ones, too. 0s if neither this nor the KeptnConfig says it.',
    ),
  ),
  ...followUpLists,
  ...followUpAliases,
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
  versions: [{ name: 'v1', spec, status }, ...olderVersions(spec, status)],
});
export type KeptnEvaluationDefinition = ObjectOf<typeof KeptnEvaluationDefinition>;
