import { type Moment, onThisClock } from '../clock-steps.ts';
import { type Job, JobKind } from '../../api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { ObjectRef } from '../../api/object.ts';
import { defaultTtlSeconds } from '../job/job.ts';
import { endOfJob } from '../task/job-stage.ts';
import { deleting, type Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import { remainingMs } from '../remaining.ts';

/** What the decision on a Job without an owner knows of the world. */
export interface OrphanedJobSeen extends Moment {
  readonly job: Job;
  /** What a live read of the task it names said. */
  readonly task: 'unread' | 'absent' | 'present';
  /** false while the Namespace is going. */
  readonly isCertain: boolean;
}

/** Whether a Job is one of a task, and no garbage collection will take it: its owner was deleted with `--cascade=orphan`. */
export function isOrphaned({ metadata }: Job): boolean {
  const { ownerReferences = [], labels, annotations, deletionTimestamp } = metadata;
  return (
    ownerReferences.length === 0 &&
    deletionTimestamp === undefined &&
    labels?.[sluiceKeys.task] !== undefined &&
    annotations?.[keptnAnnotations.taskName] !== undefined
  );
}

/** The task that an orphaned Job names. */
export function taskOfOrphan({ metadata }: Job): ObjectRef {
  const name = metadata.annotations?.[keptnAnnotations.taskName] ?? '';
  return { kind: KeptnTask, namespace: metadata.namespace ?? '', name };
}

/**
 * Deletes a Job whose task is gone: at once if it is suspended, because nothing resumes it, and some time after its end
 * otherwise. One that runs is left to end: the user who orphaned it may have wanted just that.
 */
export function decideOrphanedJob(seen: OrphanedJobSeen): Plan {
  const { now, job, task, isCertain } = seen;
  if (!isCertain || !isOrphaned(job)) return {};
  const end = endOfJob(job);
  const isOver = end !== undefined && job.spec.ttlSecondsAfterFinished === undefined;
  if (!isOver && job.spec.suspend !== true) return {};
  const wakeAfterMs = isOver
    ? remainingMs(onThisClock(endedAt(job, now), seen), defaultTtlSeconds * 1000, now)
    : 0;
  if (wakeAfterMs > 0) return { wakeAfterMs };
  if (task === 'unread') return { look: [taskOfOrphan(job)] };
  if (task === 'present') return {};
  return { effects: [deleting(JobKind, job, { asGathered: true, propagation: 'Background' })] };
}

function endedAt({ status }: Job, now: number): number {
  const times = status?.conditions?.map(({ lastTransitionTime }) => parseTime(lastTransitionTime));
  return Math.max(0, ...(times ?? []).map((time) => time ?? 0)) || now;
}
