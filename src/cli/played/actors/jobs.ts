import { JobKind, PodKind, type Job, type JobCondition, type Pod } from '../../../api/builtin.ts';
import { refOf } from '../../../api/object.ts';
import { jobUidLabel, trackingFinalizer } from '../../../domain/task/end-of-pod.ts';
import type { Actor, Stage } from './actor.ts';
import { controlledBy, controllerReference } from './stored.ts';

/**
 * The Job controller with one Pod at a time, which it keeps by a finalizer until it has counted its end. A Job that has failed
 * too often first says FailureTarget, then its Pods are deleted, and only then it says Failed, so that a process that waits for that finds
 * no Pod left; the same with success and SuccessCriteriaMet, except that the Pod stays. Finished Jobs are deleted after their TTL.
 * `batchMs`: for so long it collects the ends of Pods before it takes account of them, as the real one does for a second.
 */
export function jobController(batchMs = 0): Actor {
  return { name: 'job-controller', step: (stage) => step(stage, batchMs) };
}

function step(stage: Stage, batchMs: number): void {
  for (const pod of stage.store.list(PodKind)) {
    const isKept = pod.metadata.finalizers?.includes(trackingFinalizer) === true;
    if (isKept && pod.metadata.deletionTimestamp !== undefined) counted(pod, stage);
  }
  for (const job of stage.store.list(JobKind)) {
    const pods = controlledBy(stage.store.list(PodKind), job);
    const waitMs = Math.max(0, ...pods.map((pod) => (endedAt(pod) ?? 0) + batchMs - stage.now));
    if (waitMs > 0 && batchMs > 0) stage.wakeAfter(waitMs);
    else follow(job, stage);
  }
}

/** When the container of a Pod ended that is not to be started again. */
function endedAt({ status }: Pod): number | undefined {
  if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') return undefined;
  const ended = status.containerStatuses?.[0]?.state?.terminated?.finishedAt;
  return ended === undefined ? undefined : Date.parse(ended);
}

function follow(job: Job, stage: Stage): void {
  const { store, now } = stage;
  const pods = controlledBy(store.list(PodKind), job);
  if (has(job, 'Complete') || has(job, 'Failed')) return expire(job, stage);
  if (has(job, 'FailureTarget')) {
    if (pods.length === 0) return conclude(job, 'Failed', stage);
    for (const pod of pods) remove(pod, stage);
    return undefined;
  }
  if (has(job, 'SuccessCriteriaMet')) {
    for (const pod of pods) counted(pod, stage);
    return conclude(job, 'Complete', stage);
  }
  if (pods.some(({ status }) => status?.phase === 'Succeeded')) {
    return add(job, { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' }, stage);
  }
  const last = pods.find((pod) => endsJob(pod, job));
  if (last !== undefined) {
    const message = endedBy(last);
    return add(job, { type: 'FailureTarget', reason: 'PodFailurePolicy', message }, stage);
  }
  if (isPastLimit(pods, job.spec.backoffLimit ?? 6)) {
    return add(job, { type: 'FailureTarget', reason: 'BackoffLimitExceeded' }, stage);
  }
  const deadlineMs = startOf(job) + (job.spec.activeDeadlineSeconds ?? Infinity) * 1000;
  if (now >= deadlineMs)
    return add(job, { type: 'FailureTarget', reason: 'DeadlineExceeded' }, stage);
  if (Number.isFinite(deadlineMs)) stage.wakeAfter(deadlineMs - now);
  return keepRunning(job, pods, stage);
}

function keepRunning(job: Job, pods: readonly Pod[], stage: Stage): void {
  const { store, now } = stage;
  const active = pods.filter(({ status }) => status?.phase !== 'Failed');
  if (job.spec.suspend === true) {
    for (const pod of active) remove(pod, stage);
    return;
  }
  if (active.length === 0) store.create(PodKind, podOf(job));
  store.writeStatus(refOf(JobKind, job), undefined, {
    ...job.status,
    startTime: job.status?.startTime ?? rfc3339(now),
    active: 1,
    failed: pods.length - active.length,
  });
}

function podOf(job: Job): Pod {
  const { name, namespace, uid } = job.metadata;
  const { metadata, spec } = job.spec.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: '',
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...metadata?.labels,
        'batch.kubernetes.io/job-name': name,
        [jobUidLabel]: uid ?? '',
      },
      finalizers: [trackingFinalizer],
      ownerReferences: [controllerReference(job)],
    },
    spec,
  };
}

