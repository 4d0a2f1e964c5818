import { describe, expect, it } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { Kind } from '../../src/api/object.ts';
import { refOf } from '../../src/api/object.ts';
import { clearWeather } from '../support/memory/memory-caches.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { endState, isHeld } from './oracles.ts';
import { allRun, completed, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { aShopNamespace, aTaskDefinition, aWorkload, shop } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { memories, storm } from './weather.ts';

describe('a new application', () => {
  it('runs through every phase, releases its Pods, and then costs nothing', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(shop);
      simulation.start();
      await completed(simulation);
      expect(simulation.store.list(KeptnAppVersion)).toMatchObject([
        {
          status: { currentPhase: 'Completed', status: 'Succeeded', promotionStatus: 'Succeeded' },
        },
      ]);
      expect(
        simulation.store.list(KeptnWorkloadVersion).map(({ status }) => status?.status),
      ).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
      await simulation.pass(60_000);
      const before = simulation.writes.length;
      await simulation.pass(3_600_000);
      expect(simulation.writes.length - before).toBe(0);
      expectNoHarm(simulation);
    });
  });

  it('ends the same however bad the caches are and whenever the process is killed', async () => {
    const calm = sluice({ seed: 1 });
    calm.apply(shop);
    calm.start();
    await completed(calm);
    await calm.pass(10_000);
    const want = endState(calm);
    for (const process of calm.processes) process.kill();

    for (let seed = 1; seed <= 20; seed += 1) {
      const crashAfterWrites = [seed, 20 + seed * 2, 70 + seed];
      const simulation = sluice({ seed, weather: storm, latencyMs: 20, crashAfterWrites });
      await simulation.explained(async () => {
        simulation.apply(shop);
        simulation.start();
        await completed(simulation);
        await simulation.pass(20_000);
        expect(endState(simulation)).toEqual(want);
        expect(simulation.processes.length).toBeGreaterThanOrEqual(3);
        expectNoHarm(simulation);
      });
    }
  });

  it('survives calls that fail in every way, and two processes that both believe they lead', async () => {
    const faults = ['500', '429', '409', 'lost-before', 'lost-after'] as const;
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({
        seed,
        weather: storm,
        fault: (_, random) =>
          random.chance(0.1) ? faults[random.between(0, faults.length - 1)] : undefined,
      });
      await simulation.explained(async () => {
        simulation.apply(shop);
        simulation.start();
        simulation.start();
        await completed(simulation);
        await simulation.pass(20_000);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('B1: a version whose pre-deployment task fails', () => {
  it('stays held, says why on its Pods, and the next version goes through', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      const cart = (version: string): string =>
        aWorkload('cart', { app: 'cart', version, annotations });
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), cart('1'));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      await simulation.pass(3_600_000);
      expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      for (const { metadata } of podsOf(simulation, 'cart')) {
        expect(metadata.annotations?.[sluiceKeys.explanation]).toMatch(/check/u);
      }
      simulation.apply(aTaskDefinition('check'), cart('2'));
      await versionBecomes(simulation, 'cart-cart-2', 'Succeeded');
      await simulation.until('only its Pods are left', () =>
        allRun(simulation, 'cart', { version: '2' }),
      );
      expectNoHarm(simulation);
    });
  });
});

