import type { KeptnTask, KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { DefinitionsSeen } from '../../../src/domain/job/definitions-seen.ts';
import { answering } from './answering.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import type { TaskObservation } from '../../../src/domain/task/task-observation.ts';
import { followUpsSeen } from './follow-ups-seen.ts';
import { aTask, aTaskDefinition } from '../builders/task-builders.ts';

/** Noon of the first day of 2026, when tasks are observed. */
export const noon = Date.UTC(2026, 0, 1, 12);

/** The definition of the tasks that are observed: a container, and a minute to live for its Jobs. */
export const observedDefinition = aTaskDefinition('check').with({
  container: { name: 'main' },
  ttlSecondsAfterFinished: 60,
});

/** What is found by these names, wherever it is asked from; nothing by any other name. */
export function definitionsNamed(...definitions: readonly KeptnTaskDefinition[]): DefinitionsSeen {
  return answering((key) => definitions.find(({ metadata }) => key.endsWith(`/${metadata.name}`)));
}

/** A task that was just made, its definition a container `main`, and nothing else in the world. */
export function taskSeen(given: Partial<TaskObservation> = {}): TaskObservation {
  return {
    now: noon,
    task: aTask(),
    job: undefined,
    jobLive: 'unread',
    pods: [],
    podsListed: false,
    jobEvents: [],
    heldPods: 0,
    runningJobs: 0,
    isItsTurn: true,
    definitions: definitionsNamed(observedDefinition),
    unread: [],
    isSuperseded: false,
    isAborted: false,
    followUps: followUpsSeen(),
    candidates: [],
    made: new Set(),
    configMaps: new Map(),
    refusals: new Map(),
    settings: {
      images: {
        deno: runnerImage('deno:1'),
        python: runnerImage('python:1'),
        bash: runnerImage('bash:1'),
      },
      functionRetries: undefined,
      jobDefaults: {},
    },
    ...given,
  };
}

/** The task as the plan leaves it. */
export function taskAfter(plan: Plan, task: KeptnTask): KeptnTask {
  if (plan.status === undefined) return task;
  // The status of a plan is unknown to the engine; here it is a task's.
  const status: KeptnTaskStatus = JSON.parse(JSON.stringify(plan.status.to));
  return { ...task, status };
}
