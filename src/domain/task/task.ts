import { type Job, JobKind, PodKind } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask, type KeptnTaskStatus } from '../../api/keptn/task.ts';
import { type Evidence, evidenceOf, hindranceOf } from '../evidence/evidence.ts';
import { configMapNameFor } from '../job/function-config-map.ts';
import { blueprintOf } from '../job/function-source.ts';
import { taskLabel } from '../job/job.ts';
import { afterTheEnd, containerName, limitLife, lookForLife, suspension } from './after-the-end.ts';
import { endOfPod } from './end-of-pod.ts';
import { failureOf, finalWord, hopelessStart, lingering } from './job-outcome.ts';
import {
  deadlineOfRefused,
  lookAgainMs,
  lookIntoJobAfter,
  podRefusal,
} from '../job/job-refused.ts';
import { endOfJob, isFailure, isNews, type JobEnd, stageOf } from './job-stage.ts';
import { type Effect, type Look, nothing, patching, type Plan, storing } from '../plan.ts';
import { setKey } from '../set-key.ts';
import { taskResult } from './task-events.ts';
import { concluding } from './task-follow-ups.ts';
import { awaitsStart, fail, withinDeadline } from './start-deadline.ts';
import { definitionsIn } from '../job/definitions-seen.ts';
import { definitionOf, recordedJob, type TaskObservation } from './task-observation.ts';
import { collisionsOf, startTask, withOwnJob } from './task-start.ts';
import {
  ended,
  savedEvidence,
  waiting,
  withEvidence,
  withJob,
  withoutEvidence,
} from './task-status.ts';

/**
 * The life of a KeptnTask:
 *
 * 1. It waits for its definition, for a slot, for the API server to accept its Job. The conditions say for which.
 * 2. Its one Job is created under a name that follows from the task's uid and attempt, so that a second try finds the first.
 * 3. The Job is taken down, by uid. From here on it is never created again: if it is gone, the task has failed (JobLost).
 * 4. While it runs, evidence of runs that failed is saved: Kubernetes deletes the Pods before it reports the failure.
 * 5. The outcome is copied into the status, together with the tasks that follow it: that of the Job's one Pod where no other can
 *    follow, otherwise that of the Job. Only then the follow-ups are started, and the Job gets its time to live when it has ended.
 *
 * A state that is an end absorbs: nothing leads out of it within this attempt.
 */
export function decideTask(given: TaskObservation): Plan {
  const observation = withOwnJob(given);
  const { task, job } = observation;
  if (task.metadata.deletionTimestamp !== undefined) return nothing;
  if (isCompleted(task.status?.status)) return afterTheEnd(observation);
  const isCutOff = observation.isSuperseded || observation.isAborted;
  if (isCutOff && (job === undefined || endOfJob(job) === undefined)) {
    if (observation.isAborted || isToBeStopped(observation)) return suspend(job, observation);
  }
  if (job !== undefined) return follow(job, observation);
  return recordedJob(task) === undefined ? startTask(observation) : lookForJob(observation);
}

/**
 * Whether a task of a superseded version is over now. What runs may finish unless its definition says otherwise: a migration
 * that is cut off in the middle does more harm than one whose outcome no longer counts. What has no Job yet does not begin, and a
 * suspended Job, which would wait for somebody to resume it, does not run again.
 */
function isToBeStopped(observation: TaskObservation): boolean {
  const { task, job } = observation;
  const onSupersede = definitionOf(observation)?.spec.onSupersede;
  if (onSupersede !== undefined) return onSupersede !== 'finish';
  return job === undefined ? recordedJob(task) === undefined : job.spec.suspend === true;
}

/** Selects the Pods of a task's Jobs. */
export function podSelector(task: KeptnTask): string {
  return `${sluiceKeys.task}=${taskLabel(task)}`;
}

/** The Job is recorded and not in the cache. Only a live read can say that it is gone (B2). */
function lookForJob(observation: TaskObservation): Plan {
  const { task, now, jobLive } = observation;
  const ref = recordedJob(task);
  if (ref !== undefined && jobLive === 'unread') return { look: [ref] };
  const other = jobLive === 'present' ? ', and another Job has its name' : '';
  const message = `Job ${ref?.name ?? ''} was deleted before its outcome was known${other}; it is not run again within this attempt`;
  return fail(observation, ended(task, { state: 'Failed', reason: 'JobLost', message }, now));
}

function follow(job: Job, observation: TaskObservation): Plan {
  const { now } = observation;
  const collisionCount =
    recordedJob(observation.task) === undefined ? collisionsOf(observation) : 0;
  const task = withJob(observation.task, job, { now, collisionCount });
  const evidence = evidenceOf(observation.pods, containerName(observation));
  const end = endOfJob(job);
  if (end === undefined) {
    const foretold = endOfPod(job, observation.pods, containerName(observation));
    const plan =
      foretold === undefined
        ? watchJob(job, { task, evidence, observation })
        : copyOutcome(foretold, { task, evidence, observation });
    return { ...plan, effects: [...adoption(job, task), ...(plan.effects ?? [])] };
  }
  return (
    lookForLife(job, observation) ?? {
      afterwards: limitLife(job, observation),
      ...copyOutcome(end, { task, evidence, observation }),
    }
  );
}

