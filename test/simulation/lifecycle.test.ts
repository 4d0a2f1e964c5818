import { describe, expect, it } from 'vitest';

import { JobKind, PodKind, type Pod } from '../../src/api/builtin.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import type { CacheWeather } from '../support/memory-caches.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { allCompleted, endState, isHeld, leaks, ownVersion, repeated, revoked } from './oracles.ts';
import { aDeployment, aShopNamespace, aTaskDefinition, checks, shop } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

/** Caches as bad as they may be on a bad day: seconds late, broken, repeating themselves. */
function storm(random: SeededRandom): CacheWeather {
  return {
    lagMs: () => (random.chance(0.2) ? random.between(0, 4_000) : random.between(0, 30)),
    startLagMs: () => random.between(0, 2_000),
    breakMs: () => (random.chance(0.02) ? random.between(100, 3_000) : 0),
    isRepeated: () => random.chance(0.05),
  };
}

/** Nothing that must never happen has happened. */
function expectNoHarm(simulation: Simulation): void {
  expect(leaks(simulation, ownVersion)).toEqual([]);
  expect(repeated(simulation)).toEqual([]);
  expect(revoked(simulation)).toEqual([]);
  expect(
    simulation.complaints.filter((one) => /decision failed|does not settle/u.test(one)),
  ).toEqual([]);
}

function pods({ store }: Simulation, app: string): Pod[] {
  return store.list(PodKind).filter(({ metadata }) => metadata.labels?.['app'] === app);
}

function workloadVersion({ store }: Simulation, name: string): KeptnWorkloadVersion | undefined {
  return store.get(KeptnWorkloadVersion, 'shop', name);
}

function completed(simulation: Simulation): Promise<void> {
  return simulation.until('every version completed', () => allCompleted(simulation));
}

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
    for (let seed = 1; seed <= 10; seed += 1) {
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
        aDeployment('cart', { app: 'cart', version, annotations });
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), cart('1'));
      simulation.start();
      await simulation.until('the version failed', () =>
        simulation.store
          .list(KeptnWorkloadVersion)
          .some(({ status }) => status?.status === 'Failed'),
      );
      await simulation.pass(3_600_000);
      expect(pods(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      for (const { metadata } of pods(simulation, 'cart')) {
        expect(metadata.annotations?.[sluiceKeys.explanation]).toMatch(/check/u);
      }
      simulation.apply(aTaskDefinition('check'), cart('2'));
      await simulation.until(
        'the second version completed',
        () => workloadVersion(simulation, 'cart-cart-2')?.status?.status === 'Succeeded',
      );
      await simulation.until('only its Pods are left', () =>
        pods(simulation, 'cart').every((pod) => ownVersion(pod) === 'cart-cart 2' && !isHeld(pod)),
      );
      expectNoHarm(simulation);
    });
  });
});

describe('B2: a task', () => {
  const cart = aDeployment('cart', {
    app: 'cart',
    annotations: { 'keptn.sh/pre-deployment-tasks': 'check' },
  });

  it('that has ended is not run again when its Job is gone and the process new', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'), cart);
      const first = simulation.start();
      await completed(simulation);
      await simulation.until(
        'the Job is gone by its TTL',
        () => simulation.store.list(JobKind).length === 0,
      );
      first.kill();
      simulation.start();
      await simulation.pass(600_000);
      expect(simulation.store.list(KeptnTask)).toMatchObject([{ status: { status: 'Succeeded' } }]);
      expectNoHarm(simulation);
    });
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
        expect(pods(simulation, 'cart').map(isHeld)).toEqual([true, true]);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('admission on a replica whose caches lag', () => {
  it('never lets a Pod of an unreleased version through, whoever carries the annotations', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const simulation = sluice({
        seed,
        weather: (random) => ({ ...storm(random), lagMs: () => random.between(0, 8_000) }),
      });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, checks, aTaskDefinition('slow', 'run'));
        simulation.start();
        const gated = { 'keptn.sh/pre-deployment-tasks': 'slow' };
        simulation.apply(aDeployment('cart', { app: 'cart', version: '1' }));
        await completed(simulation);
        // The new template reaches the caches late; its Pods are created at once.
        simulation.apply(aDeployment('cart', { app: 'cart', version: '2', annotations: gated }));
        await simulation.pass(60_000);
        const held = pods(simulation, 'cart').filter((pod) => ownVersion(pod) === 'cart-cart 2');
        expect(held.length).toBeGreaterThan(0);
        expect(held.every(isHeld)).toBe(true);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('Pods of a Released version start at once', () => {
  const annotations = {
    'keptn.sh/pre-deployment-tasks': 'check',
    'keptn.sh/post-deployment-tasks': 'check',
  };
  const cart = (version: string, more: Parameters<typeof aDeployment>[1] = {}): string =>
    aDeployment('cart', { app: 'cart', version, annotations, ...more });

  async function released(simulation: Simulation): Promise<void> {
    simulation.apply(aShopNamespace, aTaskDefinition('check'), cart('1'));
    simulation.start();
    await completed(simulation);
    await simulation.pass(60_000);
  }

  /** All Pods are of this version, run, and no task was added. */
  async function expectAtOnce(
    simulation: Simulation,
    version: string,
    replicas = 2,
  ): Promise<void> {
    const tasks = simulation.store.list(KeptnTask).length;
    await simulation.until(
      'the Pods run',
      () => {
        const running = pods(simulation, 'cart').filter(
          ({ status }) => status?.phase === 'Running',
        );
        return (
          running.length === replicas &&
          running.every((pod) => ownVersion(pod) === `cart-cart ${version}`)
        );
      },
      2_000,
    );
    await simulation.pass(60_000);
    expect(simulation.store.list(KeptnTask)).toHaveLength(tasks);
    expectNoHarm(simulation);
  }

  it('after a restart', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      const restarted = { ...annotations, 'kubectl.kubernetes.io/restartedAt': '2026-01-02' };
      simulation.apply(cart('1', { annotations: restarted }));
      await simulation.until(
        'the Pods are new ones',
        () =>
          pods(simulation, 'cart').every(
            ({ metadata }) =>
              metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] !== undefined,
          ),
        2_000,
      );
      await expectAtOnce(simulation, '1');
    });
  });

  it('after scaling up', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      const before = simulation.writes.length;
      simulation.apply(cart('1', { replicas: 7 }));
      await expectAtOnce(simulation, '1', 7);
      expect(simulation.writes.slice(before)).toEqual([]); // they enter without gate and without a write
    });
  });

  it('after an eviction', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      for (const pod of pods(simulation, 'cart')) simulation.store.delete(refOf(PodKind, pod));
      await expectAtOnce(simulation, '1');
    });
  });

  it('after a rollback', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      simulation.apply(cart('2'));
      await simulation.until(
        'the second version completed',
        () => workloadVersion(simulation, 'cart-cart-2')?.status?.status === 'Succeeded',
      );
      await simulation.pass(60_000);
      simulation.apply(cart('1'));
      await expectAtOnce(simulation, '1');
    });
  });

  it('after a rollback from a version that failed', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      simulation.apply(aTaskDefinition('check', 'fail'), cart('2'));
      await simulation.until(
        'the second version failed',
        () => workloadVersion(simulation, 'cart-cart-2')?.status?.status === 'Failed',
      );
      simulation.apply(cart('1'));
      await expectAtOnce(simulation, '1');
    });
  });
});

