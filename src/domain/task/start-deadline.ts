import type { Pod } from '../../api/builtin.ts';
import type { KeptnTask, KeptnTaskStatus } from '../../api/keptn/task.ts';
import { conditionOf, conditionTypes, type Progress } from '../conditions.ts';
import { deadlineOf, exceeded } from '../deadline.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { isStartHindered } from './job-stage.ts';
import { taskWarning } from './task-events.ts';
import { concluding } from './task-follow-ups.ts';
import type { TaskObservation } from './task-observation.ts';
import { ended, fullMessageOf } from './task-status.ts';
import type { Plan } from '../plan.ts';

/** The end of a task that has failed, with the tasks that follow it. */
export function fail(observation: TaskObservation, status: KeptnTaskStatus): Plan {
  const text = `task failed: ${fullMessageOf(status) ?? ''}`;
  const event = taskWarning(observation.task, 'reconcile', { suffix: 'Failed', text });
  const plan = concluding(observation, status);
  return { ...plan, events: [event, ...(plan.events ?? [])] };
}

/** A wait that goes on, or the end of the task that has waited long enough. */
export type WithinDeadline =
  | { readonly type: 'waits'; readonly progress: Progress; readonly wakeAfterMs?: number }
  | { readonly type: 'over'; readonly plan: Plan };

/** What a task waits for before it starts, held against its deadline. `task` is what the end is recorded of. */
export function withinDeadline(
  on: 'definition' | 'jobStart',
  progress: Progress,
  { task, observation }: { readonly task: KeptnTask; readonly observation: TaskObservation },
): WithinDeadline {
  const { now, clockSteps, settings } = observation;
  const limitMs = settings.deadlines?.[on];
  const deadline = deadlineOf(on, task.status?.conditions, { limitMs, now, clockSteps });
  const { waiting, isOver, wakeAfterMs } = deadline;
  if (!isOver) {
    const wake = wakeAfterMs === undefined ? {} : { wakeAfterMs };
    return { type: 'waits', progress: { ...progress, waiting }, ...wake };
  }
  const end = { state: 'Failed', ...exceeded(deadline, progress.message) } as const;
  return { type: 'over', plan: fail(observation, ended(task, end, now)) };
}

/**
 * Whether a Job waits for its first start. Once something is in its way that may stay there, it does so until a container has
 * run: between two tries of a pull nothing is said to be in the way.
 */
export function awaitsStart(
  { task, pods }: Pick<TaskObservation, 'task' | 'pods'>,
  { evidence, reason }: { readonly evidence: Evidence | undefined; readonly reason: string },
): boolean {
  if (evidence !== undefined || task.status?.exitCode !== undefined || pods.some(hasStarted)) {
    return false;
  }
  const known = conditionOf(task, conditionTypes.waiting);
  return isStartHindered(reason) || known !== undefined;
}

function hasStarted({ status }: Pod): boolean {
  const containers = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  return containers.some(
    ({ state, lastState }) =>
      state?.running !== undefined ||
      state?.terminated !== undefined ||
      lastState?.terminated !== undefined,
  );
}
