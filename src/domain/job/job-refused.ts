import { type Moment, onThisClock } from '../clock-steps.ts';
import { remainingMs } from '../remaining.ts';
import type { Job, Pod } from '../../api/builtin.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { JobKind } from '../../api/builtin.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { activeSecondsOf } from './job-retries.ts';
import type { ObjectEvent } from '../lookup.ts';
import { type Effect, patching } from '../plan.ts';
import { parseTime } from '../time.ts';

/**
 * A Job whose Pods the API server refuses: a quota, a Pod Security level, a policy or a missing service account. The Job's own
 * status does not tell; the Job controller says it in an Event and goes on trying.
 */

/** What is known of a Job that may be refused its Pods. */
export interface PodsAwaited extends Moment {
  readonly task: KeptnTask;
  readonly pods: readonly Pod[];
  /** The Events of the Job as they were read in this reconcile. */
  readonly jobEvents: readonly ObjectEvent[] | 'unread';
  /** How many Pods of the namespace wait for their checks; they count against its quotas. */
  readonly heldPods: number;
}

/** Why a Job gets no Pods, in the words of the API server. */
export interface PodRefusal {
  readonly reason: string;
  readonly message: string;
}

const quotaReason = 'QuotaExceeded';
const podSecurityReason = 'PodSecurityViolated';
const otherReason = 'PodRefused';
const reasons: ReadonlySet<string> = new Set([quotaReason, podSecurityReason, otherReason]);

/** Whether a reason is one that `podRefusal` gives. */
export function isPodRefusal(reason: string | undefined): boolean {
  return reason !== undefined && reasons.has(reason);
}

/** A Job controller makes the first Pod within a second; from then on a Job without one is looked into. */
const firstLookMs = 3_000;
/** What is in the way may change without any object of ours changing. */
export const lookAgainMs = 60_000;

/**
 * When the Events of a Job have to be read: 0 for now, later in milliseconds, or undefined while a Pod is there, the Job is
 * suspended, ending or not taken up by the Job controller.
 */
export function lookIntoJobAfter(job: Job, awaited: PodsAwaited): number | undefined {
  const startedAt = parseTime(job.status?.startTime);
  if (startedAt === undefined || !lacksPod(job, awaited)) return undefined;
  // A time-out of a second or two must not be over before.
  const firstMs = Math.min(firstLookMs, ((job.spec.activeDeadlineSeconds ?? Infinity) * 1000) / 2);
  const lastEnd = Math.max(startedAt, ...awaited.pods.map(endOf));
  return Math.max(0, remainingMs(onThisClock(lastEnd, awaited), firstMs, awaited.now));
}

function lacksPod({ spec, status, metadata }: Job, { pods }: PodsAwaited): boolean {
  if (spec.suspend === true || metadata.deletionTimestamp !== undefined) return false;
  if ((status?.active ?? 0) > 0 || (status?.conditions ?? []).some(isTarget)) return false;
  return pods.every(isOver);
}

function isTarget({ type, status }: { type: string; status: string }): boolean {
  return status === 'True' && (type === 'FailureTarget' || type === 'SuccessCriteriaMet');
}

