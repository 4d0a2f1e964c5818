import { ConfigMapKind, JobKind } from '../api/builtin.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { refOf } from '../api/object.ts';
import type { Progress } from './conditions.ts';
import { codeCopyFor } from './function-config-map.ts';
import { blueprintOf, type BlueprintProblem } from './function-source.ts';
import { jobFor } from './job.ts';
import { jobName } from './names.ts';
import { type Effect, type EventNote, nothing, type Plan, type Refusal } from './plan.ts';
import { foreignImageProblem } from './runner-image.ts';
import { taskWarning } from './task-events.ts';
import { jobRef, storing, type TaskObservation } from './task-observation.ts';
import { attemptOf, waiting } from './task-status.ts';

/** The reason of a task that waits until other tasks of its namespace have ended. */
export const waitingForSlot = 'WaitingForSlot';

/** A task without a Job: creates it as soon as everything it needs is there, and says what is missing until then. */
export function startTask(observation: TaskObservation): Plan {
  const { task, find, settings, unread } = observation;
  if (unread.length > 0) return { look: unread };
  const name = task.spec.taskDefinition;
  const blueprint = blueprintOf(name, find);
  if (blueprint.type === 'problem') return showProblem(blueprint, observation);
  const foreign = foreignImageProblem(blueprint, settings);
  if (foreign !== undefined) return showProblem(foreign, observation);
  const definition = find(name);
  if (definition === undefined) return nothing;
  const isFull = observation.runningJobs >= (settings.maxJobsPerNamespace ?? Infinity);
  if (isFull || !observation.isItsTurn) return waitForSlot(observation);
  const copy = codeCopyFor(blueprint, task);
  if (copy !== undefined && !observation.hasConfigMap(copy.metadata.name)) {
    return make({ type: 'create', kind: ConfigMapKind, object: copy }, observation);
  }
  const job = jobFor({
    name: nextJobName(observation),
    task,
    definition,
    blueprint,
    settings,
    traceparent: observation.traceparent,
  });
  return make({ type: 'create', kind: JobKind, object: job }, observation);
}

/** How many names for the Job of the current attempt turned out to be taken by something else. */
export function collisionsOf(observation: TaskObservation): number {
  const { task } = observation;
  let count = task.status?.collisionCount ?? 0;
  const isTaken = (): boolean =>
    observation.refusal(jobRef(task, nameOfJob(task, count)))?.reason === 'NameTaken';
  while (isTaken()) count += 1;
  return count;
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
function make(effect: Extract<Effect, { type: 'create' }>, observation: TaskObservation): Plan {
  const { task } = observation;
  const { resourceVersion = '' } = task.metadata;
  const refused = observation.refusal(refOf(effect.kind, effect.object));
  const shown = refused === undefined ? nothing : showRefusal(effect, refused, observation);
  return {
    ...shown,
    effects: [effect],
    onlyIfCurrent: { ...refOf(KeptnTask, task), resourceVersion },
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

function showRefusal(
  { kind, object }: Extract<Effect, { type: 'create' }>,
  refused: Refusal,
  observation: TaskObservation,
): Plan {
  const passes = refused.reason === 'Terminating' || refused.reason === 'Unavailable';
  const message = `${kind.kind} ${object.metadata.name} could not be created: ${refused.message}`;
  const text = `could not create Job: ${observation.task.metadata.name}: ${refused.message}`;
  return waitFor(
    { kind: passes ? 'waiting' : 'stalled', reason: refusalReasons[refused.reason], message },
    observation,
    taskWarning(observation.task, 'create', { suffix: 'Failed', text }),
  );
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
  return waitFor({ kind: 'stalled', reason, message }, observation, event);
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
  const plan = storing(observation, waiting(task, progress, now));
  return event === undefined ? plan : { ...plan, events: [event] };
}
