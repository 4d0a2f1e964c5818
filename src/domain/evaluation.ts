import type { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation, type KeptnEvaluationStatus } from '../api/keptn/evaluation.ts';
import { isCompleted, stateOf } from '../api/keptn/states.ts';
import { refOf } from '../api/object.ts';
import { type Progress, withProgress } from './conditions.ts';
import { durationOr } from './duration.ts';
import { judgeObjectives, type Measurement, unmetLines } from './evaluation-objectives.ts';
import { phaseEvent } from './phase-event.ts';
import type { EventNote, Plan } from './plan.ts';
import { placesOf, type Reference } from './reference.ts';
import { parseTime, rfc3339 } from './time.ts';

/**
 * The life of a KeptnEvaluation (compatibility reference §6).
 *
 *   Pending ──► Progressing ──► … ──► Succeeded    every objective was met in some attempt
 *      │             ▲  │
 *      │             └──┘ retryInterval ──► Failed  the last attempt is over
 *      └ waits, uncounted, while its definition is missing
 *
 * An attempt is one status write, which also says when the next one is due: a restart neither adds nor loses one. The two
 * ends are final.
 */
export interface EvaluationObservation {
  readonly now: number;
  readonly evaluation: KeptnEvaluation;
  readonly definition: Reference<KeptnEvaluationDefinition>;
  /** The version that is evaluated was superseded: nobody waits for the outcome any more (B11). */
  readonly isSuperseded: boolean;
  /** The objectives of the definition in order; empty while there is none. */
  readonly measurements: readonly Measurement[];
}

/** What happens next to an evaluation. */
export function decideEvaluation(observation: EvaluationObservation): Plan {
  const { now, evaluation, definition, measurements } = observation;
  const status = statusOf(evaluation);
  if (evaluation.metadata.deletionTimestamp !== undefined) return {};
  if (isCompleted(stateOf(status.overallStatus))) return {};
  if (observation.isSuperseded) return supersede(observation, status);
  if (status.retryCount >= attemptsOf(evaluation)) return end(observation, status);
  const remainingMs = timeToNextAttempt(evaluation, status, now);
  if (remainingMs > 0) return { wakeAfterMs: remainingMs };
  // What an attempt finds is counted, so what only a cache says is missing is read first.
  const unread = [definition, ...measurements.map(({ metric }) => metric)].flatMap(
    (reference) => reference.unread,
  );
  if (unread.length > 0) return { look: unread };
  return definition.object === undefined
    ? waitForDefinition(observation, status)
    : attempt(observation, status);
}

function statusOf({ status }: KeptnEvaluation): KeptnEvaluationStatus {
  // Keptn and people write statuses with fields missing; what the schema requires may still be absent in the store.
  return { ...emptyStatus, ...status };
}

const emptyStatus: KeptnEvaluationStatus = {
  retryCount: 0,
  evaluationStatus: {},
  overallStatus: 'Pending',
};

const keptnRetries = 10;
const keptnRetryIntervalMs = 5_000;

/** Keptn counts attempts, not repetitions. It cannot express 0, and fails without measuring; here 0 measures once. */
function attemptsOf({ spec }: KeptnEvaluation): number {
  return Math.max(1, spec.retries ?? keptnRetries);
}

function retryIntervalMs({ spec }: KeptnEvaluation): number {
  return Math.max(0, durationOr(spec.retryInterval, keptnRetryIntervalMs));
}

function timeToNextAttempt(
  evaluation: KeptnEvaluation,
  status: KeptnEvaluationStatus,
  now: number,
): number {
  const remainingMs = (parseTime(status.nextAttemptTime) ?? now) - now;
  // Further away than the interval: the clock of another leader was ahead, or the interval was shortened since.
  return remainingMs > retryIntervalMs(evaluation) ? 0 : remainingMs;
}

