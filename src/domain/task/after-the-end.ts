import { onThisClock } from '../clock-steps.ts';
import { type Job, JobKind } from '../../api/builtin.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import { defaultTtlSeconds } from '../job/job.ts';
import { functionContainerName } from '../job/job-container.ts';
import { endsByItself } from './end-of-pod.ts';
import { endOfJob } from './job-stage.ts';
import { deleting, type Effect, patching, type Plan } from '../plan.ts';
import { followingUp } from './task-follow-ups.ts';
import { definitionOf, type TaskObservation } from './task-observation.ts';
import { parseTime } from '../time.ts';
import { remainingMs } from '../remaining.ts';

/** What belonged to the end and may have been lost, the end of the Job and its time to live; and what follows the end. */
export function afterTheEnd(observation: TaskObservation): Plan {
  const { job } = observation;
  const followUps = followingUp(observation);
  if (job === undefined) return followUps;
  if (endOfJob(job) === undefined) return { ...followUps, ...stop(job, observation, followUps) };
  const look = lookForLife(job, observation);
  if (look !== undefined) return look;
  const effects = limitLife(job, observation);
  return effects.length === 0
    ? followUps
    : { ...followUps, effects: [...effects, ...(followUps.effects ?? [])], isBookkeeping: true };
}

/**
 * A Job that would run on although its task has ended: sidecars hold it, or it can never start. Suspended, it keeps what it
 * knows and has no Pods; nothing else ends it, so it is deleted when a finished one would have been. One whose Pod has ended, which
 * was the end of the task, is about to end, too, and gets its time to live then.
 */
function stop(job: Job, observation: TaskObservation, followUps: Plan): Plan {
  const { task, now } = observation;
  const deletion = deleting(JobKind, job, { propagation: 'Background' });
  // Suspended Jobs never end, and would fill quotas for ever.
  if (task.status?.status === 'Deprecated') {
    return { effects: [deletion, ...(followUps.effects ?? [])] };
  }
  const container = containerName(observation);
  if (job.spec.suspend !== true && !endsByItself(job, observation.pods, container)) {
    return { effects: [suspension(job), ...(followUps.effects ?? [])] };
  }
  const { ttlSecondsAfterFinished = defaultTtlSeconds } = definitionOf(observation)?.spec ?? {};
  const endedAtMs = parseTime(task.status?.endTime) ?? now;
  const wakeAfterMs = remainingMs(
    onThisClock(endedAtMs, observation),
    ttlSecondsAfterFinished * 1000,
    now,
  );
  if (wakeAfterMs > 0) return { wakeAfterMs };
  return { effects: [deletion, ...(followUps.effects ?? [])] };
}

/** Ends the Pods of this very Job, and keeps what it knows. */
export function suspension(job: Job): Effect {
  const suspended: JsonPatchOperation = { op: 'add', path: '/spec/suspend', value: true };
  return patching(JobKind, job, { operations: [suspended], goneIsDone: true });
}

/** A definition that a cache does not have may still say how long the Job is to be kept. */
export function lookForLife(job: Job, observation: TaskObservation): Plan | undefined {
  const { unread } = observation;
  const isKnown = job.spec.ttlSecondsAfterFinished !== undefined || unread.length === 0;
  return isKnown || definitionOf(observation) !== undefined ? undefined : { look: unread };
}

/** Lets Kubernetes delete the Job. A Job made by us has no TTL before: its outcome must not vanish unseen (W2, W3). */
export function limitLife(job: Job, observation: TaskObservation): Effect[] {
  if (job.spec.ttlSecondsAfterFinished !== undefined) return [];
  const ttlSeconds = definitionOf(observation)?.spec.ttlSecondsAfterFinished;
  const limited: JsonPatchOperation = {
    op: 'add',
    path: '/spec/ttlSecondsAfterFinished',
    value: ttlSeconds ?? defaultTtlSeconds,
  };
  return [patching(JobKind, job, { operations: [limited], goneIsDone: true })];
}

/** The name of the container that is the task, among those that others may inject. */
export function containerName(observation: TaskObservation): string | undefined {
  const definition = definitionOf(observation);
  return definition && (definition.spec.container?.name ?? functionContainerName);
}
