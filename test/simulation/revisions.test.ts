import { describe, expect, it } from 'vitest';

import { JobKind, PodKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { unreadyKey } from '../../src/cli/played/actors/kubelet.ts';
import { isHeld, ownVersion } from './oracles.ts';
import { allRun, completed, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload, type Described } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const check = aTaskDefinition('check');

function cart(version: string, more: Described = {}): string {
  return aWorkload('cart', { version, annotations, ...more });
}

function statusOf({ store }: Simulation, version: string) {
  return store.get(KeptnWorkloadVersion, 'shop', `shop-cart-${version}`)?.status;
}

describe('Pods of a Released version start at once', () => {
  async function released(simulation: Simulation): Promise<void> {
    simulation.apply(aShopNamespace, check, cart('1'));
    simulation.start();
    await completed(simulation);
    await simulation.pass(60_000);
  }

  /** The Pods run within two seconds, and no task was added. */
  async function expectAtOnce(simulation: Simulation, replicas = 2): Promise<void> {
    const tasks = simulation.store.list(KeptnTask).length;
    const run = (): boolean => allRun(simulation, 'cart', { version: '1', replicas });
    await simulation.until('the Pods run', run, 2_000);
    await simulation.pass(60_000);
    expect(simulation.store.list(KeptnTask)).toHaveLength(tasks);
    expectNoHarm(simulation);
  }

  it('after a restart', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      const before = new Set(podsOf(simulation, 'cart').map(({ metadata }) => metadata.uid));
      const restartedAt = { 'kubectl.kubernetes.io/restartedAt': '2026-01-02T00:00:00Z' };
      simulation.apply(cart('1', { annotations: { ...annotations, ...restartedAt } }));
      const areNew = (): boolean =>
        podsOf(simulation, 'cart').every(({ metadata }) => !before.has(metadata.uid));
      await simulation.until('the Pods are new ones', areNew, 2_000);
      await expectAtOnce(simulation);
    });
  });

  it('after scaling up, without a gate and without a write', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      const before = simulation.writes.length;
      simulation.apply(cart('1', { replicas: 7 }));
      await expectAtOnce(simulation, 7);
      expect(simulation.writes.slice(before)).toEqual([]);
    });
  });

  it('after an eviction', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      for (const pod of podsOf(simulation, 'cart')) simulation.store.delete(refOf(PodKind, pod));
      await expectAtOnce(simulation);
    });
  });

  it('after a rollback', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      simulation.apply(cart('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      await simulation.pass(60_000);
      simulation.apply(cart('1'));
      await expectAtOnce(simulation);
    });
  });

  it('after a rollback from a version that failed', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await released(simulation);
      simulation.apply(aTaskDefinition('check', 'fail'), cart('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Failed');
      simulation.apply(cart('1'));
      await expectAtOnce(simulation);
    });
  });
});

describe('which version is current', () => {
  it('two Deployments that share app and workload neither fight nor supersede each other', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const track = (name: string, version: string): string =>
        aWorkload(name, { workload: 'cart', version, annotations });
      simulation.apply(aShopNamespace, check, track('blue', '1'), track('green', '1'));
      simulation.start();
      await completed(simulation);
      simulation.apply(track('green', '2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      await simulation.pass(60_000);
      const before = simulation.writes.length;
      await simulation.pass(600_000);
      expect(simulation.writes.slice(before)).toEqual([]);
      expect(statusOf(simulation, '1')?.status).toBe('Succeeded');
      // The other one may still lose its Pods and get them back.
      for (const pod of podsOf(simulation, 'blue')) simulation.store.delete(refOf(PodKind, pod));
      await simulation.until(
        'its Pods run',
        () => allRun(simulation, 'blue', { version: '1' }),
        2_000,
      );
      expectNoHarm(simulation);
    });
  });

  it('pruned ReplicaSets lose nothing', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const pruned = { spec: 'revisionHistoryLimit: 1' };
      simulation.apply(aShopNamespace, check);
      simulation.start();
      const versions = ['1', '2', '3', '4', '5'];
      for (const version of versions) {
        simulation.apply(cart(version, pruned));
        await versionBecomes(simulation, `shop-cart-${version}`, 'Succeeded');
      }
      await simulation.pass(600_000);
      const names = simulation.store
        .list(KeptnWorkloadVersion)
        .map(({ metadata }) => metadata.name);
      expect(names).toEqual(versions.map((version) => `shop-cart-${version}`));
      const deleted = simulation.store.history.filter(({ type }) => type === 'deleted');
      expect(deleted.some(({ kind }) => kind.kind === 'ReplicaSet')).toBe(true);
      expect(deleted.filter(({ kind }) => kind.kind.startsWith('KeptnWorkload'))).toEqual([]);
      simulation.apply(cart('1', pruned)); // its ReplicaSet is long gone, its version is not
      await simulation.until(
        'its Pods run',
        () => allRun(simulation, 'cart', { version: '1' }),
        2_000,
      );
      expectNoHarm(simulation);
    });
  });

  it('B11: a version that comes while another still waits supersedes it', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart('1'));
      simulation.start();
      await simulation.until('the task runs', () => simulation.store.list(JobKind).length === 1);
      simulation.apply(check, cart('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      await versionBecomes(simulation, 'shop-cart-1', 'Deprecated');
      await simulation.until('only its Pods are left', () =>
        allRun(simulation, 'cart', { version: '2' }),
      );
      expectNoHarm(simulation);
    });
  });
});

