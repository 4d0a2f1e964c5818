import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type FollowUpStatus,
  type TaskTrigger,
  triggers,
} from '../../../src/api/keptn/follow-up.ts';
import { isCompleted, keptnStates } from '../../../src/api/keptn/states.ts';
import { KeptnTask, type KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import { ownedBy } from '../../../src/api/object.ts';
import {
  awaitedFollowUps,
  type FollowUpParent,
  followUpPlan,
  hasOpenFollowUps,
  runFollowUps,
} from '../../../src/domain/follow-up/follow-ups.ts';
import { followUpsSeen, type FollowUpsGiven } from '../../support/observed/follow-ups-seen.ts';
import { aSubject, created, reasons } from '../../support/observed/lifecycle-seen.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const end: TaskTrigger = {
  kind: 'KeptnTask',
  name: 'pre-check',
  definition: 'check',
  status: 'Failed',
  reason: 'BackoffLimitExceeded',
  message: 'no route to host',
  attempts: 4,
};
const parent: FollowUpParent = {
  namespace: 'shop',
  owner: ownedBy(KeptnTask, aTask()),
  subject: aSubject,
  attempt: 2,
  depth: 1,
  chain: ['first', 'check'],
  context: { appName: 'shop', workloadName: 'shop-cart', metadata: { commit: 'abc' } },
  end,
};
const undo = aTaskDefinition('undo', { annotations: { team: 'shop' } }).with({
  container: { name: 'main' },
  retries: 2,
  timeout: '1m',
});
const pending: FollowUpStatus = {
  trigger: 'onFailure',
  definitionName: 'undo',
  status: 'Pending',
};
const run = (item: FollowUpStatus, given: FollowUpsGiven = {}) =>
  runFollowUps([item], parent, followUpsSeen({ definitions: [undo], ...given }));

// Frozen: under another name a restart of a newer Sluice would run it again.
const name = 'on-failure-undo-bm2b7kn32u';
const made = (status: KeptnTaskStatus = {}): KeptnTask =>
  aTask({ metadata: { name }, spec: { taskDefinition: 'undo' }, status });

describe('a follow-up that has no task yet', () => {
  test('gets one that says what it follows, under a name that follows from parent, trigger and definition', () => {
    const { effects, items, events } = run(pending);
    expect(effects).toEqual([
      {
        type: 'create',
        kind: KeptnTask,
        object: {
          apiVersion: 'lifecycle.keptn.sh/v1',
          kind: 'KeptnTask',
          metadata: {
            name,
            namespace: 'shop',
            annotations: { team: 'shop' },
            labels: {
              'sluice.keptn.sh/app': 'shop',
              'sluice.keptn.sh/workload': 'shop-cart',
              'sluice.keptn.sh/phase': 'on-failure',
              'sluice.keptn.sh/definition': 'undo',
              'sluice.keptn.sh/parent': 'pre-check',
            },
            ownerReferences: [parent.owner],
          },
          spec: {
            app: 'shop',
            workload: 'shop-cart',
            taskDefinition: 'undo',
            checkType: 'on-failure',
            retries: 2,
            timeout: '1m0s',
            attempt: 2,
            context: {
              appName: 'shop',
              workloadName: 'shop-cart',
              metadata: { commit: 'abc' },
              taskType: 'on-failure',
              trigger: end,
            },
            parent: {
              kind: 'KeptnTask',
              name: 'pre-check',
              uid: 'uid-of-pre-check',
              trigger: 'onFailure',
              root: 'uid-of-pre-check',
              depth: 2,
            },
          },
        },
      },
    ]);
    expect(items).toEqual([pending]);
    expect(events).toEqual([]);
  });

  test('gets another name for another end, attempt or definition', () => {
    const other = aTaskDefinition('other').with({ container: { name: 'main' } });
    const given = { definitions: [undo, other] };
    const names = [
      pending,
      { ...pending, trigger: 'onSuccess' as const },
      { ...pending, attempt: 2 },
      { ...pending, definitionName: 'other' },
    ].map((item) => created(run(item, given))[0]);
    expect(new Set(names).size).toBe(4);
  });

  test('is found by that name where its parent could not record it, with one Event that it was started', () => {
    const { effects, items, events } = run(pending, { tasks: [made()] });
    expect(effects).toEqual([]);
    expect(items).toMatchObject([{ trigger: 'onFailure', name, status: 'Progressing' }]);
    expect(events).toMatchObject([
      { type: 'Normal', reason: 'FollowUpStarted', reportedBy: 'test' },
    ]);
    expect(events[0]?.message).toContain(`Follow-Up: task undo (${name}) was started`);
  });

  test('looks for its definition live before it goes by what a cache did not have', () => {
    expect(run(pending, { isUnread: true })).toMatchObject({
      effects: [],
      look: [{ namespace: 'shop', name: 'undo' }],
    });
  });

  test('waits for a definition that is missing, and says so once', () => {
    const { items, effects, events } = run(pending, { definitions: [] });
    expect(effects).toEqual([]);
    expect(items).toMatchObject([{ status: 'Pending', reason: 'DefinitionNotFound' }]);
    expect(events).toMatchObject([{ type: 'Warning', reason: 'FollowUpNotStarted' }]);
    expect(events[0]?.message).toContain('KeptnTaskDefinition undo does not exist');
    const [waiting = pending] = items;
    expect(run(waiting, { definitions: [] })).toMatchObject({ items: [waiting], events: [] });
    expect(run(waiting)).toMatchObject({ items: [pending], effects: [{ type: 'create' }] });
    expect(awaitedFollowUps(items)).toEqual(['undo']);
  });

  test('takes the next name where the first belongs to something else', () => {
    const refusals = { [`KeptnTask shop/${name}`]: 'NameTaken' } as const;
    const [creation = ''] = created(run(pending, { refusals }));
    expect(creation).not.toBe(`KeptnTask ${name}`);
    const second = aTask({ metadata: { name: creation.replace('KeptnTask ', '') } });
    expect(run(pending, { refusals, tasks: [second] }).items).toMatchObject([
      { name: second.metadata.name, collisionCount: 1 },
    ]);
  });

  test('that the API server refuses says so in its words, and is tried again', () => {
    const refusals = { [`KeptnTask shop/${name}`]: 'Forbidden' } as const;
    const { items, effects, events } = run(pending, { refusals });
    expect(items).toMatchObject([{ status: 'Pending', reason: 'Forbidden' }]);
    expect(effects).toHaveLength(1);
    expect(reasons({ events })).toEqual(['FollowUpNotStarted']);
  });

  test('is not made where what follows it leads in a circle, its parent included', () => {
    const back = aTaskDefinition('undo').with({ 'on-success': 'check' });
    const check = aTaskDefinition('check').with({ onFailure: ['undo'] });
    const { items, effects, events } = run(pending, { definitions: [back, check] });
    expect(effects).toEqual([]);
    expect(items).toEqual([
      {
        ...pending,
        status: 'Failed',
        reason: 'ChainHasCycle',
        message: 'follow-ups lead in a circle: check → undo → check; remove one of the references',
      },
    ]);
    expect(reasons({ events })).toEqual(['FollowUpNotStarted']);
  });
});

