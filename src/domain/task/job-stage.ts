import type { Job, JobCondition, Pod } from '../../api/builtin.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { conditionOf, conditionTypes, isTrue, type Progress } from '../conditions.ts';
import { type Evidence, type Hindrance, isHindrance } from '../evidence/evidence.ts';
import { isPodRefusal, lookAgainMs, type PodRefusal } from '../job/job-refused.ts';
import { isLostRun } from '../job/lost-run.ts';
import { jobRunning, savedEvidence } from './task-status.ts';
import { parseTime } from '../time.ts';
import { remainingMs } from '../remaining.ts';

/** How a Job ended. */
export interface JobEnd {
  readonly succeeded: boolean;
  readonly reason: string;
  readonly message: string;
  /** Of a failure: what the condition of the Job says, or is about to say. */
  readonly jobMessage?: string;
  /** Of a function that its runner repeats: how many of its Pods were lost, where that was the end. */
  readonly lostPods?: number;
}

/**
 * How a Job ended, or undefined while it runs. Only `Complete` and `Failed` with status True are the end: FailureTarget and
 * SuccessCriteriaMet come before it, while Pods still run.
 */
export function endOfJob(job: Job): JobEnd | undefined {
  const name = job.metadata.name;
  const complete = trueCondition(job, 'Complete');
  if (complete !== undefined) {
    return { succeeded: true, reason: 'Succeeded', message: `Job ${name} completed` };
  }
  const failed = trueCondition(job, 'Failed');
  if (failed === undefined) return undefined;
  const reason = failed.reason || 'JobFailed';
  const isLost = reason === 'BackoffLimitExceeded' && job.spec['podFailurePolicy'] !== undefined;
  const message = failed.message || `Job ${name} failed`;
  return {
    succeeded: false,
    reason,
    message,
    jobMessage: message,
    ...(isLost && { lostPods: job.status?.failed ?? 1 }),
  };
}

/** How far a Job is that runs; `askAgainMs`: this may change without any object changing. */
export interface Stage {
  readonly progress: Progress;
  readonly askAgainMs?: number;
}

/** From here on a Pod that is not there, or a container that does not start, is worth a word. */
const unusualAfterMs = 20_000;

export interface StageSeen extends Moment {
  readonly task: KeptnTask;
  readonly pods: readonly Pod[];
  readonly evidence: Evidence | undefined;
  /** Why the Pods do not start, if they do not. */
  readonly hindrance: Hindrance | undefined;
  /** Why the API server refuses the Pods of the Job, if it does. */
  readonly refusal: PodRefusal | undefined;
  /** The ConfigMap that the Job mounts its code from. */
  readonly configMap: string | undefined;
}

/** How far a running Job is. Answers in the same words as long as nothing new is known: each new word costs a write. */
export function stageOf(job: Job, seen: StageSeen): Stage {
  const { name, deletionTimestamp } = job.metadata;
  if (deletionTimestamp !== undefined) {
    return waits('JobTerminating', `Job ${name} is being deleted by somebody else`);
  }
  if (job.spec.suspend === true) return waits('JobSuspended', `Job ${name} is suspended`);
  const { hindrance } = seen;
  if (hindrance !== undefined) {
    const { reason, persists } = hindrance;
    const message = storedMessage(seen.task, reason) ?? hindrance.message;
    return { progress: { kind: persists ? 'stalled' : 'waiting', reason, message } };
  }
  if (seen.refusal !== undefined) {
    return { progress: { kind: 'stalled', ...seen.refusal }, askAgainMs: lookAgainMs };
  }
  const running = waits(jobRunning, `Job ${name} is running`);
  return (
    retrying(job, seen) ??
    disrupted(job, seen) ??
    lost(job, seen) ??
    kept(seen) ??
    (isEnding(job) ? running : unusual(job, seen)) ??
    running
  );
}

/** A Job that will have ended as soon as its last Pods are gone. */
function isEnding(job: Job): boolean {
  return ['FailureTarget', 'SuccessCriteriaMet'].some(
    (type) => trueCondition(job, type) !== undefined,
  );
}

/**
 * What was said of Pods that are going or gone, or never came, stays true until one comes: at the end it explains why the Job
 * failed.
 */
function kept({ task, pods }: StageSeen): Stage | undefined {
  if (pods.some(({ metadata }) => metadata.deletionTimestamp === undefined)) return undefined;
  const stored = conditionOf(task, conditionTypes.succeeded);
  if (stored === undefined || !isLasting(stored.reason)) return undefined;
  const { reason, message } = stored;
  const kind = isTrue(task, conditionTypes.stalled) ? 'stalled' : 'waiting';
  return { progress: { kind, reason, message } };
}

function isLasting(reason: string): boolean {
  return lasting.has(reason) || isHindrance(reason) || isPodRefusal(reason);
}

/** Whether something is in the way of the first start of a Job that may stay there. */
export function isStartHindered(reason: string): boolean {
  const isSilent = reason === noPodReason || reason === notStartedReason;
  return isSilent || isHindrance(reason) || isPodRefusal(reason);
}

const retryingReason = 'Retrying';
const disruptedReason = 'PodDisrupted';
const lostReason = 'PodLost';
const noPodReason = 'NoPod';
const notStartedReason = 'PodNotStarted';
const lasting: ReadonlySet<string> = new Set([
  retryingReason,
  disruptedReason,
  lostReason,
  noPodReason,
  notStartedReason,
]);