function attempt(
  { now, evaluation, measurements }: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan {
  const evaluationStatus = judgeObjectives(
    measurements,
    before.evaluationStatus,
    evaluation.metadata.namespace ?? '',
  );
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
    return write(evaluation, ended(status, 'Succeeded', now), { progress, now });
  }
  if (status.retryCount >= attemptsOf(evaluation)) return fail(evaluation, status, now);
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

/** All attempts were made, and whoever made the last one did not say what came of it: Keptn says so an interval later. */
function end({ evaluation, now }: EvaluationObservation, before: KeptnEvaluationStatus): Plan {
  return fail(evaluation, startedStatus(evaluation, before, now), now);
}

function supersede(
  { evaluation, now }: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan {
  const progress = {
    kind: 'failed',
    reason: 'Superseded',
    message: 'the version it evaluates was superseded by another one',
  } as const;
  const status = startedStatus(evaluation, before, now);
  return write(evaluation, ended(status, 'Deprecated', now), { progress, now });
}

function fail(evaluation: KeptnEvaluation, status: KeptnEvaluationStatus, now: number): Plan {
  const unmet = unmetLines(status.evaluationStatus);
  const progress = {
    kind: 'failed',
    reason: 'ObjectivesNotMet',
    message: `${sentence(unmet)} (attempt ${status.retryCount} of ${attemptsOf(evaluation)}, the last)`,
  } as const;
  return {
    ...write(evaluation, ended(status, 'Failed', now), { progress, now }),
    events: [
      event(evaluation, { suffix: 'ReconcileTimeout', text: 'retryCount exceeded' }),
      event(evaluation, { suffix: 'Failed', text: ['evaluation failed', ...unmet].join('\n') }),
    ],
  };
}

/** Waiting for a definition is no attempt, as in Keptn. */
function waitForDefinition(
  { now, evaluation, definition }: EvaluationObservation,
  before: KeptnEvaluationStatus,
): Plan {
  const missing = `KeptnEvaluationDefinition ${definition.name} not found in namespace ${placesOf(definition)}`;
  const progress = { kind: 'stalled', reason: 'DefinitionNotFound', message: missing } as const;
  const status = startedStatus(evaluation, before, now);
  return {
    ...write(evaluation, status, { progress, now }),
    events: [
      event(evaluation, {
        suffix: 'NotFound',
        text: `could not find KeptnEvaluationDefinition: ${definition.name}`,
      }),
    ],
  };
}

function startedStatus(
  evaluation: KeptnEvaluation,
  before: KeptnEvaluationStatus,
  now: number,
): KeptnEvaluationStatus {
  return {
    ...before,
    attempt: before.attempt ?? evaluation.spec.attempt ?? 1,
    startTime: before.startTime ?? rfc3339(now),
  };
}

function ended(
  status: KeptnEvaluationStatus,
  overallStatus: 'Succeeded' | 'Failed' | 'Deprecated',
  now: number,
): KeptnEvaluationStatus {
  const final = { ...status, overallStatus, endTime: rfc3339(now) };
  delete final.nextAttemptTime;
  return final;
}

function write(
  evaluation: KeptnEvaluation,
  status: KeptnEvaluationStatus,
  { progress, now }: { progress: Progress; now: number },
): Plan {
  const { generation, resourceVersion = '' } = evaluation.metadata;
  const conditions = [...withProgress(status.conditions, progress, { now, generation })];
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return {
    status: {
      ref: refOf(KeptnEvaluation, evaluation),
      resourceVersion,
      from: evaluation.status,
      to: { ...status, ...observed, conditions },
    },
  };
}

const longestList = 5;

function sentence(unmet: readonly string[]): string {
  const rest = unmet.length - longestList;
  const shown = unmet.slice(0, longestList).join('; ');
  return rest > 0 ? `${shown}; and ${rest} more` : shown || 'no objective was judged';
}

const reconcileEvaluation = { short: 'ReconcileEvaluation', long: 'Reconcile Evaluation' } as const;

function event(evaluation: KeptnEvaluation, say: { suffix: string; text: string }): EventNote {
  const { appName, appVersion, workload, workloadVersion, evaluationDefinition } = evaluation.spec;
  return phaseEvent(
    {
      object: evaluation,
      annotations: {
        appName: appName ?? '',
        appVersion: appVersion ?? '',
        workloadName: workload ?? '',
        workloadVersion,
        evaluationName: evaluation.metadata.name,
        evaluationDefinitionName: evaluationDefinition,
      },
      reportedBy: 'keptnevaluation-controller',
    },
    reconcileEvaluation,
    { ...say, type: 'Warning' },
  );
}

/** Whether this evaluation still needs its definition. */
export function isOpen(evaluation: KeptnEvaluation): boolean {
  return !isCompleted(stateOf(evaluation.status?.overallStatus));
}