describe('a version that has failed', () => {
  const notRepeated = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: keptnconfig }
spec: { repeatFailedChecks: false }
`;

  it('is checked again when the definition of the check is mended, as its next attempt, and only then', async () => {
    for (const seed of seedsTo(4)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        const annotations = { 'keptn.sh/pre-deployment-tasks': 'fine,check' };
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), aTaskDefinition('fine'));
        simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
        const first = simulation.start();
        await versionBecomes(simulation, 'cart-cart-1', 'Failed');
        // What has nothing to do with the failure repeats nothing.
        simulation.apply(`${aTaskDefinition('fine')}  ttlSecondsAfterFinished: 7\n`);
        await simulation.pass(60_000);
        expect(store.list(KeptnTask)).toHaveLength(2);
        // Also if nobody was there to see it.
        if (seed % 2 === 0) first.kill();
        simulation.apply(`${aTaskDefinition('check')}  ttlSecondsAfterFinished: 7\n`);
        if (seed % 2 === 0) simulation.start();
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
        expect(store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1')?.status).toMatchObject({
          attempt: 2,
          attempts: [{ attempt: 1, status: 'Failed' }],
        });
        // The check that had passed is not repeated.
        expect(store.list(KeptnTask)).toHaveLength(3);
        expect(simulation.notes.filter(({ reason }) => reason === 'ChecksRepeated')).toHaveLength(
          2,
        );
        await simulation.pass(600_000);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(simulation.writes.slice(before)).toEqual([]);
      });
    }
  });

  it('is checked again by the command its Pods name, and starts once its cause was mended', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'));
      simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      await simulation.pass(60_000);
      const [pod] = podsOf(simulation, 'cart');
      expect(pod?.metadata.annotations?.[sluiceKeys.explanation]).toContain(
        'kubectl annotate kwv cart-cart-1 -n shop sluice.keptn.sh/retry=failed',
      );
      simulation.apply(notRepeated, aTaskDefinition('check'));
      await simulation.pass(60_000);
      expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      const version = store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
      if (version === undefined) throw new Error('there is no version');
      store.delete(refOf(KeptnWorkloadVersion, version));
      await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      expect(simulation.complaints.filter((each) => /settle|decision failed/u.test(each))).toEqual(
        [],
      );
    });
  });
});

describe('B2: a task', () => {
  const cart = aWorkload('cart', {
    app: 'cart',
    annotations: { 'keptn.sh/pre-deployment-tasks': 'check' },
  });

  it('that has ended is not run again when its Job is gone, the process new, and its caches old', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      let areOld = false;
      const weather = (random: SeededRandom) => (areOld ? memories(random) : clearWeather);
      const simulation = sluice({ seed, weather });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'), cart);
        const first = simulation.start();
        await completed(simulation);
        await simulation.until('the Job is gone by its TTL', () => {
          return simulation.store.list(JobKind).length === 0;
        });
        first.kill();
        areOld = true;
        simulation.start();
        await simulation.pass(3_600_000);
        expect(simulation.store.list(KeptnTask)).toMatchObject([
          { status: { status: 'Succeeded' } },
        ]);
        expectNoHarm(simulation);
      });
    }
  });

  it('whose Job vanished with no outcome recorded fails as JobLost, and does not run again', async () => {
    for (const isDown of [false, true]) {
      const simulation = sluice({ seed: 1, weather: storm });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart);
        const process = simulation.start();
        await simulation.until('the task runs', () =>
          simulation.store.list(KeptnTask).some(({ status }) => (status?.jobUID ?? '') !== ''),
        );
        if (isDown) process.kill();
        const job = simulation.store.list(JobKind)[0];
        if (job === undefined) throw new Error('there is no Job');
        simulation.store.delete(refOf(JobKind, job));
        await simulation.pass(5_000);
        if (isDown) simulation.start();
        await simulation.until('the task failed', () =>
          simulation.store.list(KeptnTask).some(({ status }) => status?.status === 'Failed'),
        );
        await simulation.pass(60_000);
        expect(simulation.store.list(KeptnTask)).toMatchObject([{ status: { reason: 'JobLost' } }]);
        expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('B3: a name that somebody else has taken in the very moment', () => {
  const kinds: [string, Kind][] = [
    ['Job', JobKind],
    ['KeptnTask', KeptnTask],
  ];

  it.each(kinds)('of a %s costs another name and nothing else', async (_, kind) => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const theirs = squat(simulation, kind);
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      await simulation.pass(60_000);
      expect(simulation.store.list(kind)).toHaveLength(2);
      const kept = simulation.store
        .list(kind)
        .find(({ metadata }) => metadata.name === theirs.name());
      expect(kept?.metadata.labels).toEqual({ theirs: 'yes' });
      expect(simulation.complaints).toEqual([]);
    });
  });

  /** Puts an object of somebody else under the first name that is asked for. */
  function squat({ store }: Simulation, kind: Kind) {
    let taken: string | undefined;
    store.admitBy(kind, (object) => {
      if (taken !== undefined) return object;
      const { name, namespace = '' } = object.metadata;
      taken = name;
      const { ownerReferences: _, ...metadata } = object.metadata;
      store.create(kind, { ...object, metadata: { ...metadata, labels: { theirs: 'yes' } } });
      const message = `${kind.plural} "${namespace}/${name}" already exists`;
      throw new ClusterError({ code: 409, reason: 'AlreadyExists', message });
    });
    return { name: () => taken };
  }
});
