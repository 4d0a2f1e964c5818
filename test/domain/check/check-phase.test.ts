import { describe, expect, test } from 'vitest';
import type { ItemStatus } from '../../../src/api/keptn/item-status.ts';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { refKey, ownedBy } from '../../../src/api/object.ts';
import { type CheckPhaseRun, runCheckPhase } from '../../../src/domain/check/check-phase.ts';
import { withProgress } from '../../../src/domain/conditions.ts';
import { type CheckPhase, workloadPhases } from '../../../src/domain/phase/phases.ts';
import {
  aTask,
  aTaskDefinition,
  anEvaluation,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  aSubject,
  type ChecksGiven,
  checksSeen,
  conditionIn,
  now,
  reasons,
} from '../../support/observed/lifecycle-seen.ts';

const preTasks = workloadPhases.find(
  (phase): phase is CheckPhase => phase.short === 'WorkloadPreDeployTasks',
);

/** A phase of checks with these items in the status, each with the task it names. */
function runWith(
  items: readonly ItemStatus[],
  more: Partial<CheckPhaseRun> & { readonly seen?: ChecksGiven } = {},
) {
  const { seen = {}, ...given } = more;
  if (preTasks === undefined) throw new Error('there is no such phase');
  return runCheckPhase(
    {
      phase: preTasks,
      definitions: items.map(({ definitionName = '' }) => definitionName),
      status: { preDeploymentTaskStatus: [...items] },
      context: {
        namespace: 'shop',
        owner: ownedBy(KeptnWorkloadVersion, aWorkloadVersion()),
        appName: 'shop',
        appVersion: '',
        workloadName: 'shop-cart',
        workloadVersion: '1.0.0',
        objectType: 'Workload',
        metadata: {},
        attempt: 1,
      },
      subject: aSubject,
      blocking: true,
      now,
      ...given,
    },
    checksSeen({
      tasks: items.flatMap(({ name, status = 'Pending' }) =>
        name === undefined ? [] : [aTask({ metadata: { name }, status: { status } })],
      ),
      ...seen,
    }),
  );
}

const item = (definitionName: string, status: KeptnState): ItemStatus => ({
  definitionName,
  status,
  name: `pre-${definitionName}-1`,
});

