import type { Job } from '../../api/builtin.ts';
import { keptnAnnotations } from '../../api/keptn/annotations.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { Lookup } from '../lookup.ts';
import { type Finding, findingAbout } from './finding.ts';
import { defined } from '../../api/json.ts';
import { whyTask } from './why-check.ts';

/** How a Job stands, and the task that it was made for. */
export function whyJob(job: Job, lookup: Lookup): Finding {
  const { metadata, status = {} } = job;
  const end = status.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === KeptnTask.kind);
  const name = owner?.name ?? metadata.annotations?.[keptnAnnotations.taskName];
  const task = name === undefined ? undefined : lookup.get(KeptnTask, metadata.namespace, name);
  return findingAbout(job, {
    mark: end === undefined ? 'waiting' : end.type === 'Complete' ? 'done' : 'failed',
    says: `${stateOf(job, end?.type)}${name === undefined ? ', and belongs to no KeptnTask' : `, for KeptnTask ${name}${task === undefined ? ', which does not exist any more' : ''}`}`,
    facts: defined({
      state: end?.type,
      reason: end?.reason,
      message: end?.message,
      startTime: status.startTime,
      endTime: status.completionTime ?? end?.lastTransitionTime,
    }),
    because: task === undefined ? [] : [whyTask(task, lookup)],
  });
}

function stateOf({ spec, status = {} }: Job, end: string | undefined): string {
  if (end !== undefined) return end;
  if (spec.suspend === true) return 'suspended';
  return (status.active ?? 0) > 0 ? 'running' : 'without a Pod that runs';
}
