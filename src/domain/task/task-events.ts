import type { KeptnTask } from '../../api/keptn/task.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import type { EventNote } from '../plan.ts';
import { shortened } from '../shortened.ts';

const phases = {
  create: { short: 'CreateTask', long: 'Create Task' },
  reconcile: { short: 'ReconcileTask', long: 'Reconcile Task' },
} as const;

// The note of an Event may have 1,024 characters.
const longestResult = 600;

/** What Events about a task say of it. */
export function taskSubject(task: KeptnTask): PhaseSubject {
  const { context = {}, taskDefinition } = task.spec;
  return {
    object: task,
    annotations: {
      appName: context.appName ?? '',
      appVersion: context.appVersion ?? '',
      workloadName: context.workloadName ?? '',
      workloadVersion: context.workloadVersion ?? '',
      taskName: task.metadata.name,
      taskDefinitionName: taskDefinition,
    },
    reportedBy: 'keptntask-controller',
  };
}

/** Says what a task has returned. */
export function taskResult(task: KeptnTask, result: unknown): EventNote {
  return phaseEvent(taskSubject(task), phases.reconcile, {
    suffix: 'ResultReturned',
    text: `task has returned ${shortened(JSON.stringify(result), longestResult)}`,
  });
}

/** A Warning about a task with Keptn's reason (`CreateTaskNotFound`, `CreateTaskFailed`, `ReconcileTaskFailed`). */
export function taskWarning(
  task: KeptnTask,
  phase: keyof typeof phases,
  say: { suffix: 'NotFound' | 'Failed'; text: string },
): EventNote {
  return phaseEvent(taskSubject(task), phases[phase], { ...say, type: 'Warning' });
}
