import { describe, expect, it } from 'vitest';

import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { hasOpenFollowUps } from '../../src/domain/follow-up/follow-ups.ts';
import { allCompleted } from './oracles.ts';
import { expectNoHarm } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { memories, storm } from './weather.ts';

const aContext = (spec: Readonly<Record<string, unknown>>): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: shop }
spec: ${JSON.stringify(spec)}
`;

const followUpAnnotations = {
  'sluice.keptn.sh/on-success-tasks': 'workload-done',
  'sluice.keptn.sh/on-failure-tasks': 'workload-undone',
};

/** An app of one workload whose every end is followed; its post-deployment task ends as told. */
const shopThatEnds = (outcome: 'succeed' | 'fail'): string =>
  [
    aShopNamespace,
    ...['app-done', 'app-undone', 'workload-done', 'workload-undone'].map((name) =>
      aTaskDefinition(name),
    ),
    aTaskDefinition('check', outcome),
    aContext({ onSuccess: ['app-done'], onFailure: ['app-undone'] }),
    aWorkload('cart', {
      annotations: { ...followUpAnnotations, 'keptn.sh/post-deployment-tasks': 'check' },
    }),
  ].join('---');

/** `on-success app-done of KeptnAppVersion`, sorted. */
function followUpsIn({ store }: Simulation): string[] {
  return store
    .list(KeptnTask)
    .filter(({ spec }) => spec.parent !== undefined)
    .map(({ spec }) => `${spec.checkType} ${spec.taskDefinition} of ${spec.parent?.kind}`)
    .toSorted();
}

/** Waits until versions and tasks have ended and every follow-up is shown with its end. */
function allFollowed(simulation: Simulation): Promise<void> {
  const { store } = simulation;
  const isSo = (): boolean => {
    const versions = [...store.list(KeptnAppVersion), ...store.list(KeptnWorkloadVersion)];
    return (
      allCompleted(simulation) &&
      store.list(KeptnTask).every(({ status }) => isCompleted(status?.status)) &&
      versions.every(({ status }) => !hasOpenFollowUps(status?.followUps))
    );
  };
  return simulation.until('every follow-up has ended', isSo, 3_600_000);
}

describe('what follows the end of app version and workload version', () => {
  for (const [outcome, want] of [
    [
      'succeed',
      [
        'on-success app-done of KeptnAppVersion',
        'on-success workload-done of KeptnWorkloadVersion',
      ],
    ],
    [
      'fail',
      [
        'on-failure app-undone of KeptnAppVersion',
        'on-failure workload-undone of KeptnWorkloadVersion',
      ],
    ],
  ] as const) {
    it(`is run exactly once when they ${outcome}, wherever the process is killed`, async () => {
      // All of it takes some 42 writes.
      for (let seed = 1; seed <= 40; seed += 1) {
        const crashAfterWrites = [seed, seed + 1, seed + 7];
        const simulation = sluice({ seed, weather: storm, latencyMs: 20, crashAfterWrites });
        await simulation.explained(async () => {
          simulation.apply(shopThatEnds(outcome));
          simulation.start();
          await allFollowed(simulation);
          await simulation.pass(20_000);
          expect(followUpsIn(simulation)).toEqual(want);
          expect(simulation.processes.length).toBeGreaterThan(1);
          expectNoHarm(simulation);
        });
      }
    });
  }

  it('is not run again by a new process whose caches show it as still to be started, also when its task is gone', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const simulation = sluice({ seed, weather: memories });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aContext({ onSuccess: ['late'] }), aWorkload('cart'));
        const first = simulation.start();
        const ended = (): boolean => allCompleted(simulation);
        await simulation.until('the versions have ended', ended, 3_600_000);
        // What waits for its definition for half an hour is seen as waiting by caches that are minutes old.
        await simulation.pass(1_800_000);
        simulation.apply(aTaskDefinition('late'));
        await allFollowed(simulation);
        await simulation.pass(30_000);
        first.kill();
        for (const task of store.list(KeptnTask)) store.delete(refOf(KeptnTask, task));
        simulation.start();
        await simulation.pass(3_600_000);
        expect(store.list(KeptnTask)).toEqual([]);
        expectNoHarm(simulation);
      });
    }
  });

  it('costs nothing once it is over, a new process neither', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(shopThatEnds('succeed'));
      const first = simulation.start();
      await allFollowed(simulation);
      await simulation.pass(1_000_000);
      const before = simulation.writes.length;
      await simulation.pass(1_000_000);
      first.kill();
      simulation.start();
      await simulation.pass(1_000_000);
      expect(simulation.writes.slice(before)).toEqual([]);
    });
  });

  it('is not run for versions that ended before anybody knew of follow-ups', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(shopThatEnds('succeed'));
      const process = simulation.start();
      await allFollowed(simulation);
      await simulation.pass(1_000_000);
      process.kill();
      const { store } = simulation;
      for (const task of store.list(KeptnTask)) store.delete(refOf(KeptnTask, task));
      // As Keptn, or an earlier Sluice, had left them.
      for (const version of [...store.list(KeptnAppVersion), ...store.list(KeptnWorkloadVersion)]) {
        const { followUps: _followUps, ...status } = version.status ?? {};
        store.writeStatus(refOf(simulation.kindOf(version), version), undefined, status);
      }
      simulation.start();
      await simulation.pass(3_600_000);
      expect(store.list(KeptnTask)).toEqual([]);
    });
  });

  it('starts as soon as its definition arrives, long after the end', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aContext({ onSuccess: ['late'] }), aWorkload('cart'));
      simulation.start();
      await simulation.until('the versions have ended', () => allCompleted(simulation));
      await simulation.pass(600_000);
      expect(followUpsIn(simulation)).toEqual([]);
      expect(simulation.store.list(KeptnAppVersion)[0]?.status?.followUps).toMatchObject([
        { definitionName: 'late', status: 'Pending', reason: 'DefinitionNotFound' },
      ]);
      simulation.apply(aTaskDefinition('late'));
      await allFollowed(simulation);
      expect(followUpsIn(simulation)).toEqual(['on-success late of KeptnAppVersion']);
    });
  });
});

describe('what follows a check', () => {
  it('is shown in the version of the check after the version has ended, and then costs nothing', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const check = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { namespace: shop, name: check, annotations: { sluice.test/outcome: fail } }
spec: { retries: 0, container: { name: check, image: busybox }, onFailure: [page] }
`;
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      simulation.apply(aShopNamespace, check, aTaskDefinition('page', 'fail'));
      simulation.apply(aWorkload('cart', { annotations }));
      simulation.start();
      const itemOf = () =>
        simulation.store.list(KeptnWorkloadVersion)[0]?.status?.preDeploymentTaskStatus?.[0];
      await simulation.until('the follow-up has ended and is shown', () =>
        isCompleted(itemOf()?.followUps?.[0]?.status),
      );
      expect(itemOf()).toMatchObject({
        status: 'Failed',
        followUps: [{ trigger: 'onFailure', definitionName: 'page', status: 'Failed' }],
      });
      await simulation.pass(1_000_000);
      const before = simulation.writes.length;
      await simulation.pass(3_600_000);
      expect(simulation.writes.slice(before)).toEqual([]);
      expectNoHarm(simulation);
    });
  });
});