describe('which version is current', () => {
  it('two Deployments that share app and workload neither fight nor supersede each other', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      const track = (name: string, version: string): string =>
        aDeployment(name, { app: 'cart', workload: 'cart', version, annotations });
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check'),
        track('blue', '1'),
        track('green', '1'),
      );
      simulation.start();
      await completed(simulation);
      simulation.apply(track('green', '2'));
      await simulation.until(
        'the second version completed',
        () => workloadVersion(simulation, 'cart-cart-2')?.status?.status === 'Succeeded',
      );
      await simulation.pass(60_000);
      const before = simulation.writes.length;
      await simulation.pass(600_000);
      expect(simulation.writes.slice(before)).toEqual([]);
      expect(workloadVersion(simulation, 'cart-cart-1')?.status?.status).toBe('Succeeded');
      // The other track may still be scaled.
      for (const pod of pods(simulation, 'blue')) simulation.store.delete(refOf(PodKind, pod));
      await simulation.until(
        'its Pods run again',
        () =>
          pods(simulation, 'blue').filter(({ status }) => status?.phase === 'Running').length === 2,
        2_000,
      );
      expectNoHarm(simulation);
    });
  });

  it('pruned ReplicaSets lose nothing', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      const cart = (version: number): string =>
        aDeployment('cart', {
          app: 'cart',
          version: `${version}`,
          annotations,
          spec: 'revisionHistoryLimit: 1',
        });
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      for (let version = 1; version <= 5; version += 1) {
        simulation.apply(cart(version));
        await simulation.until(
          `version ${version} completed`,
          () => workloadVersion(simulation, `cart-cart-${version}`)?.status?.status === 'Succeeded',
        );
      }
      await simulation.pass(600_000);
      const names = simulation.store
        .list(KeptnWorkloadVersion)
        .map(({ metadata }) => metadata.name);
      expect(names).toEqual([1, 2, 3, 4, 5].map((version) => `cart-cart-${version}`));
      const deleted = simulation.store.history.filter(({ type }) => type === 'deleted');
      expect(deleted.some(({ kind }) => kind.kind === 'ReplicaSet')).toBe(true);
      expect(deleted.filter(({ kind }) => kind.kind.startsWith('KeptnWorkload'))).toEqual([]);
      simulation.apply(cart(1)); // its ReplicaSet is long gone, its version is not
      await simulation.until(
        'the Pods of version 1 run',
        () =>
          pods(simulation, 'cart').every(
            (pod) => ownVersion(pod) === 'cart-cart 1' && pod.status?.phase === 'Running',
          ),
        2_000,
      );
      expectNoHarm(simulation);
    });
  });

  it('a version that comes while another waits supersedes it, and only then', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
      const cart = (version: string): string =>
        aDeployment('cart', { app: 'cart', version, annotations });
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart('1'));
      simulation.start();
      await simulation.until('the task runs', () => simulation.store.list(JobKind).length === 1);
      simulation.apply(aTaskDefinition('check'), cart('2'));
      await simulation.until(
        'the second version completed',
        () => workloadVersion(simulation, 'cart-cart-2')?.status?.status === 'Succeeded',
      );
      await simulation.pass(60_000);
      expect(workloadVersion(simulation, 'cart-cart-1')?.status?.status).toBe('Deprecated');
      expectNoHarm(simulation);
    });
  });
});
