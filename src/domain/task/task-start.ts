import { definitionsIn } from '../job/definitions-seen.ts';
import { refusalOf } from '../answers.ts';
import { type ConfigMap, ConfigMapKind, type Job, JobKind } from '../../api/builtin.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { controllerOf, type ObjectRef, refOf } from '../../api/object.ts';
import { isJobAsMade } from './as-made.ts';
import { mostCollisions } from '../check/child-progress.ts';
import type { Progress } from '../conditions.ts';
import { downloadProblem } from '../job/download-host.ts';
import { codeCopyFor, isCopyAsMade } from '../job/function-config-map.ts';
import { blueprintOf, type BlueprintProblem } from '../job/function-source.ts';
import { jobFor } from '../job/job.ts';
import { jobName } from '../names.ts';
import {
  deleting,
  type Effect,
  type EventNote,
  nothing,
  onlyWhile,
  type Plan,
  type Refusal,
  storing,
} from '../plan.ts';
import { foreignImageProblem } from '../job/runner-image.ts';
import { taskWarning } from './task-events.ts';
import { jobRef, type TaskObservation } from './task-observation.ts';
import { withinDeadline } from './start-deadline.ts';
import { attemptOf, waiting } from './task-status.ts';

/** What a task that has no Job does to the cluster. */
type Change = Extract<Effect, { type: 'create' | 'delete' }>;

function targetOf(change: Change): ObjectRef {
  return change.type === 'create' ? refOf(change.kind, change.object) : change.ref;
}

/** The reason of a task that waits until other tasks of its namespace have ended. */
export const waitingForSlot = 'WaitingForSlot';

/** A task without a Job: creates it as soon as everything it needs is there, and says what is missing until then. */
export function startTask(observation: TaskObservation): Plan {
  const { task, settings, unread } = observation;
  const find = definitionsIn(observation.definitions);
  if (unread.length > 0) return { look: unread };
  const name = task.spec.taskDefinition;
  const blueprint = blueprintOf(name, find);
  if (blueprint.type === 'problem') return showProblem(blueprint, observation);
  const problem =
    foreignImageProblem(blueprint, settings) ?? downloadProblem(blueprint, settings.allowedHosts);
  if (problem !== undefined) return showProblem(problem, observation);
  const definition = find(name);
  if (definition === undefined) return nothing;
  const isFull = observation.runningJobs >= (settings.maxJobsPerNamespace ?? Infinity);
  if (isFull || !observation.isItsTurn) return waitForSlot(observation);
  const copy = codeCopyFor(blueprint, task);
  const change = copy && changeOfCopy(copy, observation);
  if (change !== undefined) return make(change, observation);
  const ownName = nextJobName(observation);
  if (isTaken(ownName, observation)) return showAllTaken(ownName, observation);
  const job = jobFor({
    name: ownName,
    task,
    definition,
    blueprint,
    settings,
    traceparent: observation.traceparent,
  });
  return make({ type: 'create', kind: JobKind, object: job }, observation);
}

/**
 * What has to be done until the copy of the code is there. One that is the task's by name and owner and holds other code was
 * put there by something else, or is older than the definition: it goes.
 */
function changeOfCopy(copy: ConfigMap, { configMaps }: TaskObservation): Change | undefined {
  const known = configMaps.get(copy.metadata.name);
  if (known === undefined) return { type: 'create', kind: ConfigMapKind, object: copy };
  if (isCopyAsMade(known, copy)) return undefined;
  return deleting(ConfigMapKind, known);
}

/** How many names for the Job of the current attempt turned out to be taken by something else. */
export function collisionsOf(observation: TaskObservation): number {
  const { task } = observation;
  let count = task.status?.collisionCount ?? 0;
  while (count < mostCollisions && isTaken(nameOfJob(task, count), observation)) count += 1;
  return count;
}

/** Whether something else has this name: by the word of the API server, or because it is not the Job that would be made. */
function isTaken(name: string, observation: TaskObservation): boolean {
  const { task, candidates } = observation;
  const isForeign = candidates.some(({ metadata }) => metadata.name === name);
  return isForeign || refusalOf(jobRef(task, name), observation)?.reason === 'NameTaken';
}

/**
 * The observation with the Job in it that is the task's own although none is recorded: one that this process has just made,
 * or one that is what would be made, left by a process that could not record it any more. Whatever else calls itself the
 * task's stays a candidate, and its name counts as taken.
 */
export function withOwnJob(observation: TaskObservation): TaskObservation {
  const { candidates, made, pods } = observation;
  if (candidates.length === 0) return observation;
  const wanted = wantedJob(observation);
  const job =
    candidates.find(({ metadata }) => made.has(metadata.uid ?? '')) ??
    candidates.find((each) => wanted !== undefined && isJobAsMade(each, wanted));
  return {
    ...observation,
    job,
    candidates: candidates.filter((each) => each !== job),
    pods: pods.filter((pod) => job !== undefined && controllerOf(pod)?.uid === job.metadata.uid),
  };
}

