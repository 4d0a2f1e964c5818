import type { Objective } from '../../api/keptn/evaluation-definition.ts';
import type { ObjectiveStatus } from '../../api/keptn/evaluation.ts';
import { compareWithTarget } from './evaluation-target.ts';
import { type Measurement, type UsableValue, usableValue } from '../measurement/usable-value.ts';
import type { ValueBounds } from '../measurement/value-bounds.ts';
import { defined } from '../../api/json.ts';

/** The objectives of one attempt by their key in `status.evaluationStatus`. */
export type ObjectiveStatuses = Readonly<Record<string, ObjectiveStatus>>;

/** One objective at an attempt: met before, or with what there is to judge. */
export interface ObjectiveAt {
  readonly key: string;
  readonly objective: Objective;
  /** What an earlier attempt said of it, whatever that was. */
  readonly before: ObjectiveStatus | undefined;
  /** Undefined for one that was met before: it stays met and is not measured again (Keptn: latched). */
  readonly usable: UsableValue | undefined;
}

/** The objectives of an evaluation in order, each with the value that an attempt made now may judge. */
export function objectivesAt(
  measurements: readonly Measurement[],
  before: ObjectiveStatuses,
  at: { readonly namespace: string; readonly bounds: ValueBounds; readonly now: number },
): readonly ObjectiveAt[] {
  const keys = objectiveKeys(
    measurements.map(({ objective }) => objective),
    at.namespace,
  );
  return measurements.map((measurement, index) => {
    const key = keys[index] ?? measurement.metric.name;
    const old = before[key];
    const judgedAt = old?.measuredAt;
    const usable =
      old?.status === 'Succeeded'
        ? undefined
        : usableValue(measurement, { bounds: at.bounds, now: at.now, judgedAt });
    return { key, objective: measurement.objective, before: old, usable };
  });
}

/** Judges every objective by its value. One without a value keeps what is known of it, and says what it waits for. */
export function judgeObjectives(objectives: readonly ObjectiveAt[]): ObjectiveStatuses {
  return Object.fromEntries(
    objectives.map(({ key, objective, before, usable }): [string, ObjectiveStatus] => {
      if (usable?.type === 'value') return [key, judge(objective, usable)];
      return [key, usable === undefined ? (before ?? unjudged) : awaited(before, usable)];
    }),
  );
}

const unjudged: ObjectiveStatus = {
  value: '',
  status: 'Pending',
  message: 'is judged once each objective has a value',
};

function awaited(
  before: ObjectiveStatus | undefined,
  { reason, message }: UsableValue & { type: 'none' },
): ObjectiveStatus {
  if (reason === 'ValueJudged' && before !== undefined) return before;
  return {
    value: '',
    status: 'Pending',
    message: message.slice(0, longestMessage),
    ...defined({ measuredAt: before?.measuredAt }),
  };
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

function judge(
  { evaluationTarget: target }: Objective,
  { value, measuredAt }: UsableValue & { type: 'value' },
): ObjectiveStatus {
  const failed = (message: string): ObjectiveStatus => ({
    value: value.slice(0, longestMessage),
    status: 'Failed',
    message: message.slice(0, longestMessage),
    measuredAt,
  });
  const comparison = compareWithTarget(value, target);
  if ('error' in comparison) return failed(comparison.error);
  if (!comparison.met) return failed(`value '${value}' did not meet objective '${target}'`);
  const message = `value '${value}' met objective '${target}'`;
  return { value, status: 'Succeeded', message, measuredAt };
}

/** One line per objective that is not met: `cpu: value '3' did not meet objective '>4'`. */
export function unmetLines(statuses: ObjectiveStatuses): readonly string[] {
  return Object.entries(statuses)
    .filter(([, { status }]) => status !== 'Succeeded')
    .map(([key, { message }]) => `${key}: ${message ?? 'not met'}`);
}