/** Whether a run has failed by itself. */
export function isFailure(evidence: Evidence | undefined): evidence is Evidence {
  return evidence !== undefined && evidence.exitCode !== 0 && !evidence.wasStopped;
}

/** Whether evidence of a run that failed says more than the status does. Restarts alone do only for the first ten. */
export function isNews(evidence: Evidence, task: KeptnTask): boolean {
  const saved = savedEvidence(task);
  if (saved === undefined) return evidence.exitCode !== undefined;
  if (evidence.exitCode !== saved.exitCode) return true;
  return evidence.restarts > saved.restarts && evidence.restarts <= 10;
}

function retrying(job: Job, { task, evidence }: StageSeen): Stage | undefined {
  // The exit of a container that Kubernetes does not start again ends its Job in a moment.
  if (!isFailure(evidence) || job.spec['podFailurePolicy'] !== undefined) return undefined;
  const reason = retryingReason;
  const stored = storedMessage(task, reason);
  if (stored !== undefined && !isNews(evidence, task)) return waits(reason, stored);
  const limit = job.spec.backoffLimit;
  const retries = limit === undefined ? '' : ` (at most ${limit} retries)`;
  return waits(
    reason,
    `${evidence.message}; restarted ${evidence.restarts} times, Kubernetes goes on trying${retries}`,
  );
}

/** A Pod that was evicted or lost its node, until the one in its place is there. For other Jobs that is a retry. */
function disrupted(job: Job, { pods }: StageSeen): Stage | undefined {
  if (job.spec['podFailurePolicy'] === undefined) return undefined;
  const disruptions = pods.map(({ metadata, status }) => {
    const why = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    return why?.status === 'True' ? { pod: metadata.name, ...why } : undefined;
  });
  const last = disruptions.at(-1);
  if (last === undefined || disruptions.includes(undefined)) return undefined;
  const { pod, reason: word = 'no reason given', message } = last;
  const why = message === undefined ? word : `${word}: ${message}`;
  return waits(disruptedReason, `Pod ${pod} is lost (${why}); Kubernetes replaces it`);
}

/** A Pod whose container was killed or could not be started, until the one in its place is there. */
function lost(job: Job, { pods, evidence }: StageSeen): Stage | undefined {
  if (job.spec['podFailurePolicy'] === undefined || !isFailure(evidence) || !isLostRun(evidence))
    return undefined;
  const failed = pods.filter(({ status }) => status?.phase === 'Failed');
  if (failed.length === 0 || failed.length < pods.length) return undefined;
  const { backoffLimit: limit = 0 } = job.spec;
  const { name } = failed.at(-1)?.metadata ?? {};
  const next =
    failed.length > limit
      ? 'Kubernetes replaces no more'
      : `Kubernetes replaces it (${failed.length} of at most ${limit})`;
  return waits(lostReason, `Pod ${name} is lost: ${evidence.message}; ${next}`);
}

/** Silence that lasts: no Pod at all, or one whose container does not come up. Neither has a word of its own in the API. */
function unusual(job: Job, seen: StageSeen): Stage | undefined {
  const { pods, configMap } = seen;
  const { name, namespace = '' } = job.metadata;
  if (pods.length === 0 && (job.status?.active ?? 0) === 0) {
    return silence(job.metadata.creationTimestamp, seen, {
      usual: `Job ${name} is running`,
      reason: noPodReason,
      message: `Job ${name} has no Pod yet, and no Event says why; see kubectl describe job ${name}`,
    });
  }
  const pending = pods.find(({ status }) => status?.phase === 'Pending');
  if (pending === undefined) return undefined;
  const pod = pending.metadata.name;
  const volume =
    configMap === undefined
      ? 'a volume may be missing'
      : `ConfigMap ${configMap} with its code must exist in namespace ${namespace}`;
  return silence(pending.metadata.creationTimestamp, seen, {
    usual: `Job ${name} is running`,
    reason: notStartedReason,
    message: `the container of Pod ${pod} does not start; ${volume}, see kubectl describe pod ${pod}`,
  });
}

function silence(
  since: string | undefined,
  moment: Moment,
  say: { usual: string; reason: string; message: string },
): Stage {
  const { now } = moment;
  const sinceMs = onThisClock(parseTime(since) ?? now, moment);
  const askAgainMs = remainingMs(sinceMs, unusualAfterMs, now);
  if (askAgainMs > 0) return { ...waits(jobRunning, say.usual), askAgainMs };
  // A Pod that does not start may still be pulling a large image; a Pod that could not be created needs help.
  const kind = say.reason === noPodReason ? 'stalled' : 'waiting';
  return { progress: { kind, reason: say.reason, message: say.message } };
}

function waits(reason: string, message: string): Stage {
  return { progress: { kind: 'waiting', reason, message } };
}

function storedMessage(task: KeptnTask, reason: string): string | undefined {
  const stored = conditionOf(task, conditionTypes.succeeded);
  return stored?.reason === reason ? stored.message : undefined;
}

function trueCondition({ status }: Job, type: string): JobCondition | undefined {
  return status?.conditions?.find(
    (condition) => condition.type === type && condition.status === 'True',
  );
}
