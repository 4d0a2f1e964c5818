import type { Deadlines } from '../deadline.ts';
import type { Moment } from '../clock-steps.ts';
import { type ConfigMap, JobKind, type Job, type Pod } from '../../api/builtin.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { isControlledBy, type ObjectRef, refOf } from '../../api/object.ts';
import type { FollowUpsSeen } from '../follow-up/follow-ups.ts';
import type { Answers, LiveState } from '../answers.ts';
import { type DefinitionsSeen, definitionsIn } from '../job/definitions-seen.ts';
import type { ObjectEvent } from '../lookup.ts';
import type { JobSettings } from '../job/runner-image.ts';

export interface TaskSettings extends JobSettings {
  /** How many Jobs of tasks may run in one namespace at once; no limit when undefined. */
  readonly maxJobsPerNamespace?: number;
  /** How long it may wait for its definition and for the start of its Job; for ever if not given. */
  readonly deadlines?: Deadlines;
}

/** What the decision on a task may know of what follows it. */
export interface TaskFollowUpsSeen extends FollowUpsSeen {
  /** KeptnConfig `maxFollowUpDepth`. */
  readonly limit: number;
  /** KeptnConfig `maxFollowUps`. */
  readonly total: number;
  /** The names of the tasks of the line that the task belongs to; empty if it is no follow-up. */
  readonly line: ReadonlySet<string>;
  /** The definitions of what the task itself follows, first to last; none if it is no follow-up. */
  readonly before: readonly string[];
}

/** Everything the decision on a task may know. */
export interface TaskObservation extends Moment, Pick<Answers, 'refusals' | 'made'> {
  readonly task: KeptnTask;
  /** What `jobOf` answers for a recorded Job; undefined while `candidates` are to be judged. */
  readonly job: Job | undefined;
  /** Jobs that the task owns while none is recorded, oldest first: which of them is its own has still to be judged. */
  readonly candidates: readonly Job[];
  /** What a live read of the recorded Job said in this reconcile. */
  readonly jobLive: LiveState;
  readonly pods: readonly Pod[];
  /** Whether the Pods were listed live in this reconcile. */
  readonly podsListed: boolean;
  /** The Events of the Job, if they were read live in this reconcile. */
  readonly jobEvents: readonly ObjectEvent[] | 'unread';
  /** Pods of the namespace that Sluice holds; only counted for a Job without Pods. */
  readonly heldPods: number;
  /** Jobs of tasks that run in the namespace; only counted when there is a limit. */
  readonly runningJobs: number;
  /** Whether a free place is this task's: the longest waiting one of the app that has the fewest. */
  readonly isItsTurn: boolean;
  /** Its own definition and those that its code comes from. */
  readonly definitions: DefinitionsSeen;
  /**
   * Places where these would be found first, and of which only a cache said that there is nothing.
   */
  readonly unread: readonly ObjectRef[];
  /** The version that the task checks was superseded: its outcome no longer counts (B11). */
  readonly isSuperseded: boolean;
  /** The attempt of the version it checks was aborted by somebody. */
  readonly isAborted: boolean;
  readonly followUps: TaskFollowUpsSeen;
  /** The task's own span, while tracing is on. */
  readonly traceparent?: string | undefined;
  /** The ConfigMaps that the task owns, by name. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly settings: TaskSettings;
}

/**
 * The Job of a task's current attempt. A recorded Job is that one by uid, or none. A Job that is not recorded is found by its
 * owner: it was made by a process that could not take it down any more.
 */
export function jobOf(
  task: KeptnTask,
  jobs: { named: Job | undefined; owned: readonly Job[] },
): Job | undefined {
  const { jobUID } = task.status ?? {};
  if (recordedJob(task) === undefined) return candidatesOf(task, jobs.owned)[0];
  const { named } = jobs;
  if (named === undefined) return undefined;
  // Keptn records the name only.
  const isRecorded = jobUID === undefined ? owns(task, named) : named.metadata.uid === jobUID;
  return isRecorded ? named : undefined;
}

/** The Jobs of a task that may be that of its current attempt while none is recorded, oldest first. */
export function candidatesOf(task: KeptnTask, owned: readonly Job[]): readonly Job[] {
  if (recordedJob(task) !== undefined) return [];
  const past = new Set(task.status?.attempts?.map((attempt) => attempt.jobUID));
  return owned
    .filter((job) => owns(task, job) && !past.has(job.metadata.uid))
    .toSorted((one, other) => age(one).localeCompare(age(other)));
}

function owns(task: KeptnTask, job: Job): boolean {
  return isControlledBy(job, task);
}

/** The task's own definition, if there is one. */
export function definitionOf({
  task,
  definitions,
}: Pick<TaskObservation, 'task' | 'definitions'>): KeptnTaskDefinition | undefined {
  return definitionsIn(definitions)(task.spec.taskDefinition);
}

/** Where the recorded Job of a task is; undefined when none is recorded. */
export function recordedJob(task: KeptnTask): ObjectRef | undefined {
  const name = task.status?.jobName;
  return name ? jobRef(task, name) : undefined;
}

/** Where a Job of this name in the task's namespace is. */
export function jobRef({ metadata }: KeptnTask, name: string): ObjectRef {
  return refOf(JobKind, { metadata: { ...metadata, name } });
}

function age({ metadata }: Job): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}
