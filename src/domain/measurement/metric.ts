import { defined, isEqualJson } from '../../api/json.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { remainingMs } from '../remaining.ts';
import type { IntervalResult, KeptnMetric, KeptnMetricStatus } from '../../api/keptn/metric.ts';
import type { Condition } from '../../api/object.ts';
import {
  conditionTypes,
  observed,
  type Progress,
  withCondition,
  withoutCondition,
  withProgress,
} from '../conditions.ts';
import { parseTime, rfc3339 } from '../time.ts';

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

/** No metric is asked for more often than this, whatever its spec or an evaluation says. */
export const leastFetchIntervalMs = 5_000;

/**
 * How long after one query the next one is due. Unlike in Keptn, which never asks more often than every ten seconds, five
 * are the least; nothing, or a negative interval, means Keptn's ten.
 */
export function fetchIntervalMs({ spec }: KeptnMetric): number {
  const { fetchIntervalSeconds } = spec;
  if (fetchIntervalSeconds < 1) return keptnIntervalMs;
  return Math.max(leastFetchIntervalMs, fetchIntervalSeconds * 1000);
}

/**
 * When the first query after a start is due. The stored status counts only if it was measured with what the metric says now
 * (`as`, of `measuredWith`): a changed query takes effect at once.
 */
export function firstDueAt(metric: KeptnMetric, as: string | undefined, moment: Moment): number {
  const { now } = moment;
  const askedAt = lastAskedAt(metric.status);
  if (askedAt === undefined || metric.status?.measuredWith !== as) return now;
  // Further away than the interval: another machine's clock was ahead.
  return now + remainingMs(onThisClock(askedAt, moment), fetchIntervalMs(metric), now);
}

function lastAskedAt(status: KeptnMetricStatus | undefined): number | undefined {
  const times = [parseTime(status?.lastUpdated), parseTime(status?.lastErrorTime)];
  return times.reduce((one, other) => (one === undefined || (other ?? 0) > one ? other : one));
}

/** One question to a provider, in milliseconds since the Unix epoch where it says when. */
export interface Asking {
  readonly askedAt: number;
  /** The digest of what was asked (`measuredWith`); undefined where there was no provider to ask. */
  readonly as: string | undefined;
  /** When the value that stands was confirmed last, if that is later than the stored status says. */
  readonly confirmedAt?: number;
}

/**
 * The status after a query. A value belongs to what it was measured with, and its time is the moment it was asked for; an
 * error has a time of its own and leaves the value standing next to it, as in Keptn, as long as it belongs to the present
 * spec and provider.
 */
export function metricStatus(
  metric: KeptnMetric,
  outcome: MetricOutcome,
  asking: Asking,
): KeptnMetricStatus {
  const { askedAt, as } = asking;
  const standing = standingStatus(metric, asking);
  const results = keptResults(metric, standing, { outcome, askedAt });
  const status: KeptnMetricStatus = {
    ...withMetricProgress(metric, standing, { progress: progressOf(outcome), now: askedAt }),
    ...defined({ intervalResults: results }),
  };
  if (outcome.type === 'failed') {
    return { ...status, errMsg: outcome.message, lastErrorTime: rfc3339(askedAt) };
  }
  delete status.errMsg;
  delete status.lastErrorTime;
  return {
    ...status,
    value: outcome.value,
    rawValue: outcome.rawValue,
    lastUpdated: rfc3339(askedAt),
    ...defined({ measuredWith: as }),
  };
}

/**
 * The status of a metric whose query, range or provider has changed since its value was measured: it has none until the
 * next answer. Undefined when the value that is there still counts, and for one that Keptn measured, of which it is not known
 * with what: that one stays to be seen until Sluice has its own.
 */
export function outdatedStatus(
  metric: KeptnMetric,
  as: string,
  now: number,
): KeptnMetricStatus | undefined {
  const { status } = metric;
  if (status?.measuredWith === undefined || status.measuredWith === as) return undefined;
  const progress = {
    kind: 'waiting',
    reason: 'ValuePending',
    message:
      'Query, range or provider have changed since the last value was measured; the next answer is awaited.',
  } as const;
  return withMetricProgress(metric, withoutValue(status), { progress, now });
}