/** The end of a Pod is counted: nothing keeps it any more. */
function counted(pod: Pod, { store }: Stage): void {
  const { finalizers: _, ...metadata } = pod.metadata;
  store.update(PodKind, { ...pod, metadata });
}

function remove(pod: Pod, stage: Stage): void {
  if (pod.metadata.deletionTimestamp === undefined) stage.store.delete(refOf(PodKind, pod));
  const going = stage.store.get(PodKind, pod.metadata.namespace, pod.metadata.name);
  if (going !== undefined) counted(going, stage);
}

function expire(job: Job, stage: Stage): void {
  const { store, now } = stage;
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return;
  const finished = job.status?.conditions?.at(-1)?.lastTransitionTime ?? '';
  const dueMs = Date.parse(finished) + ttlSecondsAfterFinished * 1000;
  if (now >= dueMs) store.delete(refOf(JobKind, job));
  else stage.wakeAfter(dueMs - now);
}

function conclude(job: Job, type: 'Complete' | 'Failed', stage: Stage): void {
  const { reason = '', message = '' } = job.status?.conditions?.at(-1) ?? {};
  add(job, { type, reason, message }, stage);
}

function add(
  job: Job,
  what: { readonly type: string; readonly reason: string; readonly message?: string },
  { store, now }: Stage,
): void {
  const { type, reason, message = messages[reason] ?? '' } = what;
  const lastTransitionTime = rfc3339(now);
  const condition: JobCondition = { type, status: 'True', reason, message, lastTransitionTime };
  const isEnd = type === 'Complete' || type === 'Failed';
  store.writeStatus(refOf(JobKind, job), undefined, {
    ...job.status,
    conditions: [...(job.status?.conditions ?? []), condition],
    ...(isEnd && { active: 0 }),
    ...(type === 'Complete' && { succeeded: 1, completionTime: lastTransitionTime }),
    ...(type === 'Failed' && { failed: 1 }),
  });
}

/** The one rule Sluice writes: a container that ended with a failure of its own ends the Job. */
function endsJob(pod: Pod, job: Job): boolean {
  if (job.spec['podFailurePolicy'] === undefined || pod.status?.phase !== 'Failed') return false;
  const ended = pod.status.containerStatuses?.[0]?.state?.terminated;
  return ended !== undefined && ![0, 128, 137, 255].includes(ended.exitCode);
}

/** As the Job controller says it. */
function endedBy({ metadata, status }: Pod): string {
  const { name, state } = status?.containerStatuses?.[0] ?? {};
  const pod = `${metadata.namespace ?? ''}/${metadata.name}`;
  return `Container ${name} for pod ${pod} failed with exit code ${state?.terminated?.exitCode} matching FailJob rule at index 1`;
}

const messages: Readonly<Record<string, string>> = {
  BackoffLimitExceeded: 'Job has reached the specified backoff limit',
  DeadlineExceeded: 'Job was active longer than specified deadline',
  CompletionsReached: 'Reached expected number of succeeded pods',
};

/**
 * As in Kubernetes: more failed Pods than the limit are too many, but so are as many restarts of containers as the limit, or one
 * where the limit is 0. A container's last start is ended as soon as it is counted.
 */
function isPastLimit(pods: readonly Pod[], limit: number): boolean {
  const failed = pods.filter(({ status }) => status?.phase === 'Failed').length;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  return failed > limit || restarts >= Math.max(1, limit);
}

function has({ status }: Job, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === 'True') === true;
}

function startOf({ status, metadata }: Job): number {
  return Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/u, 'Z');
}
