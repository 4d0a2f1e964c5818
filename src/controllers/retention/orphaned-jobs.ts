import { type Job, JobKind } from '../../api/builtin.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import {
  decideOrphanedJob,
  isOrphaned,
  type OrphanedJobSeen,
  taskOfOrphan,
} from '../../domain/retention/orphaned-job.ts';
import { type Controller, watch } from '../engine/controller.ts';
import { stateOfNamespace } from '../engine/terminating-namespace.ts';

/** Deletes Jobs of tasks that were deleted without them. */
export function orphanedJobController(): Controller<OrphanedJobSeen> {
  return {
    name: 'orphaned-job',
    workers: 1,
    watches: [
      watch<Job>(JobKind, (job) => (isOrphaned(job) ? [job.metadata] : [])),
      // Read live before anything is deleted, so it has to be cached.
      watch(KeptnTask, () => [], 'existence'),
    ],
    gather({ namespace = '', name }, world) {
      const job = world.get(JobKind, namespace, name);
      if (job === undefined) return undefined;
      return {
        now: world.now,
        clockSteps: world.clockSteps,
        job,
        task: world.live(taskOfOrphan(job)),
        isCertain: stateOfNamespace(namespace, world) === 'stays',
      };
    },
    decide: decideOrphanedJob,
  };
}
