import { describe, expect, it } from 'vitest';

import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { aDefinition, aTask, created, followUpsOf, taskOf } from './follow-up-scenario.ts';
import { expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';

describe('a follow-up', () => {
  it('that fails, hangs or is missing never changes its parent, and is visible in its status', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const follow = 'onSuccess: [broken, endless, ghost]';
      simulation.apply(aShopNamespace, aDefinition('check', 'succeed', follow));
      simulation.apply(aDefinition('broken', 'fail'), aDefinition('endless', 'run'));
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      const check = (): KeptnTask | undefined =>
        simulation.store.list(KeptnTask).find(({ spec }) => spec.taskDefinition === 'check');
      const states = () =>
        check()?.status?.followUps?.map(({ status, reason }) => [status, reason]);
      await simulation.pass(20_000);
      expect(states()).toEqual([
        ['Failed', 'BackoffLimitExceeded'],
        ['Progressing', undefined],
        ['Pending', 'DefinitionNotFound'],
      ]);
      simulation.apply(aDefinition('ghost'));
      await simulation.pass(600_000);
      expect(states()).toEqual([
        ['Failed', 'BackoffLimitExceeded'],
        ['Failed', 'DeadlineExceeded'],
        ['Succeeded', undefined],
      ]);
      expect(check()?.status).toMatchObject({ status: 'Succeeded' });
      expect(check()?.status).not.toHaveProperty('reason');
      const about = simulation.notes.filter(({ reason }) => reason.startsWith('FollowUp'));
      expect(about.map(({ reason }) => reason).toSorted()).toEqual([
        'FollowUpFailed',
        'FollowUpFailed',
        'FollowUpNotStarted',
        'FollowUpStarted',
        'FollowUpStarted',
        'FollowUpStarted',
      ]);
      expectNoHarm(simulation);
    });
  });

  it('is run to its end even if the version its parent checks was superseded meanwhile', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aDefinition('check', 'fail', 'onFailure: [ghost]'));
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      simulation.apply(aDefinition('check'));
      simulation.apply(aWorkload('cart', { app: 'cart', version: '2', annotations }));
      await versionBecomes(simulation, 'cart-cart-2', 'Succeeded');
      simulation.apply(aDefinition('ghost'));
      await simulation.pass(60_000);
      expect(created(simulation, 'ghost')).toHaveLength(1);
      const ghost = simulation.store
        .list(KeptnTask)
        .find(({ spec }) => spec.taskDefinition === 'ghost');
      expect(ghost?.status?.status).toBe('Succeeded');
      expectNoHarm(simulation);
    });
  });

  it('is none of what a definition says after the end, and a parent without any costs nothing', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aDefinition('check'), aDefinition('undo'));
      simulation.apply(aTask('succeed'));
      simulation.start();
      await simulation.until('it has ended', () => isCompleted(taskOf(simulation)?.status?.status));
      await simulation.pass(10_000);
      expect(taskOf(simulation)?.status).not.toHaveProperty('followUps');
      simulation.apply(aDefinition('check', 'succeed', 'onSuccess: [undo]'));
      simulation.processes.at(-1)?.kill();
      simulation.start();
      await simulation.pass(10_000);
      const before = simulation.writes.length;
      await simulation.pass(3_600_000);
      expect(simulation.writes.length).toBe(before);
      expect(created(simulation, 'undo')).toEqual([]);
    });
  });
});

describe('follow-ups of follow-ups', () => {
  it('run up to the limit; the first beyond it is shown with its chain, and not created', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aDefinition('check', 'succeed', 'onSuccess: [a]'));
      simulation.apply(aDefinition('a', 'fail', 'on-failure: b'), aDefinition('e'));
      simulation.apply(aDefinition('b', 'succeed', 'on-success: [c]'));
      simulation.apply(aDefinition('c', 'succeed', 'onSuccess: [d, e]'), aDefinition('d'));
      simulation.apply(aTask('succeed'));
      simulation.start();
      await simulation.pass(120_000);
      const tasks = simulation.store.list(KeptnTask);
      const depths = tasks.map(({ spec }) => `${spec.taskDefinition} ${spec.parent?.depth ?? 0}`);
      expect(depths.toSorted()).toEqual(['a 1', 'b 2', 'c 3', 'check 0']);
      const last = tasks.find(({ spec }) => spec.taskDefinition === 'c');
      const message = (name: string): string =>
        `follow-ups run at most 3 deep: check → a → b → c → ${name}; shorten the chain, or raise maxFollowUpDepth in KeptnConfig`;
      expect(last?.status).toMatchObject({
        status: 'Succeeded',
        followUps: [
          {
            definitionName: 'd',
            status: 'Failed',
            reason: 'FollowUpTooDeep',
            message: message('d'),
          },
          {
            definitionName: 'e',
            status: 'Failed',
            reason: 'FollowUpTooDeep',
            message: message('e'),
          },
        ],
      });
      expectNoHarm(simulation);
    });
  });

  it('in a circle are not started, whatever the limit, and the circle is shown', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(`
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: config }
spec: { maxFollowUpDepth: 1000000 }
`);
      simulation.apply(aShopNamespace, aDefinition('check', 'succeed', 'onSuccess: [a]'));
      simulation.apply(aDefinition('a', 'succeed', 'on-success: b'));
      simulation.apply(aDefinition('b', 'succeed', 'on-failure: a'), aTask('succeed'));
      simulation.start();
      await simulation.pass(120_000);
      expect(simulation.store.list(KeptnTask)).toHaveLength(1);
      expect(followUpsOf(simulation)).toMatchObject([
        {
          status: 'Failed',
          reason: 'ChainHasCycle',
          message: 'follow-ups lead in a circle: check → a → b → a; remove one of the references',
        },
      ]);
      expectNoHarm(simulation);
    });
  });
});