/** Jobs are watched by their label; one that Keptn made gets it, or its end would not be seen. */
function adoption(job: Job, task: KeptnTask): Effect[] {
  const { labels } = job.metadata;
  if (labels?.[sluiceKeys.task] !== undefined) return [];
  const value = taskLabel(task);
  const label = setKey(['metadata', 'labels'], sluiceKeys.task, { record: labels, value });
  return [patching(JobKind, job, { operations: [label], goneIsDone: true })];
}

/** What following a Job works with: the task with the Job taken down, and what the Pods told. */
interface Followed {
  readonly task: KeptnTask;
  readonly evidence: Evidence | undefined;
  readonly observation: TaskObservation;
}

function watchJob(job: Job, { task, evidence, observation }: Followed): Plan {
  const { pods, now, clockSteps } = observation;
  const hindrance = hindranceOf(pods);
  const hopeless = hopelessStart(hindrance);
  if (hopeless !== undefined) {
    return fail(observation, ended(task, { state: 'Failed', ...hopeless }, now));
  }
  const last = finalWord(job, evidence);
  if (last !== undefined) return copyOutcome(last, { task, evidence, observation });
  const left = lingering(pods, containerName(observation), observation);
  if (left !== undefined && 'end' in left) {
    return copyOutcome(left.end, { task, evidence, observation });
  }
  const lookAfterMs = lookIntoJobAfter(job, observation);
  if (lookAfterMs === 0 && observation.jobEvents === 'unread') return { look: [eventsOf(job)] };
  const refusal = podRefusal(job, observation);
  const effects = deadlineOfRefused(job, observation, refusal);
  const configMap = codeConfigMap(observation);
  const seen = { task, now, clockSteps, pods, evidence, hindrance, refusal, configMap };
  const stage = stageOf(job, seen);
  const wait = awaitsStart(observation, { evidence, reason: stage.progress.reason })
    ? withinDeadline('jobStart', stage.progress, { task, observation })
    : ({ type: 'waits', progress: stage.progress } as const);
  if (wait.type === 'over') return wait.plan;
  const nextLookMs = lookAfterMs === 0 ? lookAgainMs : lookAfterMs;
  const askAgainMs = soonest([stage.askAgainMs, left?.askAgainMs, nextLookMs, wait.wakeAfterMs]);
  const known = isFailure(evidence) && isNews(evidence, task) ? withEvidence(task, evidence) : task;
  const status = waiting(known, wait.progress, now);
  const plan = { ...storing(KeptnTask, observation.task, status), effects };
  return askAgainMs === undefined ? plan : { ...plan, wakeAfterMs: askAgainMs };
}

function soonest(delays: readonly (number | undefined)[]): number | undefined {
  const known = delays.filter((delay) => delay !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function eventsOf({ metadata: { namespace = '', uid = '' } }: Job): Look {
  return { eventsAbout: { namespace, uid } };
}

function copyOutcome(end: JobEnd, { task, evidence, observation }: Followed): Plan {
  const { now } = observation;
  const { reason, message } = end;
  if (end.succeeded) {
    const cleared = withoutEvidence(task);
    const known = evidence?.exitCode === 0 ? withEvidence(cleared, evidence) : cleared;
    return succeed(observation, ended(known, { state: 'Succeeded', reason, message }, now));
  }
  const own = isFailure(evidence) ? evidence : savedEvidence(task);
  const told = own?.message ?? task.status?.message ?? evidence?.message;
  if (told === undefined && !observation.podsListed) {
    // The watch of the Pods may be behind that of the Job, and their end explains the Job's.
    const { namespace = '' } = task.metadata;
    return { look: [{ kind: PodKind, namespace, labelSelector: podSelector(task) }] };
  }
  const shown = own ?? evidence;
  const known = shown === undefined ? task : withEvidence(task, shown);
  const { jobMessage } = end;
  const failure = {
    ...failureOf(end, own, told),
    ...(jobMessage !== undefined && { jobMessage }),
  };
  return fail(observation, ended(known, { state: 'Failed', ...failure }, now));
}

/** Of a task that returned nothing the parent's Events say enough. */
function succeed(observation: TaskObservation, status: KeptnTaskStatus): Plan {
  const plan = concluding(observation, status);
  if (status.result === undefined) return plan;
  const event = taskResult(observation.task, status.result);
  return { ...plan, events: [event, ...(plan.events ?? [])] };
}

/** The end of a task whose outcome no longer counts (B11): its Job is stopped first, and deleted once the end is recorded. */
function suspend(job: Job | undefined, observation: TaskObservation): Plan {
  const { task, now, isAborted } = observation;
  const reason = isAborted ? 'Aborted' : 'Superseded';
  const message =
    `the version it checks was ${isAborted ? 'aborted' : 'superseded by another one'}` +
    (job === undefined
      ? '; it never ran'
      : `; Job ${job.metadata.name} was stopped and is deleted`);
  const end = ended(task, { state: 'Deprecated', reason, message }, now);
  if (job === undefined || job.spec.suspend === true) return storing(KeptnTask, task, end);
  return { effects: [suspension(job)] };
}

function codeConfigMap({ task, definitions }: TaskObservation): string | undefined {
  const blueprint = blueprintOf(task.spec.taskDefinition, definitionsIn(definitions));
  return blueprint.type === 'function' ? configMapNameFor(blueprint.code, task) : undefined;
}