describe('a follow-up whose task is recorded', () => {
  const running: FollowUpStatus = { ...pending, name, status: 'Progressing' };

  test('is not looked for by name and owner only: one that is gone is read live, and then lost for good', () => {
    expect(run(running).look).toMatchObject([{ name }]);
    const live = { [`KeptnTask shop/${name}`]: 'absent' } as const;
    const { items, effects, events } = run(running, { live });
    expect(effects).toEqual([]);
    expect(items).toMatchObject([{ status: 'Failed', reason: 'TaskLost' }]);
    expect(reasons({ events })).toEqual(['FollowUpFailed']);
    const [lost = pending] = items;
    expect(run(lost, { tasks: [made({ status: 'Succeeded' })] }).items).toEqual([lost]);
  });

  test('shows how its task ended, with one Event if that was badly', () => {
    const succeeded = run(running, { tasks: [made({ status: 'Succeeded' })] });
    expect(succeeded).toMatchObject({ items: [{ status: 'Succeeded' }], events: [] });
    const failed = run(running, { tasks: [made({ status: 'Failed' })] });
    expect(failed).toMatchObject({
      items: [{ status: 'Failed' }],
      events: [{ type: 'Warning', reason: 'FollowUpFailed' }],
    });
  });
});

describe('the plan of a parent', () => {
  const parentTask = aTask();
  const stored = (followUps: FollowUpStatus[]) => ({
    kind: KeptnTask,
    object: {
      ...parentTask,
      metadata: { ...parentTask.metadata, resourceVersion: '7' },
      status: { status: 'Failed', reason: 'JobLost', followUps } as const,
    },
  });

  test('makes tasks only while the live parent is the one it was decided on', () => {
    const plan = followUpPlan(parent, followUpsSeen({ definitions: [undo] }), stored([pending]));
    expect(created(plan)).toEqual([`KeptnTask ${name}`]);
    expect(plan.onlyIfCurrent).toMatchObject({ name: 'pre-check', resourceVersion: '7' });
  });

  const anyItem = fc.record({
    trigger: fc.constantFrom(...triggers),
    definitionName: fc.constantFrom('undo', 'ghost', 'other'),
    status: fc.constantFrom(...keptnStates),
  });

  test('changes nothing but the list, whatever became of the follow-ups, and no end in the list', () => {
    const anyWorld = fc.record({
      items: fc.array(anyItem),
      state: fc.constantFrom(...keptnStates),
      isNamed: fc.boolean(),
      isGone: fc.boolean(),
    });
    fc.assert(
      fc.property(anyWorld, ({ items, state, isNamed, isGone }) => {
        const recorded = items.map((item) => (isNamed ? { ...item, name } : item));
        const before = stored(recorded);
        const live = isGone ? ({ [`KeptnTask shop/${name}`]: 'absent' } as const) : {};
        const tasks = isGone ? [] : [made({ status: state })];
        const seen = followUpsSeen({ definitions: [undo], tasks, live });
        const to: unknown = followUpPlan(parent, seen, before).status?.to ?? before.object.status;
        const { items: after } = runFollowUps(recorded, parent, seen);
        expect(to).toEqual({ ...before.object.status, followUps: after });
        expect(after).toHaveLength(recorded.length);
        for (const [index, item] of recorded.entries()) {
          if (isCompleted(item.status)) expect(after[index]).toEqual(item);
          expect(after[index]).toMatchObject({
            trigger: item.trigger,
            definitionName: item.definitionName,
          });
        }
        expect(hasOpenFollowUps(after)).toBe(after.some(({ status }) => !isCompleted(status)));
      }),
    );
  });
});
