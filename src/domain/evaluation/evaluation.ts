import { KeptnEvaluation, type KeptnEvaluationStatus } from '../../api/keptn/evaluation.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import { type Progress, withProgress } from '../conditions.ts';
import { deadlineOf, type Deadlines, exceeded } from '../deadline.ts';
import { evaluationWarning } from './evaluation-events.ts';
import { type FollowedEvaluation, followingUp, withWhatFollows } from './evaluation-follow-ups.ts';
import {
  judgeObjectives,
  type ObjectiveAt,
  objectivesAt,
  unmetLines,
} from './evaluation-objectives.ts';
import { discarded, preparation, type QueryingEvaluation } from './evaluation-queries.ts';
import {
  attemptsOf,
  ended,
  isOpen,
  retryIntervalMs,
  startedStatus,
  statusOf,
  timeToNextAttempt,
} from './evaluation-status.ts';
import type { Measurement } from '../measurement/usable-value.ts';
import type { ValueBounds } from '../measurement/value-bounds.ts';
import { leastFetchIntervalMs } from '../measurement/metric.ts';
import { type EventNote, type Plan, storing } from '../plan.ts';
import { placesOf } from '../reference.ts';
import { defined } from '../../api/json.ts';
import { remainingMs } from '../remaining.ts';
import { parseTime, rfc3339 } from '../time.ts';

/**
 * The life of a KeptnEvaluation (docs/compatibility.md §6).
 *
 *   Pending ──► Progressing ──► … ──► Succeeded    every objective was met in some attempt
 *      │             ▲  │
 *      │             └──┘ retryInterval ──► Failed  the last attempt is over
 *      └ waits, uncounted, while its definition, a metric or a value is missing
 *
 * Attempts count measurements: one is made when each open objective has a value that the attempt before did not judge. An
 * attempt is one status write, which also says when the next one is due: a restart neither adds nor loses one. The two
 * ends are final; the tasks that follow them are recorded with them.
 */
export interface EvaluationObservation extends FollowedEvaluation, QueryingEvaluation {
  /** The version that is evaluated was superseded: its outcome no longer counts (B11). */
  readonly isSuperseded: boolean;
  /** The attempt of the version that is evaluated was aborted by somebody. */
  readonly isAborted: boolean;
  /** The objectives of the definition in order; empty while there is none. */
  readonly measurements: readonly Measurement[];
  /** Which values count. */
  readonly bounds: ValueBounds;
  /** How long it may wait for its definition, and for metrics and their values; for ever if not given. */
  readonly deadlines?: Deadlines;
}

/** What happens next to an evaluation, and to the metrics it has made. */
export function decideEvaluation(observation: EvaluationObservation): Plan {
  const { evaluation } = observation;
  if (evaluation.metadata.deletionTimestamp !== undefined) return {};
  const status = statusOf(evaluation);
  const queried = { isOpen: isOpen(evaluation), statuses: status.evaluationStatus };
  const effects = discarded(observation, queried);
  const plan = decide(observation, status);
  return effects.length === 0 ? plan : { ...plan, effects: [...effects, ...(plan.effects ?? [])] };
}

function decide(observation: EvaluationObservation, status: KeptnEvaluationStatus): Plan {
  const { now, evaluation, definition, measurements } = observation;
  if (isCompleted(stateOf(status.overallStatus))) return followingUp(observation);
  if (observation.isSuperseded || observation.isAborted) return cutOff(observation, status);
  if (status.retryCount >= attemptsOf(evaluation)) return end(observation, status);
  const wakeAfterMs = timeToNextAttempt(evaluation, status, observation);
  if (wakeAfterMs > 0) return { wakeAfterMs };
  // What an attempt finds is counted, so what only a cache says is missing is read first.
  const unread = [definition, ...measurements.map(({ metric }) => metric)].flatMap(
    (reference) => reference.unread,
  );
  if (unread.length > 0) return { look: unread };
  if (definition.object === undefined) return waitForDefinition(observation, status);
  const objectives = objectivesAt(measurements, status.evaluationStatus, {
    namespace: evaluation.metadata.namespace ?? '',
    bounds: observation.bounds,
    now,
  });
  return (
    prepareQueries(observation, status) ??
    waitForValues(observation, status, objectives) ??
    attempt(observation, status, objectives)
  );
}

