import type { IndexDefinition } from '../../ports/index-definition.ts';
import { type Job, JobKind } from '../../api/builtin.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { controllerOf } from '../../api/object.ts';
import { endOfJob } from '../../domain/task/job-stage.ts';
import { nextInLine } from '../../domain/job/job-slots.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { recordedJob } from '../../domain/task/task-observation.ts';
import { waitingForSlot } from '../../domain/task/task-start.ts';
import { parseTime } from '../../domain/time.ts';
import type { Key } from '../engine/controller.ts';

/** Whether a task has no Job yet and is to get one. */
export function isToBeStarted(task: KeptnTask): boolean {
  return recordedJob(task) === undefined && !isCompleted(task.status?.status);
}

/** The tasks that wait until another one of their namespace has ended, by namespace. */
export const tasksAwaitingSlot: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-slot',
  values: (task) =>
    isToBeStarted(task) && task.status?.reason === waitingForSlot
      ? [task.metadata.namespace ?? '']
      : [],
};

/** The value under which `allTasksAwaitingSlot` has all of them. */
export const anywhere = 'anywhere';

/** The tasks that wait until another one has ended, in whatever namespace. */
export const allTasksAwaitingSlot: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-slot-anywhere',
  values: (task) => (tasksAwaitingSlot.values(task).length > 0 ? [anywhere] : []),
};

/** The Jobs of tasks that run, by namespace. */
export const jobsInSlots: IndexDefinition<Job> = {
  kind: JobKind,
  name: 'in-slot',
  values: (job) => (isInSlot(job) ? [job.metadata.namespace ?? ''] : []),
};

function isInSlot(job: Job): boolean {
  return (
    controllerOf(job)?.kind === KeptnTask.kind &&
    job.spec.suspend !== true &&
    endOfJob(job) === undefined
  );
}

/** How many Jobs of tasks run in a namespace, and whether a task is among those whose turn it is. */
export function slotFor(
  task: KeptnTask,
  limit: number | undefined,
  lookup: Lookup,
): { readonly runningJobs: number; readonly isItsTurn: boolean } {
  if (limit === undefined) return { runningJobs: 0, isItsTurn: true };
  const { namespace = '', name } = task.metadata;
  const { running, next } = lineIn(namespace, { limit, lookup, newcomer: task });
  return { runningJobs: running, isItsTurn: next.includes(name) };
}

/** The tasks that may take the places that are free in a namespace. */
export function tasksInTurn(namespace: string, limit: number | undefined, lookup: Lookup): Key[] {
  const waiting = lookup.byIndex(tasksAwaitingSlot, namespace);
  if (waiting.length === 0) return [];
  const names =
    limit === undefined
      ? waiting.map(({ metadata }) => metadata.name)
      : lineIn(namespace, { limit, lookup }).next;
  return names.map((name) => ({ namespace, name }));
}

function lineIn(
  namespace: string,
  { limit, lookup, newcomer }: { limit: number; lookup: Lookup; newcomer?: KeptnTask },
): { readonly running: number; readonly next: readonly string[] } {
  const jobs = lookup.byIndex(jobsInSlots, namespace);
  const waiting = lookup.byIndex(tasksAwaitingSlot, namespace);
  const isNew = waiting.every(({ metadata }) => metadata.name !== newcomer?.metadata.name);
  const all = newcomer !== undefined && isNew ? [...waiting, newcomer] : waiting;
  const running = new Map<string, number>();
  for (const job of jobs) {
    const task = lookup.get(KeptnTask, namespace, controllerOf(job)?.name ?? '');
    const app = appOf(task);
    running.set(app, (running.get(app) ?? 0) + 1);
  }
  const next = nextInLine(
    all.map((task) => ({
      name: task.metadata.name,
      app: appOf(task),
      madeAt: parseTime(task.metadata.creationTimestamp) ?? 0,
    })),
    running,
    limit - jobs.length,
  );
  return { running: jobs.length, next };
}

function appOf(task: KeptnTask | undefined): string {
  return task?.spec.context?.appName ?? '';
}
