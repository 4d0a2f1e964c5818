import { KeptnTask, type KeptnTaskStatus } from '../../api/keptn/task.ts';
import { ownedBy } from '../../api/object.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { type FollowUpParent, followUpPlan, hasOpenFollowUps } from '../follow-up/follow-ups.ts';
import { endFor, triggerOf, withFollowUps } from '../follow-up/follow-ups-at-end.ts';
import { nothing, type Plan, storing } from '../plan.ts';
import { taskSubject } from './task-events.ts';
import { definitionOf, type TaskObservation } from './task-observation.ts';
import { attemptOf } from './task-status.ts';

/** The plan that stores the end of a task together with the follow-ups that its definition names at this moment. */
export function concluding(observation: TaskObservation, status: KeptnTaskStatus): Plan {
  const { task, unread, now, followUps } = observation;
  const trigger = triggerOf(status.status);
  if (trigger === undefined) return storing(KeptnTask, task, status);
  const definition = definitionOf(observation);
  if (definition === undefined && unread.length > 0) return { look: unread };
  const end = {
    trigger,
    attempt: attemptOf({ ...task, status }),
    depth: depthOf(task),
    chain: chainOf(observation),
    limit: followUps.limit,
    total: followUps.total,
  };
  const followed = withFollowUps(status, definition, { end, subject: taskSubject(task), now });
  return { ...storing(KeptnTask, task, followed.status), events: followed.events };
}

/** What is still to be done for the follow-ups of a task that has ended. */
export function followingUp(observation: TaskObservation): Plan {
  const { task, followUps } = observation;
  if (!hasOpenFollowUps(task.status?.followUps)) return nothing;
  return followUpPlan(parentOf(observation), followUps, { kind: KeptnTask, object: task });
}

function parentOf(observation: TaskObservation): FollowUpParent {
  const { task, followUps } = observation;
  const { spec, metadata, status } = task;
  const root = rootOf(task);
  const { taskType: _taskType, trigger: _trigger, ...context } = spec.context ?? {};
  const summary = conditionOf(task, conditionTypes.succeeded);
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnTask, task),
    subject: taskSubject(task),
    attempt: spec.attempt ?? 1,
    depth: depthOf(task),
    chain: chainOf(observation),
    context,
    ...(root !== undefined && { line: { root, taken: followUps.line, total: followUps.total } }),
    end: endFor({
      kind: KeptnTask.kind,
      name: metadata.name,
      definition: spec.taskDefinition,
      status: status?.status,
      reason: summary?.reason,
      message: summary?.message,
      attempts: runsOf(status),
      result: status?.result,
    }),
  };
}

/** The uid of the check or version whose line of follow-ups the task belongs to; undefined if it is none itself. */
export function rootOf({ spec: { parent } }: KeptnTask): string | undefined {
  return parent === undefined ? undefined : (parent.root ?? parent.uid ?? '');
}

/** How often the task was run, as far as it is known: by its runner, or by the restarts of its container. */
function runsOf({ runs, restarts }: KeptnTaskStatus = {}): number | undefined {
  if (runs !== undefined && runs.length > 0) return runs.length;
  return restarts === undefined ? undefined : restarts + 1;
}

// A KeptnTask written by hand does not raise the depth limit.
function depthOf({ spec }: KeptnTask): number {
  return Math.max(0, spec.parent?.depth ?? 0);
}

function chainOf({ task, followUps }: TaskObservation): readonly string[] {
  return [...followUps.before, task.spec.taskDefinition];
}