/** Undefined when each query has its metric. */
function prepareQueries(
  observation: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan | undefined {
  const { evaluation, now } = observation;
  const intervalMs = Math.max(leastFetchIntervalMs, retryIntervalMs(evaluation));
  const needed = preparation(observation, {
    statuses: before.evaluationStatus,
    fetchIntervalSeconds: Math.floor(intervalMs / 1_000),
  });
  if (needed === undefined) return undefined;
  const { effects, progress } = needed;
  // Between two attempts the answer is on its way, and what the last attempt said still stands.
  if (progress.kind === 'waiting' && before.retryCount > 0) return { effects };
  const text = `could not ask for its objectives: ${progress.message}`;
  if (progress.kind !== 'stalled') {
    const status = startedStatus(evaluation, before, now);
    return { effects, ...write(evaluation, status, { progress, now }) };
  }
  const events = [evaluationWarning(evaluation, { suffix: 'NotFound', text })];
  const plan = waitWithDeadline('metric', startedStatus(evaluation, before, now), {
    observation,
    progress,
    events,
  });
  return { effects, ...plan };
}

/** What is not there yet may still come, so waiting for it is no attempt; undefined when every value is there. */
function waitForValues(
  observation: EvaluationObservation,
  before: KeptnEvaluationStatus,
  objectives: readonly ObjectiveAt[],
): Plan | undefined {
  const { evaluation, now } = observation;
  const missing = objectives.flatMap(({ key, usable }) =>
    usable?.type === 'none' ? [{ key, ...usable }] : [],
  );
  if (missing.length === 0) return undefined;
  // The next measurement is on its way for a moment, and what the last attempt said still stands.
  const dueAtMs = parseTime(before.nextAttemptTime) ?? now;
  const patienceMs = remainingMs(dueAtMs, longestSilenceMs, now);
  const unexpected = missing.filter(({ reason }) => reason !== 'ValueJudged' || patienceMs <= 0);
  if (unexpected.length === 0) return { wakeAfterMs: patienceMs };
  const absent = unexpected.filter(({ reason }) => absentReasons.has(reason));
  const [first] = absent.length > 0 ? absent : unexpected;
  const message = sentence(unexpected.map(({ key, message: text }) => `${key}: ${text}`));
  const progress = {
    kind: absent.length > 0 ? 'stalled' : 'waiting',
    reason: first?.reason ?? 'ValuePending',
    message,
  } as const;
  const status = {
    ...startedStatus(evaluation, before, now),
    evaluationStatus: judgeObjectives(
      objectives.map((each) =>
        each.usable?.type === 'value' ? { ...each, usable: undefined } : each,
      ),
    ),
  };
  const events =
    absent.length > 0 ? [evaluationWarning(evaluation, { suffix: 'NotFound', text: message })] : [];
  return waitWithDeadline('metric', status, { observation, progress, events });
}

/** Waits for what may never come, and fails when its deadline has passed. */
function waitWithDeadline(
  on: 'definition' | 'metric',
  status: KeptnEvaluationStatus,
  at: {
    readonly observation: EvaluationObservation;
    readonly progress: Progress;
    readonly events: readonly EventNote[];
  },
): Plan {
  const { observation, progress, events } = at;
  const { evaluation, now, clockSteps, deadlines } = observation;
  const limitMs = deadlines?.[on];
  const deadline = deadlineOf(on, status.conditions, { limitMs, now, clockSteps });
  if (deadline.isOver) {
    const failed = { kind: 'failed', ...exceeded(deadline, progress.message) } as const;
    const text = `evaluation failed: ${failed.message}`;
    return conclude(observation, ended(status, 'Failed', now), {
      progress: failed,
      events: [evaluationWarning(evaluation, { suffix: 'Failed', text })],
    });
  }
  const { waiting, wakeAfterMs } = deadline;
  return {
    ...write(evaluation, status, { progress: { ...progress, waiting }, now }),
    events,
    ...defined({ wakeAfterMs }),
  };
}

/** How long an attempt may wait for a value that was not judged yet before it says so. Milliseconds. */
const longestSilenceMs = 30_000;

const absentReasons: ReadonlySet<string> = new Set([
  'MetricForbidden',
  'MetricNotFound',
  'ProviderNotFound',
]);

function attempt(
  observation: EvaluationObservation,
  before: KeptnEvaluationStatus,
  objectives: readonly ObjectiveAt[],
): Plan {
  const { now, evaluation } = observation;
  const evaluationStatus = judgeObjectives(objectives);
  const status = {
    ...startedStatus(evaluation, before, now),
    evaluationStatus,
    retryCount: before.retryCount + 1,
  };
  const count = `attempt ${status.retryCount} of ${attemptsOf(evaluation)}`;
  const unmet = unmetLines(evaluationStatus);
  if (unmet.length === 0) {
    const progress = {
      kind: 'succeeded',
      reason: 'ObjectivesMet',
      message: `All objectives were met by ${count}.`,
    } as const;
    return conclude(observation, ended(status, 'Succeeded', now), { progress, events: [] });
  }
  if (status.retryCount >= attemptsOf(evaluation)) return fail(observation, status);
  const nextAttemptMs = now + retryIntervalMs(evaluation);
  const next = new Date(nextAttemptMs).toISOString();
  const progress = {
    kind: 'waiting',
    reason: 'ObjectivesNotMet',
    message: `${sentence(unmet)} (${count}, next at ${rfc3339(nextAttemptMs)})`,
  } as const;
  return {
    ...write(
      evaluation,
      // With milliseconds, unlike other times: cut to the second it would shorten every interval.
      { ...status, overallStatus: 'Progressing', nextAttemptTime: next },
      { progress, now },
    ),
    wakeAfterMs: nextAttemptMs - now,
  };
}

/** All attempts were made, and the last one is without a result (the process ended): Keptn says so an interval later. */
function end(observation: EvaluationObservation, before: KeptnEvaluationStatus): Plan {
  return fail(observation, startedStatus(observation.evaluation, before, observation.now));
}

function cutOff(
  { evaluation, now, isAborted }: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan {
  const progress = {
    kind: 'failed',
    reason: isAborted ? 'Aborted' : 'Superseded',
    message: `the version it evaluates was ${isAborted ? 'aborted' : 'superseded by another one'}`,
  } as const;
  const status = startedStatus(evaluation, before, now);
  return write(evaluation, ended(status, 'Deprecated', now), { progress, now });
}

function fail(observation: EvaluationObservation, status: KeptnEvaluationStatus): Plan {
  const { evaluation, now } = observation;
  const unmet = unmetLines(status.evaluationStatus);
  const progress = {
    kind: 'failed',
    reason: 'ObjectivesNotMet',
    message: `${sentence(unmet)} (attempt ${status.retryCount} of ${attemptsOf(evaluation)}, the last)`,
  } as const;
  const text = ['evaluation failed', ...unmet].join('\n');
  const events = [
    evaluationWarning(evaluation, { suffix: 'ReconcileTimeout', text: 'retryCount exceeded' }),
    evaluationWarning(evaluation, { suffix: 'Failed', text }),
  ];
  return conclude(observation, ended(status, 'Failed', now), { progress, events });
}

/** Stores an end that somebody waited for, together with the tasks that follow it by its definition. */
function conclude(
  observation: EvaluationObservation,
  status: KeptnEvaluationStatus,
  { progress, events }: { progress: Progress; events: readonly EventNote[] },
): Plan {
  const { evaluation, definition, now } = observation;
  if (definition.object === undefined && definition.unread.length > 0) {
    return { look: definition.unread };
  }
  const followed = withWhatFollows(observation, status);
  return {
    ...write(evaluation, followed.status, { progress, now }),
    events: [...events, ...followed.events],
  };
}

/** Waiting for a definition is no attempt, as in Keptn. */
function waitForDefinition(
  observation: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan {
  const { now, evaluation, definition } = observation;
  const missing = `KeptnEvaluationDefinition ${definition.name} not found in namespace ${placesOf(definition)}`;
  const progress = { kind: 'stalled', reason: 'DefinitionNotFound', message: missing } as const;
  const status = startedStatus(evaluation, before, now);
  const text = `could not find KeptnEvaluationDefinition: ${definition.name}`;
  const events = [evaluationWarning(evaluation, { suffix: 'NotFound', text })];
  return waitWithDeadline('definition', status, { observation, progress, events });
}

function write(
  evaluation: KeptnEvaluation,
  status: KeptnEvaluationStatus,
  { progress, now }: { progress: Progress; now: number },
): Plan {
  const conditions = withProgress(status.conditions, progress, { now, of: evaluation });
  return storing(KeptnEvaluation, evaluation, { ...status, conditions });
}

const longestList = 5;

function sentence(unmet: readonly string[]): string {
  const rest = unmet.length - longestList;
  const shown = unmet.slice(0, longestList).join('; ');
  return rest > 0 ? `${shown}; and ${rest} more` : shown || 'no objective was judged';
}
