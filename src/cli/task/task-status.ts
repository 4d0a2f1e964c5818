import { type Job, type Pod, PodKind } from '../../api/builtin.ts';
import { KeptnTask, type KeptnTaskStatus } from '../../api/keptn/task.ts';
import { parserOfKind } from '../../api/parse.ts';
import type { Answers } from '../../domain/answers.ts';
import { noting } from '../../domain/job/definitions-seen.ts';
import { blueprintOf } from '../../domain/job/function-source.ts';
import { functionContainerName } from '../../domain/job/job-container.ts';
import { decideTask } from '../../domain/task/task.ts';
import { rfc3339 } from '../../domain/time.ts';
import { localSettings, type LocalTask } from './task-job.ts';
import type { TaskObjects } from './task-objects.ts';
import type { ContainerEnd } from './task-process.ts';

/** The end of a container, and when it was. Times are milliseconds since the epoch. */
export interface Ended extends ContainerEnd {
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * What KeptnTask.status would be: what the controller decides when it sees the Job run, and when it sees it end together with
 * its Pod.
 */
export function statusAfter(
  { task, job }: LocalTask,
  end: Ended,
  objects: TaskObjects,
): KeptnTaskStatus | undefined {
  const seen = { objects, pods: [] };
  const running = decided(task, job, { ...seen, now: end.startedAt });
  const known = running === undefined ? task : { ...task, status: running };
  const pods = [podAfter(job, end)];
  return decided(known, jobAfter(job, end), { objects, pods, now: end.endedAt });
}

/** There is no cluster that could have said anything. */
const nothingAnswered: Answers = { live: new Map(), refusals: new Map(), made: new Set() };

function decided(
  task: KeptnTask,
  job: Job,
  { objects, pods, now }: { objects: TaskObjects; pods: readonly Pod[]; now: number },
): KeptnTaskStatus | undefined {
  const { find, seen: definitions } = noting((name) => objects.definitions.get(name));
  blueprintOf(task.spec.taskDefinition, find);
  find(task.spec.taskDefinition);
  const plan = decideTask({
    now,
    task,
    job,
    jobLive: 'present',
    pods,
    podsListed: true,
    jobEvents: [],
    heldPods: 0,
    runningJobs: 0,
    isItsTurn: true,
    definitions,
    unread: [],
    isSuperseded: false,
    isAborted: false,
    // They are named in the status; nothing starts them here.
    followUps: {
      limit: 3,
      total: 32,
      line: new Set(),
      before: [],
      tasks: new Map(),
      definitions: new Map(),
      ...nothingAnswered,
    },
    candidates: [],
    ...nothingAnswered,
    configMaps: new Map(),
    settings: localSettings,
  });
  const next = parseTask({ ...task, status: plan.status?.to });
  return next.ok ? next.value.status : undefined;
}

const parseTask = parserOfKind(KeptnTask);

function jobAfter(job: Job, { exitCode, endedAt }: Ended): Job {
  const at = rfc3339(endedAt);
  const condition =
    exitCode === 0
      ? { type: 'Complete', status: 'True', lastTransitionTime: at }
      : {
          type: 'Failed',
          status: 'True',
          lastTransitionTime: at,
          reason: 'PodFailurePolicy',
          message: `Container ${functionContainerName} for pod ${podName(job)} failed with exit code ${exitCode}`,
        };
  return { ...job, status: { conditions: [condition] } };
}

function podAfter(job: Job, { exitCode, message, startedAt, endedAt }: Ended): Pod {
  const { namespace = '' } = job.metadata;
  const terminated = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    message,
    startedAt: rfc3339(startedAt),
    finishedAt: rfc3339(endedAt),
  };
  return {
    apiVersion: PodKind.apiVersion,
    kind: PodKind.kind,
    metadata: { name: `${job.metadata.name}-0`, namespace },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: functionContainerName, restartCount: 0, state: { terminated } }],
    },
  };
}

function podName({ metadata }: Job): string {
  return `${metadata.namespace ?? ''}/${metadata.name}-0`;
}
