import type { IntervalResult, KeptnMetric, KeptnMetricStatus } from '../api/keptn/metric.ts';
import { type Progress, withProgress } from './conditions.ts';
import { sameJson } from './same-json.ts';
import { parseTime, rfc3339 } from './time.ts';

/** What came of asking for a metric. */
export type MetricOutcome =
  | { readonly type: 'measured'; readonly value: string; readonly rawValue: string }
  /** `reason` is CamelCase; `stalled` when somebody has to change something first. */
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly message: string;
      readonly stalled?: boolean;
    };

const keptnIntervalMs = 10_000;

/**
 * How long after one query the next one is due. Unlike in Keptn, which never asks more often than every ten seconds, each
 * whole second counts; nothing, or less, means Keptn's ten.
 */
export function fetchIntervalMs({ spec }: KeptnMetric): number {
  return spec.fetchIntervalSeconds >= 1 ? spec.fetchIntervalSeconds * 1000 : keptnIntervalMs;
}

/**
 * When the first query after a start is due. The stored status counts only if it belongs to the present spec: a changed
 * query takes effect at once.
 */
export function firstDueAt(metric: KeptnMetric, now: number): number {
  const { status, metadata } = metric;
  const updatedAt = parseTime(status?.lastUpdated);
  if (updatedAt === undefined || status?.observedGeneration !== metadata.generation) return now;
  const dueAt = updatedAt + fetchIntervalMs(metric);
  // Further away than the interval: another machine's clock was ahead.
  return dueAt - now > fetchIntervalMs(metric) ? now : dueAt;
}

/** The status after a query. An error leaves the last value standing next to it, as in Keptn. */
export function metricStatus(
  metric: KeptnMetric,
  outcome: MetricOutcome,
  now: number,
): KeptnMetricStatus {
  const { generation } = metric.metadata;
  const before = metric.status ?? {};
  const conditions = withProgress(before.conditions, progressOf(outcome), {
    now,
    generation,
    positive: 'Ready',
  });
  const status: KeptnMetricStatus = {
    ...before,
    lastUpdated: rfc3339(now),
    conditions: [...conditions],
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const results = keptResults(metric, outcome, now);
  if (results !== undefined) status.intervalResults = results;
  if (outcome.type === 'failed') return { ...status, errMsg: outcome.message };
  delete status.errMsg;
  return { ...status, value: outcome.value, rawValue: outcome.rawValue };
}

/** The last results, the newest at the end; undefined when none are to be kept, and what is there stays. */
function keptResults(
  { spec, status }: KeptnMetric,
  outcome: MetricOutcome,
  now: number,
): IntervalResult[] | undefined {
  const { range } = spec;
  const size = range?.storedResults ?? 0;
  if (range === undefined || size <= 0) return undefined;
  const result: IntervalResult = {
    value: outcome.type === 'measured' ? outcome.value : '',
    range,
    lastUpdated: rfc3339(now),
    ...(outcome.type === 'failed' && { errMsg: outcome.message }),
  };
  return [...(status?.intervalResults ?? []), result].slice(-size);
}

function progressOf(outcome: MetricOutcome): Progress {
  if (outcome.type === 'measured') {
    return {
      kind: 'succeeded',
      reason: 'Measured',
      message: 'The provider answered the last query.',
    };
  }
  const { reason, message, stalled } = outcome;
  return { kind: stalled === true ? 'stalled' : 'waiting', reason, message };
}

const longestSilenceMs = 60_000;

/**
 * Whether a new status is worth a write: when it says anything new, and otherwise once a minute, so that `lastUpdated`
 * shows that the metric is alive. The raw value goes along with the others.
 */
export function isWorthWriting(
  before: KeptnMetricStatus | undefined,
  after: KeptnMetricStatus,
  now: number,
): boolean {
  const writtenAt = parseTime(before?.lastUpdated);
  if (before === undefined || writtenAt === undefined) return true;
  if (now - writtenAt >= longestSilenceMs || writtenAt > now) return true;
  return !sameJson(toldBy(before), toldBy(after));
}

function toldBy(status: KeptnMetricStatus): Partial<KeptnMetricStatus> {
  const told: Partial<KeptnMetricStatus> = { ...status };
  delete told.lastUpdated;
  delete told.rawValue;
  return told;
}