describe('a StatefulSet', () => {
  const set = (version: string, more: Described = {}): string =>
    cart(version, { kind: 'StatefulSet', replicas: 3, ...more });

  const byVersion = (simulation: Simulation): (string | undefined)[] =>
    ['cart-0', 'cart-1', 'cart-2'].map((name) => {
      const pod = simulation.store.get(PodKind, 'shop', name);
      const version = pod && ownVersion(pod)?.split(' ')[1];
      return pod && isHeld(pod) ? `${version} held` : version;
    });

  it('B4: is not released for version 2 by what version 1 has passed', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, check, set('1'));
        simulation.start();
        await completed(simulation);
        simulation.apply(aTaskDefinition('check', 'run'), set('2'));
        await simulation.pass(120_000);
        // Updated from the top, one at a time: the first one waits for its checks, the others stay.
        expect(byVersion(simulation)).toEqual(['1', '1', '2 held']);
        expectNoHarm(simulation);
      });
    }
  });

  it('brings every Pod up to date once version 2 has passed', async () => {
    const simulation = sluice({ seed: 1, weather: storm });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, check, set('1'));
      simulation.start();
      await completed(simulation);
      simulation.apply(set('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      expect(byVersion(simulation)).toEqual(['2', '2', '2']);
      expectNoHarm(simulation);
    });
  });

  it('B10: with a partition is deployed when the Pods that are due are', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const partition = {
        spec: 'updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: 2 } }',
      };
      simulation.apply(aShopNamespace, check, set('1', partition));
      simulation.start();
      await completed(simulation);
      simulation.apply(set('2', partition));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      expect(byVersion(simulation)).toEqual(['1', '1', '2']);
      // A Pod below the partition that is lost comes back as version 1, at once.
      simulation.store.delete({ kind: PodKind, namespace: 'shop', name: 'cart-0' });
      const isBack = (): boolean =>
        simulation.store.get(PodKind, 'shop', 'cart-0')?.status?.phase === 'Running';
      await simulation.until('it runs', isBack, 2_000);
      expect(byVersion(simulation)).toEqual(['1', '1', '2']);
      expectNoHarm(simulation);
    });
  });

  it('B10: with OnDelete is deployed when its Pods are ready, and each that is deleted is judged by its version', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const onDelete = { spec: 'updateStrategy: { type: OnDelete }' };
      simulation.apply(aShopNamespace, check, set('1', onDelete));
      simulation.start();
      await completed(simulation);
      simulation.apply(set('2', onDelete));
      await simulation.pass(60_000);
      expect(byVersion(simulation)).toEqual(['1', '1', '1']);
      simulation.store.delete({ kind: PodKind, namespace: 'shop', name: 'cart-1' });
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      await simulation.until('it runs', () => byVersion(simulation)[1] === '2');
      expect(byVersion(simulation)).toEqual(['1', '2', '1']);
      expectNoHarm(simulation);
    });
  });

  it('B11: gets its held Pods of a superseded version out of the way', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, check, set('1'));
      simulation.start();
      await completed(simulation);
      simulation.apply(aTaskDefinition('check', 'fail'), set('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Failed');
      expect(byVersion(simulation)).toEqual(['1', '1', '2 held']);
      simulation.apply(check, set('3'));
      await versionBecomes(simulation, 'shop-cart-3', 'Succeeded');
      expect(byVersion(simulation)).toEqual(['3', '3', '3']);
      expectNoHarm(simulation);
    });
  });
});

describe('a DaemonSet', () => {
  const set = (version: string): string => cart(version, { kind: 'DaemonSet' });
  const held = (simulation: Simulation): string[] =>
    podsOf(simulation, 'cart')
      .map((pod) => `${ownVersion(pod)?.split(' ')[1]}${isHeld(pod) ? ' held' : ''}`)
      .toSorted();

  it('B4: is not released for version 2 by what version 1 has passed', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, check, set('1'));
        simulation.start();
        await completed(simulation);
        simulation.apply(aTaskDefinition('check', 'run'), set('2'));
        await simulation.pass(120_000);
        expect(held(simulation)).toEqual(['1', '2 held']);
        simulation.apply(check, set('3'));
        await versionBecomes(simulation, 'shop-cart-3', 'Succeeded');
        expect(held(simulation)).toEqual(['3', '3']);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('a Deployment whose Pods do not become ready', () => {
  const config = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: config }
spec: { observabilityTimeout: 5m }
`;
  const unready = { annotations: { [unreadyKey]: 'yes' } };

  async function deploying(simulation: Simulation): Promise<void> {
    simulation.apply(config, aShopNamespace, cart('1', unready));
    simulation.start();
    await simulation.until('it is being deployed', () => {
      return statusOf(simulation, '1')?.deploymentStatus === 'Progressing';
    });
  }

  it('fails after the observability timeout', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await deploying(simulation);
      await simulation.pass(290_000);
      expect(statusOf(simulation, '1')?.status).toBe('Progressing');
      await versionBecomes(simulation, 'shop-cart-1', 'Failed');
      expectNoHarm(simulation);
    });
  });

  it('B10: does not fail while it is paused, and goes on afterwards', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await deploying(simulation);
      simulation.apply(cart('1', { ...unready, spec: 'paused: true' }));
      await simulation.pass(3_600_000);
      expect(statusOf(simulation, '1')?.status).toBe('Progressing');
      expect(statusOf(simulation, '1')?.conditions).toContainEqual(
        expect.objectContaining({ type: 'Reconciling', reason: 'Paused' }),
      );
      simulation.apply(cart('1', unready));
      await simulation.pass(60_000);
      for (const pod of podsOf(simulation, 'cart')) {
        const { [unreadyKey]: _, ...others } = pod.metadata.annotations ?? {};
        simulation.apply({ ...pod, metadata: { ...pod.metadata, annotations: others } });
      }
      await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
      expectNoHarm(simulation);
    });
  });
});
