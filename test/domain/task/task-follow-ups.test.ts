import { definitionsNamed } from '../../support/observed/task-seen.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/api/builtin.ts';
import type { FollowUpStatus } from '../../../src/api/keptn/follow-up.ts';
import { keptnStates } from '../../../src/api/keptn/states.ts';
import type { KeptnTask, KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import { decideTask } from '../../../src/domain/task/task.ts';
import type { TaskObservation } from '../../../src/domain/task/task-observation.ts';
import { followUpsSeen, type FollowUpsGiven } from '../../support/observed/follow-ups-seen.ts';
import { created, reasons, stored } from '../../support/observed/lifecycle-seen.ts';
import { aJobOf, aPodOf, aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const now = Date.UTC(2026, 0, 1, 12);
const definition = aTaskDefinition('check').with({
  container: { name: 'main' },
  'on-success': 'celebrate',
  onFailure: ['undo', 'notify'],
});
const undo = aTaskDefinition('undo').with({ container: { name: 'main' } });
const recorded: KeptnTaskStatus = {
  status: 'Progressing',
  jobName: 'pre-check-job',
  jobUID: 'uid-of-pre-check-job',
  startTime: '2026-01-01T11:59:00Z',
  attempt: 1,
};
const running = aTask({ status: recorded, spec: { context: { appName: 'shop' } } });
const job = aJobOf(running);

function seen(given: Partial<TaskObservation> = {}, followUps: FollowUpsGiven = {}) {
  const image = runnerImage('deno:1');
  const observation: TaskObservation = {
    now,
    task: running,
    job: undefined,
    jobLive: 'unread',
    pods: [],
    podsListed: true,
    jobEvents: [],
    heldPods: 0,
    runningJobs: 0,
    isItsTurn: true,
    definitions: definitionsNamed(definition),
    unread: [],
    isSuperseded: false,
    isAborted: false,
    followUps: followUpsSeen(followUps),
    candidates: [],
    made: new Set(),
    configMaps: new Map(),
    refusals: new Map(),
    settings: {
      images: { deno: image, python: image, bash: image },
      functionRetries: undefined,
      jobDefaults: {},
    },
    ...given,
  };
  return observation;
}

const after = (plan: Plan): KeptnTaskStatus => stored(running, plan).status ?? {};
const listed = (plan: Plan) =>
  after(plan).followUps?.map(({ trigger, definitionName, status }) =>
    [trigger, definitionName, status].join(' '),
  );
const onFailure = ['onFailure undo Pending', 'onFailure notify Pending'];

describe('the end of a task', () => {
  test('that succeeded is written together with what its success starts, in one write', () => {
    const plan = decideTask(seen({ job: job.complete() }));
    expect(after(plan).status).toBe('Succeeded');
    expect(listed(plan)).toEqual(['onSuccess celebrate Pending']);
    expect(created(plan)).toEqual([]);
  });

  test.each<[string, Job | undefined, string]>([
    ['its attempts are used up', job.failed(), 'BackoffLimitExceeded'],
    ['its deadline has passed', job.failed('DeadlineExceeded', 'too long'), 'DeadlineExceeded'],
    ['its Job has disappeared', undefined, 'JobLost'],
  ])('by failure starts onFailure: %s', (_, failed, reason) => {
    const plan = decideTask(seen({ job: failed, jobLive: 'absent' }));
    expect(after(plan)).toMatchObject({ status: 'Failed', reason });
    expect(listed(plan)).toEqual(onFailure);
  });

  test('by being superseded starts nothing', () => {
    const suspended = job.running();
    const plan = decideTask(
      seen({
        job: { ...suspended, spec: { ...suspended.spec, suspend: true } },
        isSuperseded: true,
      }),
    );
    expect(after(plan).status).toBe('Deprecated');
    expect(after(plan)).not.toHaveProperty('followUps');
  });

  test('waits for a live look at a definition that a cache does not have; without one nothing follows', () => {
    const unread = [{ kind: KeptnTaskDefinition, namespace: 'shop', name: 'check' }];
    const gone = { job: job.complete(), definitions: definitionsNamed() };
    expect(decideTask(seen({ ...gone, unread }))).toEqual({ look: unread });
    const plan = decideTask(seen(gone));
    expect(after(plan).status).toBe('Succeeded');
    expect(after(plan)).not.toHaveProperty('followUps');
  });

  test('of a follow-up at the limit shows its own follow-ups as failed, with an Event and the whole chain', () => {
    const parent = { kind: 'KeptnTask', name: 'p', trigger: 'onSuccess', depth: 2 } as const;
    const task = aTask({ status: recorded, spec: { parent } });
    const plan = decideTask(seen({ task, job: job.complete() }, { limit: 2, before: ['a', 'b'] }));
    expect(after(plan)).toMatchObject({
      status: 'Succeeded',
      followUps: [
        {
          status: 'Failed',
          reason: 'FollowUpTooDeep',
          message: expect.stringContaining('at most 2 deep: a → b → check → celebrate;'),
        },
      ],
    });
    expect(reasons(plan)).toEqual(['FollowUpNotStarted']);
  });

  test('gains no depth by a number that somebody has made up', () => {
    const parent = { kind: 'KeptnTask', name: 'p', trigger: 'onSuccess', depth: -100 } as const;
    const task = aTask({ status: recorded, spec: { parent } });
    const plan = decideTask(seen({ task, job: job.complete() }, { limit: 0 }));
    expect(after(plan).followUps).toMatchObject([{ reason: 'FollowUpTooDeep' }]);
  });
});

describe('a task that has ended', () => {
  const ended = (status: KeptnTaskStatus): KeptnTask =>
    aTask({ status: { ...recorded, ...status }, spec: { context: { appName: 'shop' } } });
  const failed = ended({
    status: 'Failed',
    restarts: 3,
    result: { code: 7 },
    followUps: [{ trigger: 'onFailure', definitionName: 'undo', status: 'Pending' }],
    conditions: [
      {
        type: 'Succeeded',
        status: 'False',
        reason: 'BackoffLimitExceeded',
        message: 'no route to host',
        lastTransitionTime: '2026-01-01T12:00:00Z',
      },
    ],
  });

  test('hands its result to each follow-up it starts', () => {
    const plan = decideTask(seen({ task: failed }, { definitions: [undo] }));
    expect(plan.effects).toMatchObject([
      {
        type: 'create',
        object: {
          spec: {
            taskDefinition: 'undo',
            context: {
              appName: 'shop',
              taskType: 'on-failure',
              trigger: {
                kind: 'KeptnTask',
                name: 'pre-check',
                definition: 'check',
                status: 'Failed',
                reason: 'BackoffLimitExceeded',
                message: 'no route to host',
                attempts: 4,
                result: { code: 7 },
              },
            },
            parent: { kind: 'KeptnTask', uid: 'uid-of-pre-check', depth: 1 },
          },
        },
      },
    ]);
  });

  test('counts the runs its runner reported, where there are any', () => {
    const task = ended({ ...failed.status, restarts: 0, runs: [{}, {}, {}] });
    const plan = decideTask(seen({ task }, { definitions: [undo] }));
    expect(plan.effects).toMatchObject([
      { object: { spec: { context: { trigger: { attempts: 3 } } } } },
    ]);
  });

  test('still limits the life of its Job, also while a follow-up waits', () => {
    const plan = decideTask(seen({ task: failed, job: job.failed() }, { definitions: [undo] }));
    expect(plan.effects?.map(({ type }) => type)).toEqual(['patch', 'create']);
  });

  test('under Keptn, or before its definition named any, starts nothing', () => {
    for (const status of ['Succeeded', 'Failed'] as const) {
      expect(decideTask(seen({ task: ended({ status }) }))).toEqual({});
    }
  });

  test('and is being deleted starts nothing', () => {
    const metadata = { deletionTimestamp: '2026-01-01T12:00:00Z' };
    const task = { ...failed, metadata: { ...failed.metadata, ...metadata } };
    expect(decideTask(seen({ task }, { definitions: [undo] }))).toEqual({});
  });

  const anyItem: fc.Arbitrary<FollowUpStatus> = fc.record({
    trigger: fc.constantFrom('onSuccess' as const, 'onFailure' as const),
    definitionName: fc.constantFrom('undo', 'ghost'),
    status: fc.constantFrom(...keptnStates),
    name: fc.constantFrom('', 'child'),
  });
  const anyWorld = fc.record({
    end: fc.constantFrom('Succeeded' as const, 'Failed' as const, 'Deprecated' as const),
    followUps: fc.array(anyItem, { minLength: 1 }),
    child: fc.constantFrom(...keptnStates),
    isGone: fc.boolean(),
    hasDefinition: fc.boolean(),
  });

  test('stays as it is in everything but that list, whatever becomes of its follow-ups', () => {
    fc.assert(
      fc.property(anyWorld, ({ end, followUps, child, isGone, hasDefinition }) => {
        const task = ended({ status: end, reason: 'Because', endTime: 'then', followUps });
        const name = 'child';
        const tasks = isGone ? [] : [aTask({ metadata: { name }, status: { status: child } })];
        const live = { 'KeptnTask shop/child': 'absent' } as const;
        const definitions = hasDefinition ? [undo] : [];
        const plan = decideTask(seen({ task }, { tasks, live, definitions }));
        const { followUps: _, ...rest } = stored(task, plan).status ?? {};
        const { followUps: __, ...before } = task.status ?? {};
        expect(rest).toEqual(before);
      }),
    );
  });
});

test('evidence of runs that failed does not hinder what follows a success', () => {
  const task = aTask({ status: { ...recorded, exitCode: 2, restarts: 1, output: 'oh' } });
  const plan = decideTask(seen({ task, job: job.complete(), pods: [aPodOf(job.running())] }));
  expect(listed(plan)).toEqual(['onSuccess celebrate Pending']);
});