function isOver({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function endOf({ status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt);
  return Math.max(0, ...ends.map((end) => parseTime(end) ?? 0));
}

/**
 * Why a Job has no Pod; undefined where its Events tell of no refusal, or of a Pod that was made after it. The answer keeps the
 * words that the task says already while only numbers differ, because each new word costs a write.
 */
export function podRefusal(job: Job, awaited: PodsAwaited): PodRefusal | undefined {
  const { jobEvents, task, heldPods } = awaited;
  if (jobEvents === 'unread' || !lacksPod(job, awaited)) return undefined;
  const since = parseTime(job.status?.startTime) ?? 0;
  const last = jobEvents
    .filter(
      ({ reason, lastMs }) => /^(?:FailedCreate|SuccessfulCreate)$/.test(reason) && lastMs >= since,
    )
    .reduce<ObjectEvent | undefined>(
      (one, other) => (one && one.lastMs > other.lastMs ? one : other),
      undefined,
    );
  if (last?.reason !== 'FailedCreate') return undefined;
  const said = withoutPodName(last.message, job.metadata.name);
  const reason = reasonOf(said);
  const message = `Job ${job.metadata.name} gets no Pod: ${said}${adviceFor(reason, { task, heldPods })}`;
  const stored = conditionOf(task, conditionTypes.succeeded);
  const isKnown = stored?.reason === reason && isSameButNumbers(stored.message, message);
  return { reason, message: isKnown ? stored.message : message };
}

/** Each try has another generated name, which tells nothing. */
function withoutPodName(message: string, jobName: string): string {
  const said = message.replace(/^Error creating: /, '');
  const beginning = `pods "${jobName}-`;
  if (!said.startsWith(beginning)) return said;
  const end = said.indexOf('" ', beginning.length);
  return end < 0 ? said : `Pod ${said.slice(end + 2)}`;
}

function reasonOf(said: string): string {
  if (said.includes('exceeded quota: ')) return quotaReason;
  return said.includes('violates PodSecurity ') ? podSecurityReason : otherReason;
}

function adviceFor(
  reason: string,
  { task, heldPods }: Pick<PodsAwaited, 'task' | 'heldPods'>,
): string {
  const { namespace = '' } = task.metadata;
  if (reason === podSecurityReason) {
    return '; job.securityContext and job.podSecurityContext of the definition or the KeptnConfig can set what is asked for';
  }
  if (reason !== quotaReason) return '';
  if (heldPods === 0) return '; it starts by itself when the quota has room';
  const pods = heldPods === 1 ? 'Pod is' : 'Pods are';
  return `; ${heldPods} ${pods} held in namespace ${namespace} until checks have passed and counted by its quotas, so that none may ever have room: raise the quota, or scale the held workload down until its check has run`;
}

function isSameButNumbers(one: string | undefined, other: string): boolean {
  return one?.replaceAll(/\d+/g, '') === other.replaceAll(/\d+/g, '');
}

/** A refused Job has at least so long before it would fail: a new leader must find it alive. */
const shortestReserveSeconds = 90;

/**
 * Moves the deadline of a refused Job, which Kubernetes counts from the start of the Job, so that the time-out counts from when
 * it could run: put off while no Pod may be made, and set to the whole time-out from the first Pod on.
 */
export function deadlineOfRefused(
  job: Job,
  { task, now, pods }: PodsAwaited,
  refusal: PodRefusal | undefined,
): Effect[] {
  const startedAt = parseTime(job.status?.startTime);
  const current = job.spec.activeDeadlineSeconds;
  if (startedAt === undefined || current === undefined) return [];
  const wholeSeconds = activeSecondsOf(task, job);
  const elapsed = (atMs: number): number => Math.ceil((atMs - startedAt) / 1000);
  if (refusal !== undefined) {
    const reserve = Math.max(wholeSeconds / 2, shortestReserveSeconds);
    const due = elapsed(now) + Math.max(wholeSeconds, 2 * shortestReserveSeconds);
    return current - elapsed(now) < reserve ? [withDeadline(job, due)] : [];
  }
  const [first] = pods.filter((pod) => !isOver(pod));
  const madeAt = parseTime(first?.metadata.creationTimestamp);
  const wasRefused = isPodRefusal(conditionOf(task, conditionTypes.succeeded)?.reason);
  if (!wasRefused || madeAt === undefined) return [];
  const due = Math.max(0, elapsed(madeAt)) + wholeSeconds;
  return due === current ? [] : [withDeadline(job, due)];
}

function withDeadline(job: Job, seconds: number): Effect {
  const path = '/spec/activeDeadlineSeconds';
  return patching(JobKind, job, {
    operations: [{ op: 'add', path, value: seconds }],
    goneIsDone: true,
  });
}
