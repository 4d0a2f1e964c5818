import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf, type PrinterColumn } from '../resource.ts';
import {
  integer,
  list,
  object,
  oneOf,
  optional,
  rules,
  shortText,
  text,
  time,
  type Static,
} from '../schema.ts';
import { metricsGroup } from './groups.ts';

const aggregations = ['p90', 'p95', 'p99', 'max', 'min', 'avg', 'median'] as const;

/** How the values of a range become one. */
export type Aggregation = (typeof aggregations)[number];

const rangeFields = {
  interval: optional(
    shortText('How far back the query looks, as a Go duration.', { default: '5m' }),
  ),
  step: optional(shortText('Distance between two values of the range, as a Go duration.')),
  aggregation: optional(oneOf('How the values of the range become one.', aggregations)),
  storedResults: optional(integer('How many results are kept in the status.', { maximum: 255 })),
};

// Keptn's webhook judges the same two fields and takes an empty step for none.
const range = object(
  'The span of time the query covers.',
  rangeFields,
  rules({
    rule: "(has(self.step) && self.step != '') == has(self.aggregation)",
    message: 'Forbidden! step and aggregation are set together or not at all',
  }),
);

/** The span of time a query covers. */
export type MetricRange = Static<typeof range>;

const spec = object('The query, and how often it is asked.', {
  provider: object('Who is asked.', {
    name: shortText('Name of a KeptnMetricsProvider in the same namespace.'),
  }),
  query: text('The query, in the language of the provider.'),
  fetchIntervalSeconds: integer('Time between two queries, in seconds.'),
  range: optional(range),
});

const intervalResult = object('One result of the past.', {
  value: text('The value.'),
  range: object('The span of time it covers.', rangeFields),
  lastUpdated: time('When it was measured.'),
  errMsg: optional(text('Why there is no value.')),
});

/** One result of the past. */
export type IntervalResult = Static<typeof intervalResult>;

const status = statusObject('The result of the query.', {
  value: optional(text('The latest value.')),
  rawValue: optional(
    text('The latest answer of the provider as it came, in base64.', { format: 'byte' }),
  ),
  lastUpdated: optional(
    time('The moment the value was asked for. A query that gave no value does not move it.'),
  ),
  measuredWith: optional(
    text(
      'Digest of the query, the range and the provider that the value was measured with. A value with another digest belongs to an earlier spec and counts for nothing.',
    ),
  ),
  errMsg: optional(text('Why the last query gave no value.')),
  lastErrorTime: optional(time('When a query gave no value last, as long as none has since.')),
  intervalResults: optional(list('The last results, oldest first.', intervalResult)),
});

export type KeptnMetricSpec = Static<typeof spec>;
export type KeptnMetricStatus = Static<typeof status>;

const columns: readonly PrinterColumn[] = [
  { name: 'Provider', jsonPath: '.spec.provider.name' },
  { name: 'Query', jsonPath: '.spec.query' },
  { name: 'Interval', jsonPath: '.spec.range.interval' },
  { name: 'Value', jsonPath: '.status.value' },
  { name: 'Step', jsonPath: '.spec.range.step' },
  { name: 'Aggregation', jsonPath: '.spec.range.aggregation' },
  // Interval is the span of a range, and empty without one.
  { name: 'Every', jsonPath: '.spec.fetchIntervalSeconds', type: 'integer' },
  { name: 'Measured', jsonPath: '.status.lastUpdated', type: 'date' },
];

const v1 = { name: 'v1', spec, status, columns } as const;

/** A number that a provider is asked for again and again. */
export const KeptnMetric = defineResource({
  group: metricsGroup,
  kind: 'KeptnMetric',
  description: 'A value that a metrics provider is asked for at intervals.',
  summary: 'Ready',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'])],
});
export type KeptnMetric = ObjectOf<typeof KeptnMetric>;
