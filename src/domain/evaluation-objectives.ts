import type { Objective } from '../api/keptn/evaluation-definition.ts';
import type { ObjectiveStatus } from '../api/keptn/evaluation.ts';
import type { KeptnMetric } from '../api/keptn/metric.ts';
import { compareWithTarget } from './evaluation-target.ts';
import { placesOf, type Reference } from './reference.ts';

/** An objective together with the metric it is about. */
export interface Measurement {
  readonly objective: Objective;
  readonly metric: Reference<KeptnMetric>;
}

/** The objectives of one attempt by their key in `status.evaluationStatus`. */
export type ObjectiveStatuses = Readonly<Record<string, ObjectiveStatus>>;

/**
 * Judges every objective. One that was met before stays met and is not measured again (Keptn: latched). A metric that is
 * missing, or has no value yet, fails the objective for this attempt.
 */
export function judgeObjectives(
  measurements: readonly Measurement[],
  before: ObjectiveStatuses,
  namespace: string,
): ObjectiveStatuses {
  const keys = objectiveKeys(
    measurements.map(({ objective }) => objective),
    namespace,
  );
  const judged = measurements.map((measurement, index): [string, ObjectiveStatus] => {
    const key = keys[index] ?? measurement.metric.name;
    const old = before[key];
    return [key, old?.status === 'Succeeded' ? old : judge(measurement)];
  });
  return Object.fromEntries(judged);
}

/**
 * The key of every objective, in order: the plain name of its metric, as in Keptn, or its own name if it has a query. In Keptn, two objectives on metrics of
 * one name overwrite each other, and one that was met passes for the other; here each later one gets a key of its own,
 * with its namespace or, where that is the same, its target.
 */
export function objectiveKeys(
  objectives: readonly Objective[],
  namespace: string,
): readonly string[] {
  const owners = new Map<string, string>();
  return objectives.map((objective) => {
    const { keptnMetricRef, query = '', evaluationTarget } = objective;
    const { name, namespace: stated = '' } = keptnMetricRef ?? { name: objective.name ?? query };
    const place = stated === '' ? namespace : stated;
    const asked = keptnMetricRef === undefined ? ` ${objective.provider?.name ?? ''} ${query}` : '';
    const identity = `${place}/${name} ${evaluationTarget}${asked}`;
    // The last candidate is the identity itself, which only an objective that says the very same can hold.
    const key = [name, `${place}/${name}`].find((candidate) => {
      const owner = owners.get(candidate);
      return owner === undefined || owner === identity;
    });
    owners.set(key ?? identity, identity);
    return key ?? identity;
  });
}

// A value that is no number comes back in the error: without a bound the status could outgrow what the API server stores.
const longestMessage = 1024;

function judge({ objective, metric }: Measurement): ObjectiveStatus {
  const target = objective.evaluationTarget;
  const failed = (message: string, value = ''): ObjectiveStatus => ({
    value: value.slice(0, longestMessage),
    status: 'Failed',
    message: message.slice(0, longestMessage),
  });
  if (metric.object === undefined) {
    return failed(
      `keptnmetrics.metrics.keptn.sh "${metric.name}" not found in namespace ${placesOf(metric)}`,
    );
  }
  const { value, rawValue, errMsg } = metric.object.status ?? {};
  const why = errMsg === undefined || errMsg === '' ? '' : ` (${errMsg})`;
  // A KeptnMetric keeps its last value when a query fails, as in Keptn; an objective that asks by itself judges the answer.
  if (objective.keptnMetricRef === undefined && ((value ?? '') === '' || why !== '')) {
    return failed(`the query gave no value${why}`);
  }
  if (value === undefined || value === '') return failed(`empty value for: ${metric.name}${why}`);
  if (rawValue === undefined || rawValue === '') {
    return failed(`empty rawValue for: ${metric.name}${why}`);
  }
  const comparison = compareWithTarget(value, target);
  if ('error' in comparison) return failed(comparison.error, value);
  if (!comparison.met) return failed(`value '${value}' did not meet objective '${target}'`, value);
  return { value, status: 'Succeeded', message: `value '${value}' met objective '${target}'` };
}

/** One line per objective that is not met: `cpu: value '3' did not meet objective '>4'`. */
export function unmetLines(statuses: ObjectiveStatuses): readonly string[] {
  return Object.entries(statuses)
    .filter(([, { status }]) => status !== 'Succeeded')
    .map(([key, { message }]) => `${key}: ${message ?? 'not met'}`);
}
