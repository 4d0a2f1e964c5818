import { describe, expect, it } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { ownVersion } from './oracles.ts';
import { allRun, completed, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const track = (name: string, version: string): string =>
  aWorkload(name, { workload: 'cart', version, annotations });

/** Nothing is written any more. */
async function expectQuiet(simulation: Simulation): Promise<void> {
  await simulation.pass(600_000);
  const before = simulation.writes.length;
  await simulation.pass(3_600_000);
  expect(simulation.writes.slice(before)).toEqual([]);
}

describe('two Deployments that share app and workload in two versions', () => {
  it('are both released and completed when they come at once, however late the caches', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'));
        simulation.apply(track('blue', '1'), track('green', '2'));
        simulation.start();
        await simulation.until('both run', () =>
          [
            allRun(simulation, 'blue', { version: '1' }),
            allRun(simulation, 'green', { version: '2' }),
          ].every(Boolean),
        );
        await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
        await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
        await simulation.until('the app is completed', () =>
          simulation.store
            .list(KeptnAppVersion)
            .some(({ status }) => status?.status === 'Succeeded'),
        );
        await expectQuiet(simulation);
        expect(simulation.store.list(KeptnWorkload)).toHaveLength(1);
        const [app] = simulation.store.list(KeptnApp);
        expect(app?.spec.workloads?.map(({ version }) => version).toSorted()).toEqual(['1', '2']);
        expectNoHarm(simulation);
      });
    }
  });

  it('become one version again, and the app lists that one alone', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.apply(track('blue', '1'), track('green', '2'));
      simulation.start();
      await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      simulation.apply(track('blue', '2'));
      await simulation.until(
        'blue has followed',
        () => allRun(simulation, 'blue', { version: '2' }),
        60_000,
      );
      await completed(simulation);
      await expectQuiet(simulation);
      expect(simulation.store.list(KeptnApp)[0]?.spec.workloads).toEqual([
        { name: 'cart', version: '2' },
      ]);
      expectNoHarm(simulation);
    });
  });
});

describe('versions that differ only in what names cannot hold', () => {
  it('are versions of their own: the second is checked, told of its other name, and released', async () => {
    for (const seed of seedsTo(4)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aTaskDefinition('check'), track('cart', '2026_01_05'));
        simulation.start();
        await completed(simulation);
        simulation.apply(track('cart', '2026-01-05'));
        await simulation.until('both are completed', () => {
          const versions = store.list(KeptnWorkloadVersion);
          return (
            versions.length === 2 && versions.every(({ status }) => status?.status === 'Succeeded')
          );
        });
        const versions = store.list(KeptnWorkloadVersion);
        expect(versions.map(({ spec }) => spec.version).toSorted()).toEqual([
          '2026-01-05',
          '2026_01_05',
        ]);
        expect(versions.map(({ status }) => status?.preDeploymentTaskStatus)).toEqual([
          [expect.objectContaining({ status: 'Succeeded' })],
          [expect.objectContaining({ status: 'Succeeded' })],
        ]);
        const [workload] = store.list(KeptnWorkload);
        expect(conditionOf(workload, 'NameTaken')?.status).toBe('True');
        // And back: each of them is found again.
        simulation.apply(track('cart', '2026_01_05'));
        await simulation.until('the first is back', () =>
          allRun(simulation, 'cart', { version: '2026_01_05' }),
        );
        await expectQuiet(simulation);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('an app that its users keep themselves', () => {
  const anApp = (version: string, workload: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnApp
metadata: { namespace: shop, name: shop }
spec: { version: "${version}", workloads: [{ name: cart, version: "${workload}" }] }
`;

  it('is not touched, and its workloads wait until it lists their version', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check'),
        anApp('1', 'V1'),
        track('cart', 'V1'),
      );
      simulation.start();
      await completed(simulation);
      simulation.apply(track('cart', 'v2'));
      await simulation.pass(600_000);
      expect(
        podsOf(simulation, 'cart').some(({ spec }) => (spec?.schedulingGates ?? []).length > 0),
      ).toBe(true);
      const waiting = simulation.store.get(KeptnWorkloadVersion, 'shop', 'shop-cart-v2');
      expect(waiting?.status?.conditions?.[0]).toMatchObject({ reason: 'AppVersionNotFound' });
      simulation.apply(anApp('2', 'v2'));
      await versionBecomes(simulation, 'shop-cart-v2', 'Succeeded');
      expect(simulation.store.list(KeptnApp)[0]?.metadata.generation).toBe(2);
      expectNoHarm(simulation, (pod) => ownVersion(pod)?.toLowerCase());
    });
  });
});

describe('a StatefulSet whose Pods cannot have a version', () => {
  it('gets over it when that is put right, although its first Pod was held for ever', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const set = (container: string): string =>
        aWorkload('db', {
          kind: 'StatefulSet',
          annotations: { 'keptn.sh/version': '', 'keptn.sh/container': container },
        });
      simulation.apply(aShopNamespace, set('ghost'));
      simulation.start();
      await simulation.pass(60_000);
      expect(podsOf(simulation, 'db')).toHaveLength(1);
      simulation.apply(set('server'));
      await simulation.until('all its Pods run', () => {
        const pods = simulation.store.list(PodKind);
        return pods.length === 2 && pods.every(({ status }) => status?.phase === 'Running');
      });
      await completed(simulation);
    });
  });
});
