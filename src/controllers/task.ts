import { ConfigMapKind, type Job, JobKind, PodKind } from '../api/builtin.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { controllerOf, type KubernetesObject, type ObjectRef } from '../api/object.ts';
import { blueprintOf } from '../domain/function-source.ts';
import { endOfJob } from '../domain/job-stage.ts';
import type { Lookup, World } from '../domain/lookup.ts';
import { decideTask, podSelector } from '../domain/task.ts';
import {
  jobOf,
  recordedJob,
  type TaskObservation,
  type TaskSettings,
} from '../domain/task-observation.ts';
import { waitingForSlot } from '../domain/task-start.ts';
import { type Controller, type Key, watch } from './controller.ts';
import { findDefinitions } from './find-definitions.ts';
import { type IndexDefinition, ownerIndex } from './indexes.ts';
import { isParentSuperseded, supersededParentWatches } from './superseded-parent.ts';
import { dependentNames } from './task-definition.ts';

/** The tasks that have no Job yet, by the name of their definition. */
export const tasksAwaitingDefinition: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-definition',
  values: (task) => (isToBeStarted(task) ? [task.spec.taskDefinition] : []),
};

/** The tasks that wait until another one of their namespace has ended, by namespace. */
export const tasksAwaitingSlot: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-slot',
  values: (task) =>
    isToBeStarted(task) && task.status?.reason === waitingForSlot
      ? [task.metadata.namespace ?? '']
      : [],
};

export interface TaskControllerSettings {
  /** Where a definition is looked for after the task's own namespace. */
  readonly definitionsNamespace: string;
  readonly denoImage: string;
  readonly pythonImage: string;
  /** How many Jobs of tasks may run in one namespace at once; no limit when undefined. Eight at once may overshoot it. */
  readonly maxJobsPerNamespace?: number | undefined;
}

/** Runs KeptnTasks, whoever made them and in whatever namespace. */
export function taskController(settings: TaskControllerSettings): Controller<TaskObservation> {
  const { definitionsNamespace, denoImage, pythonImage, maxJobsPerNamespace } = settings;
  const forTasks: TaskSettings = {
    images: { deno: denoImage, python: pythonImage },
    ...(maxJobsPerNamespace !== undefined && { maxJobsPerNamespace }),
  };
  return {
    name: 'task',
    watches: [
      watch(KeptnTask, ({ metadata }) => [metadata]),
      watch(JobKind, (job, lookup) => [...taskOf(job), ...freedSlot(job, lookup)]),
      watch(PodKind, (pod, lookup) => {
        const owner = controllerOf(pod);
        if (owner?.kind !== JobKind.kind) return [];
        const job = lookup.get(JobKind, pod.metadata.namespace, owner.name);
        return job === undefined ? [] : taskOf(job);
      }),
      watch(KeptnTaskDefinition, ({ metadata: { name, namespace } }, lookup) =>
        [...dependentNames(name, lookup)]
          .flatMap((each) => lookup.byIndex(KeptnTask, tasksAwaitingDefinition.name, each))
          .map(({ metadata }) => metadata)
          .filter((task) => namespace === task.namespace || namespace === definitionsNamespace),
      ),
      watch(ConfigMapKind, taskOf),
      ...supersededParentWatches(KeptnTask),
    ],
    gather({ namespace = '', name }, world) {
      const task = world.get(KeptnTask, namespace, name);
      return task && observe(task, world, { definitionsNamespace, ...forTasks });
    },
    decide: decideTask,
  };
}

function observe(
  task: KeptnTask,
  world: World,
  settings: TaskSettings & { readonly definitionsNamespace: string },
): TaskObservation {
  const { namespace = '', uid = '' } = task.metadata;
  const recorded = recordedJob(task);
  const job = jobOf(task, {
    named: recorded && world.get(JobKind, namespace, recorded.name),
    owned: world.byIndex(JobKind, ownerIndex, uid),
  });
  const { find, unread } = findDefinitions(world, [namespace, settings.definitionsNamespace]);
  // Asked here so that the decision knows what was not read live.
  if (job === undefined && isToBeStarted(task)) blueprintOf(task.spec.taskDefinition, find);
  else find(task.spec.taskDefinition);
  return {
    now: world.now,
    task,
    job,
    jobLive: recorded === undefined ? 'unread' : world.live(recorded),
    pods: job === undefined ? [] : world.byIndex(PodKind, ownerIndex, job.metadata.uid ?? ''),
    podsListed: world.listed(PodKind, namespace, podSelector(task)),
    runningJobs: settings.maxJobsPerNamespace === undefined ? 0 : runningJobs(world, namespace),
    find,
    unread: [...unread],
    isSuperseded: isParentSuperseded(task, world),
    hasConfigMap: (name) => world.get(ConfigMapKind, namespace, name) !== undefined,
    refusal: (ref: ObjectRef) => world.refusal(ref),
    settings,
  };
}

function isToBeStarted(task: KeptnTask): boolean {
  return recordedJob(task) === undefined && !isCompleted(task.status?.status);
}

function runningJobs(lookup: Lookup, namespace: string): number {
  return lookup
    .list(JobKind, namespace)
    .filter(
      (job) => taskOf(job).length > 0 && job.spec.suspend !== true && endOfJob(job) === undefined,
    ).length;
}

/** The task that controls an object. */
function taskOf(object: KubernetesObject): Key[] {
  const owner = controllerOf(object);
  if (owner?.kind !== KeptnTask.kind) return [];
  return [{ namespace: object.metadata.namespace ?? '', name: owner.name }];
}

/** The tasks that may take the place of a Job that has ended or is gone. */
function freedSlot(job: Job, lookup: Lookup): Key[] {
  const { namespace = '' } = job.metadata;
  if (taskOf(job).length === 0) return [];
  return lookup
    .byIndex(KeptnTask, tasksAwaitingSlot.name, namespace)
    .map(({ metadata }) => metadata);
}