/** The Job that would be made now; undefined while it cannot be told. Its name is not looked at. */
function wantedJob({ task, definitions, settings, traceparent }: TaskObservation): Job | undefined {
  const find = definitionsIn(definitions);
  const name = task.spec.taskDefinition;
  const blueprint = blueprintOf(name, find);
  const definition = find(name);
  if (blueprint.type === 'problem' || definition === undefined) return undefined;
  return jobFor({ name: '', task, definition, blueprint, settings, traceparent });
}

function nextJobName(observation: TaskObservation): string {
  return nameOfJob(observation.task, collisionsOf(observation));
}

function nameOfJob(task: TaskObservation['task'], collisionCount: number): string {
  const { name, uid = '' } = task.metadata;
  return jobName({ taskName: name, taskUid: uid, attempt: attemptOf(task), collisionCount });
}

/**
 * Creates the Job or what it needs, but only while the live task is the one this was decided on: a cache that lags could
 * hide that it has run. What the API server refuses is shown while the engine tries again.
 */
function make(effect: Change, observation: TaskObservation): Plan {
  const { task } = observation;
  const refused = refusalOf(targetOf(effect), observation);
  const { plan: shown, isOver } =
    refused === undefined
      ? { plan: nothing, isOver: false }
      : showRefusal(effect, refused, observation);
  // A task that has waited long enough begins nothing any more.
  if (isOver) return shown;
  return {
    ...shown,
    effects: [effect],
    ...onlyWhile(KeptnTask, task),
  };
}

const refusalReasons: Readonly<Record<Refusal['reason'], string>> = {
  NameTaken: 'NameTaken',
  Terminating: 'NameTerminating',
  Forbidden: 'JobForbidden',
  Invalid: 'JobInvalid',
  NotFound: 'JobNotCreated',
  Unavailable: 'JobNotCreated',
};

function showRefusal(effect: Change, refused: Refusal, observation: TaskObservation): Held {
  const passes = refused.reason === 'Terminating' || refused.reason === 'Unavailable';
  const { kind, name } = targetOf(effect);
  const done = effect.type === 'create' ? 'created' : 'deleted';
  const message = `${kind.kind} ${name} could not be ${done}: ${refused.message}`;
  const text = `could not create Job: ${observation.task.metadata.name}: ${refused.message}`;
  const event = taskWarning(observation.task, 'create', { suffix: 'Failed', text });
  const progress = { reason: refusalReasons[refused.reason], message };
  return passes
    ? { isOver: false, plan: waitFor({ kind: 'waiting', ...progress }, observation, event) }
    : waitWithDeadline('jobStart', { kind: 'stalled', ...progress }, { observation, event });
}

function showAllTaken(name: string, observation: TaskObservation): Plan {
  const message = `every name that its Job may have belongs to something else, the last one tried is ${name}; delete the Jobs of this task that Sluice has not made`;
  const progress = { kind: 'stalled', reason: 'NameTaken', message } as const;
  return waitWithDeadline('jobStart', progress, { observation }).plan;
}

function showProblem(problem: BlueprintProblem, observation: TaskObservation): Plan {
  const { task } = observation;
  const { reason, message, missing } = problem;
  const event =
    missing === undefined
      ? taskWarning(task, 'create', {
          suffix: 'Failed',
          text: `could not merge KeptnTaskDefinition: ${task.spec.taskDefinition}: ${message}`,
        })
      : taskWarning(task, 'create', {
          suffix: 'NotFound',
          text: `could not find KeptnTaskDefinition: ${missing}`,
        });
  const on = missing === undefined ? 'jobStart' : 'definition';
  return waitWithDeadline(on, { kind: 'stalled', reason, message }, { observation, event }).plan;
}

function waitForSlot(observation: TaskObservation): Plan {
  const { namespace = '' } = observation.task.metadata;
  const limit = observation.settings.maxJobsPerNamespace;
  const { appName = '' } = observation.task.spec.context ?? {};
  const whose = appName === '' ? 'its turn' : `the turn of application ${appName}`;
  // Without numbers that change: what merely waits writes nothing.
  const message = `${limit} Jobs of tasks run in namespace ${namespace}, which is the limit (maxJobsPerNamespace of the KeptnConfig); it is started when one of them has ended and it is ${whose}`;
  return waitFor({ kind: 'waiting', reason: waitingForSlot, message }, observation);
}

function waitFor(progress: Progress, observation: TaskObservation, event?: EventNote): Plan {
  const { task, now } = observation;
  const plan = storing(KeptnTask, task, waiting(task, progress, now));
  return event === undefined ? plan : { ...plan, events: [event] };
}

/** A plan that waits, or the end of a task that has waited long enough. */
interface Held {
  readonly isOver: boolean;
  readonly plan: Plan;
}

/** Waits for what may never come, and fails when its deadline has passed. */
function waitWithDeadline(
  on: 'definition' | 'jobStart',
  progress: Progress,
  { observation, event }: { readonly observation: TaskObservation; readonly event?: EventNote },
): Held {
  const { task } = observation;
  const wait = withinDeadline(on, progress, { task, observation });
  if (wait.type === 'over') return { isOver: true, plan: wait.plan };
  const { wakeAfterMs } = wait;
  const plan = waitFor(wait.progress, observation, event);
  const woken = wakeAfterMs === undefined ? plan : { ...plan, wakeAfterMs };
  return { isOver: false, plan: woken };
}
