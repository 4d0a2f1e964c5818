import { type Moment, onThisClock } from '../clock-steps.ts';
import type { KeptnEvaluation, KeptnEvaluationStatus } from '../../api/keptn/evaluation.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import { durationOr } from '../go/duration.ts';
import { parseTime, rfc3339 } from '../time.ts';

/** What a KeptnEvaluation says of its attempts, with Keptn's values where it says nothing. */

/** Whether this evaluation still needs its definition. */
export function isOpen(evaluation: KeptnEvaluation): boolean {
  return !isCompleted(stateOf(evaluation.status?.overallStatus));
}

/** The stored status with every required field. */
export function statusOf({ status }: KeptnEvaluation): KeptnEvaluationStatus {
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

/**
 * How often it is measured at most. Keptn counts attempts, not repetitions. It cannot express 0, and fails without measuring;
 * here 0 measures once.
 */
export function attemptsOf({ spec }: KeptnEvaluation): number {
  return Math.max(1, spec.retries ?? keptnRetries);
}

/** From one attempt to the next. */
export function retryIntervalMs({ spec }: KeptnEvaluation): number {
  return Math.max(0, durationOr(spec.retryInterval, keptnRetryIntervalMs));
}

/** Milliseconds until the next attempt is due; 0 or less when it is. */
export function timeToNextAttempt(
  evaluation: KeptnEvaluation,
  status: KeptnEvaluationStatus,
  moment: Moment,
): number {
  const intervalMs = retryIntervalMs(evaluation);
  const nextAtMs = parseTime(status.nextAttemptTime);
  if (nextAtMs === undefined) return 0;
  // What was stored lies ahead: it is its beginning that a step may have left behind.
  const remainingMs = onThisClock(nextAtMs - intervalMs, moment) + intervalMs - moment.now;
  // Further away than the interval: the clock of another leader was ahead, or the interval was shortened since.
  return remainingMs > intervalMs ? 0 : remainingMs;
}

/** The status with its start on record. */
export function startedStatus(
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

/** The status of an end. */
export function ended(
  status: KeptnEvaluationStatus,
  overallStatus: 'Succeeded' | 'Failed' | 'Deprecated',
  now: number,
): KeptnEvaluationStatus {
  const final = { ...status, overallStatus, endTime: rfc3339(now) };
  delete final.nextAttemptTime;
  return final;
}