/**
 * The status with the time at which its value was confirmed since it was written; undefined where it says so already, and
 * where there is no value that this belongs to.
 */
export function confirmedStatus(
  { status }: KeptnMetric,
  { as, confirmedAt }: { readonly as: string; readonly confirmedAt: number | undefined },
): KeptnMetricStatus | undefined {
  if (confirmedAt === undefined || status?.value === undefined || status.measuredWith !== as) {
    return undefined;
  }
  const lastUpdated = rfc3339(confirmedAt);
  const storedAt = parseTime(status.lastUpdated) ?? 0;
  return (parseTime(lastUpdated) ?? 0) > storedAt ? { ...status, lastUpdated } : undefined;
}

/** What stays of the stored status beside a new answer. */
function standingStatus({ status = {} }: KeptnMetric, asking: Asking): KeptnMetricStatus {
  const { as, confirmedAt } = asking;
  if (status.value === undefined) return status;
  if (as === undefined || status.measuredWith !== as) return withoutValue(status);
  const storedAt = parseTime(status.lastUpdated) ?? 0;
  return confirmedAt === undefined || confirmedAt <= storedAt
    ? status
    : { ...status, lastUpdated: rfc3339(confirmedAt) };
}

function withoutValue(status: KeptnMetricStatus): KeptnMetricStatus {
  const { value: _, rawValue: __, lastUpdated: ___, measuredWith: ____, ...rest } = status;
  delete rest.intervalResults;
  return rest;
}

function withMetricProgress(
  metric: KeptnMetric,
  status: KeptnMetricStatus,
  { progress, now }: { readonly progress: Progress; readonly now: number },
): KeptnMetricStatus {
  const at = { now, of: metric, positive: 'Ready' } as const;
  const conditions = withProgress(status.conditions, progress, at);
  return {
    ...status,
    conditions: [...withIntervalRaised(metric, conditions, now)],
    ...observed(metric),
  };
}

/** Says where the metric is asked less often than its spec says, and only there. */
function withIntervalRaised(
  metric: KeptnMetric,
  conditions: Condition[],
  now: number,
): Condition[] {
  const type = conditionTypes.intervalRaised;
  const { fetchIntervalSeconds } = metric.spec;
  const intervalMs = fetchIntervalMs(metric);
  if (fetchIntervalSeconds < 1 || fetchIntervalSeconds * 1000 >= intervalMs) {
    return withoutCondition(conditions, type);
  }
  const message = `spec.fetchIntervalSeconds is ${fetchIntervalSeconds}, but no metric is asked more often than every ${leastFetchIntervalMs / 1000} seconds: this one is asked every ${intervalMs / 1000} seconds.`;
  return withCondition(conditions, { type, status: 'True', reason: 'LeastInterval', message }, now);
}

/** The last results, the newest at the end; undefined when none are to be kept, and what is there stays. */
function keptResults(
  { spec: { range } }: KeptnMetric,
  { intervalResults = [] }: KeptnMetricStatus,
  { outcome, askedAt }: { readonly outcome: MetricOutcome; readonly askedAt: number },
): IntervalResult[] | undefined {
  const size = range?.storedResults ?? 0;
  if (range === undefined || size <= 0) return undefined;
  const result: IntervalResult = {
    value: outcome.type === 'measured' ? outcome.value : '',
    range,
    lastUpdated: rfc3339(askedAt),
    ...(outcome.type === 'failed' && { errMsg: outcome.message }),
  };
  return [...intervalResults, result].slice(-size);
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
 * Whether a new status is worth a write: when it says anything new, and otherwise once a minute, so that its times show that
 * the metric is alive. The raw value goes along with the others.
 */
export function isWorthWriting(
  before: KeptnMetricStatus | undefined,
  after: KeptnMetricStatus,
  now: number,
): boolean {
  const writtenAt = lastAskedAt(before);
  if (before === undefined || writtenAt === undefined) return true;
  if (now - writtenAt >= longestSilenceMs || writtenAt > now) return true;
  return !isEqualJson(toldBy(before), toldBy(after));
}

function toldBy(status: KeptnMetricStatus): Partial<KeptnMetricStatus> {
  const told: Partial<KeptnMetricStatus> = { ...status };
  delete told.lastUpdated;
  delete told.lastErrorTime;
  delete told.rawValue;
  return told;
}
