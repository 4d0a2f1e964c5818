import type { IndexDefinition } from '../ports/index-definition.ts';
import { ConfigMapKind, type Job, JobKind, type Pod, PodKind } from '../api/builtin.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { controllerOf, isControlledBy, type KubernetesObject } from '../api/object.ts';
import { hasOpenFollowUps } from '../domain/follow-up/follow-ups.ts';
import { noting } from '../domain/job/definitions-seen.ts';
import { blueprintOf } from '../domain/job/function-source.ts';
import { endOfJob } from '../domain/task/job-stage.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { gateIndex } from '../domain/gate/pod-gate.ts';
import type { Lookup, World } from '../domain/lookup.ts';
import { runnerImage } from '../domain/job/runner-image.ts';
import { decideTask, podSelector } from '../domain/task/task.ts';
import {
  candidatesOf,
  jobOf,
  recordedJob,
  type TaskObservation,
  type TaskSettings,
} from '../domain/task/task-observation.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { DepartedPods } from './gathering/departed-pods.ts';
import { findDefinitions } from './gathering/find-definitions.ts';
import {
  chainBefore,
  followedKey,
  gatherFollowUps,
  tasksAwaitingFollowUp,
} from './gathering/follow-ups.ts';
import { FollowUpLines, followUpsByRoot } from './gathering/follow-up-line.ts';
import { isOver } from './gathering/history.ts';
import {
  allTasksAwaitingSlot,
  anywhere,
  isToBeStarted,
  jobsInSlots,
  slotFor,
  tasksAwaitingSlot,
  tasksInTurn,
} from './gathering/job-slots.ts';
import { deadlineWatches, waitingTasks } from './gathering/deadline-watches.ts';
import { deadlinesOfCheck } from './gathering/nearest-deadlines.ts';
import type { Deadlines } from '../domain/deadline.ts';
import type { Places } from '../domain/settings/places.ts';
import {
  isParentSuperseded,
  supersededParentWatches,
  isParentAborted,
} from './gathering/superseded-parent.ts';
import { dependentNames, taskDefinitionsByFunctionRef } from './task-definition.ts';
import { awaiting, byName } from './gathering/version-checks.ts';
import { defined } from '../api/json.ts';

/** The tasks that have no Job yet, by the name of their definition. */
const tasksAwaitingDefinition: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-definition',
  values: (task) => (isToBeStarted(task) ? [task.spec.taskDefinition] : []),
};

/** The Pods that are held, by namespace. */
const podsHeld: IndexDefinition<Pod> = {
  kind: PodKind,
  name: 'held',
  values: (pod) => (gateIndex(pod) >= 0 ? [pod.metadata.namespace ?? ''] : []),
};

export interface TaskControllerSettings extends Places {
  readonly denoImage: string;
  readonly pythonImage: string;
  readonly bashImage: string;
}

/** Runs KeptnTasks, made by Sluice or by hand, in every namespace. */
export function taskController(settings: TaskControllerSettings): Controller<TaskObservation> {
  const { definitionsNamespace, operatorNamespace } = settings;
  const images = {
    deno: runnerImage(settings.denoImage),
    python: runnerImage(settings.pythonImage),
    bash: runnerImage(settings.bashImage),
  };
  const departed = new DepartedPods();
  const lines = new FollowUpLines();
  const inTurn = ({ metadata: { namespace = '' } }: KubernetesObject, lookup: Lookup): Key[] => {
    const { maxJobsPerNamespace } = settingsFrom(lookup.list(KeptnConfig), operatorNamespace);
    return tasksInTurn(namespace, maxJobsPerNamespace, lookup);
  };
  const followed = { index: tasksAwaitingFollowUp, definitionsNamespace };
  return {
    name: 'task',
    stepsToGate: 3,
    startingPoints: [
      watch(KeptnTask, ({ metadata, status }) =>
        isOver(status?.status, status) ? [] : [metadata],
      ),
      // A Job may have to be ended or to get its time to live although its task is over.
      watch(JobKind, (job) => (isLeftToKubernetes(job) ? [] : taskOf(job))),
    ],
    indexes: [
      waitingTasks,
      tasksAwaitingDefinition,
      taskDefinitionsByFunctionRef,
      tasksAwaitingSlot,
      allTasksAwaitingSlot,
      jobsInSlots,
      podsHeld,
      tasksAwaitingFollowUp,
      followUpsByRoot,
    ],
    watches: [
      watch(KeptnTask, (task, lookup) => [
        task.metadata,
        ...followedKey(task, KeptnTask, lookup),
        // One that waited may not take the place that was offered to it.
        ...(tasksAwaitingSlot.values(task).length > 0 ? inTurn(task, lookup) : []),
      ]),
      watch(JobKind, (job, lookup) => {
        const { namespace, name, uid = '' } = job.metadata;
        if (lookup.get(JobKind, namespace, name)?.metadata.uid !== uid) departed.forget(uid);
        return [...taskOf(job), ...(givesPlace(job, lookup) ? inTurn(job, lookup) : [])];
      }),
      watch(PodKind, (pod, lookup) => {
        departed.see(pod);
        const owner = controllerOf(pod);
        if (owner?.kind !== JobKind.kind) return [];
        const job = lookup.get(JobKind, pod.metadata.namespace, owner.name);
        return job === undefined ? [] : taskOf(job);
      }),
      watch(KeptnTaskDefinition, ({ metadata: { name, namespace } }, lookup) =>
        [...dependentNames(name, lookup)]
          .flatMap((each) => lookup.byIndex(tasksAwaitingDefinition, each))
          .map(({ metadata }) => metadata)
          .filter((task) => namespace === task.namespace || namespace === definitionsNamespace),
      ),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, followed)),
      watch(ConfigMapKind, taskOf),
      // The limit of Jobs may have been raised; eight tasks at once may overshoot it.
      watch(KeptnConfig, (_config, lookup) =>
        lookup.byIndex(allTasksAwaitingSlot, anywhere).map(({ metadata }) => metadata),
      ),
      ...deadlineWatches(waitingTasks, definitionsNamespace),
      ...supersededParentWatches(KeptnTask),
    ],
    gather({ namespace = '', name }, world) {
      const task = world.get(KeptnTask, namespace, name);
      if (task === undefined) return undefined;
      const settingsNow = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      const { maxJobsPerNamespace, maxFollowUpDepth, maxFollowUps } = settingsNow;
      const { functionRetries, jobDefaults, allowedHosts, deadlines } = settingsNow;
      return observe(
        task,
        { world, departed, lines },
        {
          definitionsNamespace,
          images,
          functionRetries,
          jobDefaults,
          allowedHosts,
          maxFollowUpDepth,
          maxFollowUps,
          deadlines,
          ...defined({ maxJobsPerNamespace }),
        },
      );
    },
    decide: (seen) => lines.noted(decideTask(seen)),
  };
}

