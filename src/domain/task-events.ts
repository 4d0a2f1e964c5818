import type { KeptnTask } from '../api/keptn/task.ts';
import { phaseEvent } from './phase-event.ts';
import type { EventNote } from './plan.ts';

const phases = {
  create: { short: 'CreateTask', long: 'Create Task' },
  reconcile: { short: 'ReconcileTask', long: 'Reconcile Task' },
} as const;

/** A Warning about a task with Keptn's reason (`CreateTaskNotFound`, `CreateTaskFailed`, `ReconcileTaskFailed`). */
export function taskWarning(
  task: KeptnTask,
  phase: keyof typeof phases,
  say: { suffix: 'NotFound' | 'Failed'; text: string },
): EventNote {
  const { context = {}, taskDefinition } = task.spec;
  const subject = {
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
  return phaseEvent(subject, phases[phase], { ...say, type: 'Warning' });
}