describe('a phase of checks', () => {
  test('without any is passed at once, says nothing and writes no list', () => {
    expect(runWith([])).toMatchObject({
      state: 'Succeeded',
      eventful: false,
      events: [],
      changes: {},
    });
  });

  test('is passed when all of them have succeeded', () => {
    expect(runWith([item('a', 'Succeeded'), item('b', 'Succeeded')]).state).toBe('Succeeded');
  });

  test('goes on while one of them runs, also when another has failed already', () => {
    expect(runWith([item('a', 'Failed'), item('b', 'Progressing')]).state).toBe('Progressing');
  });

  test('has failed when one of them has and none runs any more, with names and reasons', () => {
    const failed = { ...item('a', 'Failed'), reason: 'JobLost', message: 'gone' };
    const { state, progress } = runWith([failed, item('b', 'Succeeded')]);
    expect(state).toBe('Failed');
    expect(progress).toEqual({
      kind: 'failed',
      reason: 'TaskFailed',
      message: 'failed: a: JobLost: gone (pre-a-1) (Workload Pre-Deployment Tasks: 1 of 2 passed)',
    });
  });

  test('does not wait for a check that cannot begin once another has failed', () => {
    const { state, progress } = runWith([item('a', 'Failed')], { definitions: ['a', 'ghost'] });
    expect(state).toBe('Failed');
    expect(progress.kind).toBe('failed');
  });

  test('W4: warns where failures do not block', () => {
    expect(runWith([item('a', 'Failed')], { blocking: false }).state).toBe('Warning');
  });

  test('B9: is stalled by a missing definition, and says so in one Event when that is new', () => {
    const { progress, state, changes, events } = runWith([], { definitions: ['ghost'] });
    expect(state).toBe('Pending');
    expect(progress).toMatchObject({ kind: 'stalled', reason: 'DefinitionNotFound' });
    expect(reasons({ events: events ?? [] })).toEqual([
      'ReconcileTaskStatusChanged',
      'CreateTaskFailed',
    ]);
    const again = runWith([], { definitions: ['ghost'], status: changes ?? {} });
    expect(again.events).toEqual([]);
  });

  test('tells of ten checks that cannot be created, and of more only how many', () => {
    const definitions = Array.from({ length: 300 }, (_, index) => `ghost-${index}`);
    const { events = [] } = runWith([], { definitions });
    const refused = events.filter(({ reason }) => reason === 'CreateTaskFailed');
    expect(refused).toHaveLength(11);
    expect(refused.at(-1)?.message).toContain('could not create 290 more');
  });

  test('B15: is stalled by a check that waits for help, so that its held Pods are told', () => {
    const wrong = aTask({
      metadata: { name: 'pre-a-1' },
      status: {
        status: 'Pending',
        conditions: ['Succeeded', 'Stalled'].map((type) => ({
          type,
          status: type === 'Stalled' ? 'True' : 'Unknown',
          reason: 'ChainHasCycle',
          message: 'a → b → a',
          lastTransitionTime: '2026-01-01T12:00:00Z',
        })),
      },
    });
    const { progress } = runWith([item('a', 'Progressing')], { seen: { tasks: [wrong] } });
    expect(progress).toMatchObject({ kind: 'stalled', reason: 'ChainHasCycle' });
  });

  test.each(['Terminating', 'Unavailable'] as const)(
    'is not stalled by a check that could not be created yet (%s): that passes by itself',
    (reason) => {
      const taskDefinitions = [aTaskDefinition({ metadata: { name: 'a' } })];
      const { effects: [creation] = [] } = runWith([], {
        definitions: ['a'],
        seen: { taskDefinitions },
      });
      const name = creation?.type === 'create' ? creation.object.metadata.name : '';
      const refusals = { [refKey({ kind: KeptnTask, namespace: 'shop', name })]: reason };
      const { progress } = runWith([], { definitions: ['a'], seen: { taskDefinitions, refusals } });
      expect(progress).toMatchObject({ kind: 'waiting', reason });
    },
  );

  test.each(['ObjectivesNotMet', 'QueryFailed'])(
    'says which objective an evaluation misses, with what value at which attempt: %s',
    (reason) => {
      const phase = workloadPhases.find(
        (each): each is CheckPhase => each.short === 'WorkloadPreDeployEvaluations',
      );
      const message = "cpu: value '3' did not meet objective '>4' (attempt 1 of 10)";
      const stored = { ...item('ok', 'Progressing'), name: 'pre-eval-ok-1' };
      const run = (text: string, before: ItemStatus = stored) =>
        runWith([before], {
          ...(phase && { phase }),
          status: { preDeploymentEvaluationTaskStatus: [before] },
          seen: {
            evaluations: [
              anEvaluation({
                metadata: { name: 'pre-eval-ok-1' },
                status: {
                  overallStatus: 'Progressing',
                  conditions: withProgress([], { kind: 'waiting', reason, message: text }, { now }),
                },
              }),
            ],
          },
        });
      const first = run(message);
      expect(first.progress).toEqual({
        kind: 'waiting',
        reason,
        message: `waiting for ok: ${reason}: ${message} (pre-eval-ok-1) (Workload Pre-Deployment Evaluations: 0 of 1 passed)`,
      });
      // The attempts after it are told on the evaluation: they are not worth a write of the version each.
      const told = first.changes?.preDeploymentEvaluationTaskStatus?.[0];
      expect(run(message.replace('1 of', '2 of'), told).progress).toEqual(first.progress);
    },
  );

  test('reports every change of a check once', () => {
    const before = item('a', 'Progressing');
    const seen = {
      tasks: [aTask({ metadata: { name: 'pre-a-1' }, status: { status: 'Succeeded' } })],
    };
    const { events = [], changes } = runWith([before], { seen });
    expect(events.map(({ message }) => message)).toEqual([
      expect.stringContaining('task status changed from Progressing to Succeeded'),
    ]);
    expect(runWith([before], { seen, status: changes ?? {} }).events).toEqual([]);
  });

  test('B3: states a condition when a check had to take another name', () => {
    const renamed = { ...item('a', 'Progressing'), collisionCount: 1 };
    const { changes = {} } = runWith([renamed], {
      seen: {
        tasks: [aTask({ metadata: { name: 'pre-a-1' } })],
        taskDefinitions: [aTaskDefinition({ metadata: { name: 'a' } })],
      },
    });
    expect(conditionIn(changes, 'NameTaken')).toMatchObject({ status: 'True' });
    expect(conditionIn(changes, 'NameTaken')?.message).toContain('pre-a-1');
  });
});