function observe(
  task: KeptnTask,
  {
    world,
    departed,
    lines,
  }: { readonly world: World; readonly departed: DepartedPods; readonly lines: FollowUpLines },
  settings: TaskSettings & {
    readonly definitionsNamespace: string;
    readonly maxFollowUpDepth: number;
    readonly maxFollowUps: number;
    readonly deadlines: Deadlines;
  },
): TaskObservation {
  const { namespace = '', uid = '' } = task.metadata;
  const recorded = recordedJob(task);
  const named = recorded && world.get(JobKind, namespace, recorded.name);
  const job = recorded && jobOf(task, { named, owned: [] });
  const candidates = candidatesOf(task, world.byOwner(JobKind, uid));
  const { find: findNow, unread } = findDefinitions(world, [
    namespace,
    settings.definitionsNamespace,
  ]);
  // Asked here for all that the decision may ask, so that it also knows what was not read live.
  const { find, seen: definitions } = noting(findNow);
  const definition = find(task.spec.taskDefinition);
  blueprintOf(task.spec.taskDefinition, find);
  return {
    now: world.now,
    clockSteps: world.clockSteps,
    ...world.answers(),
    task,
    job,
    candidates,
    jobLive: recorded === undefined ? 'unread' : world.live(recorded),
    pods: [...(job === undefined ? [] : [job]), ...candidates].flatMap((each) =>
      podsOf(each, world, departed),
    ),
    jobEvents: world.eventsAbout((job ?? candidates[0])?.metadata.uid ?? ''),
    heldPods: job === undefined || (job.status?.active ?? 0) > 0 ? 0 : heldPods(world, namespace),
    podsListed: world.listed(PodKind, namespace, podSelector(task)),
    ...slotFor(task, settings.maxJobsPerNamespace, world),
    definitions,
    unread: [...unread],
    isSuperseded: isParentSuperseded(task, world),
    isAborted: isParentAborted(task, world),
    followUps: {
      ...gatherFollowUps(task, world, settings.definitionsNamespace),
      limit: settings.maxFollowUpDepth,
      total: settings.maxFollowUps,
      line: hasOpenFollowUps(task.status?.followUps) ? lines.namesOf(task, world) : new Set(),
      before: chainBefore(task, world),
    },
    configMaps: byName(
      world.byOwner(ConfigMapKind, uid).filter((each) => isControlledBy(each, task)),
    ),
    settings: {
      ...settings,
      deadlines: deadlinesOfCheck(task, definition, {
        lookup: world,
        ofCluster: settings.deadlines,
      }),
    },
  };
}

function podsOf(job: Job, lookup: Lookup, departed: DepartedPods): readonly Pod[] {
  const { uid = '' } = job.metadata;
  return departed.with(lookup.byOwner(PodKind, uid), uid);
}

function heldPods(lookup: Lookup, namespace: string): number {
  return lookup.byIndex(podsHeld, namespace).length;
}

/** Whether the Job has ended and will be deleted without us. */
function isLeftToKubernetes(job: Job): boolean {
  return endOfJob(job) !== undefined && job.spec.ttlSecondsAfterFinished !== undefined;
}

/** The task that controls an object. */
function taskOf(object: KubernetesObject): Key[] {
  const owner = controllerOf(object);
  if (owner?.kind !== KeptnTask.kind) return [];
  return [{ namespace: object.metadata.namespace ?? '', name: owner.name }];
}

/** Whether a Job has given its place free: it has ended, stands still, or is gone. */
function givesPlace(job: Job, lookup: Lookup): boolean {
  const { namespace, name, uid } = job.metadata;
  return (
    jobsInSlots.values(job).length === 0 ||
    lookup.get(JobKind, namespace, name)?.metadata.uid !== uid
  );
}
