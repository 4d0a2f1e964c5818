import type { Objective } from '../../api/keptn/evaluation-definition.ts';
import type { KeptnMetric } from '../../api/keptn/metric.ts';
import type { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { formatDuration } from '../go/duration.ts';
import { fetchIntervalMs } from './metric.ts';
import { placesOf, type Reference } from '../reference.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { measuredWith } from './measured-with.ts';
import { hasQuery } from './own-query.ts';
import type { ValueBounds } from './value-bounds.ts';

/** An objective together with the metric it is about, and the provider that the metric is asked of now. */
export interface Measurement {
  readonly objective: Objective;
  readonly metric: Reference<KeptnMetric>;
  /** Undefined where there is none, and where there is no metric. */
  readonly provider: KeptnMetricsProvider | undefined;
}

/**
 * Why an objective has no value that could be judged. `ValueJudged`: the last attempt has judged it already, and the next
 * one needs a newer one. `QueryFailed`: there would be a newer one, had the metric's last query not failed.
 */
export type MissingReason =
  | 'MetricForbidden'
  | 'MetricNotFound'
  | 'ProviderNotFound'
  | 'ValuePending'
  | 'QueryFailed'
  | 'ValueTooOld'
  | 'ValueBeforeDeployment'
  | 'ValueJudged';

/** The value an attempt may judge, or why there is none yet. */
export type UsableValue =
  | { readonly type: 'value'; readonly value: string; readonly measuredAt: string }
  | {
      readonly type: 'none';
      readonly reason: MissingReason;
      readonly message: string;
      /** The earliest moment at which a measurement would do, in milliseconds since the Unix epoch. */
      readonly fromMs: number;
      /** Whether the metric's last query failed. */
      readonly failed: boolean;
    };

/** What `usableValue` needs beside the measurement. */
export interface AtAttempt {
  readonly bounds: ValueBounds;
  readonly now: number;
  /** When the value was measured that the last attempt judged, as its status says; undefined before the first. */
  readonly judgedAt: string | undefined;
}

/**
 * The value that an attempt made now may judge. It must have been measured with what the metric says now, within the bounds,
 * and after the measurement that was judged last. A failed query takes no value away: the last one counts until it is too
 * old.
 */
export function usableValue(measurement: Measurement, at: AtAttempt): UsableValue {
  const { metric, provider } = measurement;
  const { object } = metric;
  const errMsg = object?.status?.errMsg ?? '';
  const absent =
    object === undefined ? metricAbsent(measurement) : unmeasured(measurement, object, at);
  if (absent !== undefined || object === undefined || provider === undefined) {
    return noValue(absent, { errMsg, now: at.now });
  }
  const { value = '', lastUpdated = '' } = object.status ?? {};
  const last: LastValue = { metric: object, value, lastUpdated, atMs: parseTime(lastUpdated) ?? 0 };
  const flaw = tooOld(last, at) ?? beforeDeployment(last, at) ?? judged(last, at);
  return flaw === undefined
    ? { type: 'value', value, measuredAt: lastUpdated }
    : noValue(flaw, { errMsg, now: at.now });
}

/** Why there is no value to judge. */
interface Flaw {
  readonly reason: MissingReason;
  readonly message: string;
  readonly fromMs?: number;
}

interface LastValue {
  readonly metric: KeptnMetric;
  readonly value: string;
  readonly lastUpdated: string;
  readonly atMs: number;
}

function noValue(
  flaw: Flaw | undefined,
  { errMsg, now }: { readonly errMsg: string; readonly now: number },
): UsableValue {
  const { reason, message, fromMs = now } = flaw ?? { reason: 'ValuePending', message: 'no value' };
  const failed = errMsg !== '';
  return {
    type: 'none',
    reason: failed && renewable.has(reason) ? 'QueryFailed' : reason,
    message: failed ? `${message} (the last query failed: ${errMsg})` : message,
    fromMs: Math.max(now, fromMs),
    failed,
  };
}

const renewable: ReadonlySet<MissingReason> = new Set([
  'ValuePending',
  'ValueTooOld',
  'ValueBeforeDeployment',
]);

function metricAbsent({ objective, metric }: Measurement): Flaw {
  if (metric.namespaces.length === 0) {
    const { namespace = '' } = objective.keptnMetricRef ?? {};
    return {
      reason: 'MetricForbidden',
      message: `keptnMetricRef.namespace: "${namespace}" is not read; move KeptnMetric ${metric.name} into the namespace of the evaluation or of Sluice`,
    };
  }
  return {
    reason: 'MetricNotFound',
    message: `keptnmetrics.metrics.keptn.sh "${metric.name}" not found in namespace ${placesOf(metric)}`,
  };
}

/** Why the metric as it is now has no value at all. */
function unmeasured(
  { objective, metric: { name }, provider }: Measurement,
  metric: KeptnMetric,
  { now }: AtAttempt,
): Flaw | undefined {
  if (provider === undefined) {
    const place = metric.metadata.namespace ?? '';
    return {
      reason: 'ProviderNotFound',
      message: `KeptnMetricsProvider ${metric.spec.provider.name}, which KeptnMetric ${name} asks, not found in namespace ${place}`,
    };
  }
  const pending = (message: string): Flaw => ({ reason: 'ValuePending', message });
  const { value = '', rawValue = '', lastUpdated = '' } = metric.status ?? {};
  if (value === '') {
    return pending(
      hasQuery(objective) ? 'the query gave no value yet' : `empty value for: ${name}`,
    );
  }
  if (rawValue === '') return pending(`empty rawValue for: ${name}`);
  const atMs = parseTime(lastUpdated);
  if (atMs === undefined || metric.status?.measuredWith !== measuredWith(metric.spec, provider)) {
    return pending(
      `the value ${value} of ${name} was not measured with the query, range and provider that the metric has now; the next one is awaited`,
    );
  }
  return atMs > now
    ? pending(
        `the value ${value} of ${name} claims to be of ${lastUpdated}, which is still to come; the next one is awaited`,
      )
    : undefined;
}

function tooOld({ metric, value, lastUpdated, atMs }: LastValue, at: AtAttempt): Flaw | undefined {
  const { maxAgeMs } = at.bounds;
  const longestMs = maxAgeMs ?? 2 * fetchIntervalMs(metric);
  if (at.now - atMs <= longestMs) return undefined;
  const bound = maxAgeMs === undefined ? 'two fetch intervals' : 'maxValueAge';
  const message = `the last value of ${metric.metadata.name}, ${value} of ${lastUpdated}, is older than ${formatDuration(longestMs)} (${bound})`;
  return { reason: 'ValueTooOld', message };
}

function beforeDeployment(
  { metric, value, lastUpdated, atMs }: LastValue,
  { bounds }: AtAttempt,
): Flaw | undefined {
  if (bounds.deployment === undefined) return undefined;
  const { startedAtMs, minTimeMs } = bounds.deployment;
  const boundMs = startedAtMs + minTimeMs;
  // Both times are cut to the second: a later second is later for sure.
  if (atMs > boundMs) return undefined;
  const further =
    minTimeMs === 0 ? '' : ` and ${formatDuration(minTimeMs)} (minTimeAfterDeployment)`;
  const message = `the last value of ${metric.metadata.name}, ${value} of ${lastUpdated}, was not measured after the start of the deployment, ${rfc3339(startedAtMs)}${further}`;
  return { reason: 'ValueBeforeDeployment', message, fromMs: secondAfter(boundMs) };
}

function judged(
  { metric, lastUpdated, atMs }: LastValue,
  { judgedAt, now }: AtAttempt,
): Flaw | undefined {
  const judgedAtMs = parseTime(judgedAt);
  // What is still to come was written by a clock that was ahead.
  if (judgedAtMs === undefined || judgedAtMs > now || atMs > judgedAtMs) return undefined;
  const message = `the next attempt waits until ${metric.metadata.name} has a newer value than that of ${lastUpdated}, which the last attempt judged; it is asked for one at least once a minute`;
  return { reason: 'ValueJudged', message, fromMs: secondAfter(judgedAtMs) };
}

/** The first whole second after this moment. */
function secondAfter(ms: number): number {
  return (Math.floor(ms / 1000) + 1) * 1000;
}
