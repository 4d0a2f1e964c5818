import { describe, expect, it } from 'vitest';

import { DeploymentKind, StatefulSetKind } from '../../src/api/builtin.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { isRetired } from '../../src/domain/owner/retired-workload.ts';
import { allRun, expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload, type Described } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const cart = (more: Described = {}): string => aWorkload('cart', { annotations, ...more });
const pay = (version = '1'): string => aWorkload('pay', { version });

/** What the newest app version lists, and how it stands. */
function newestVersion({ store }: Simulation, app: string) {
  const [newest] = store
    .list(KeptnAppVersion)
    .filter(({ spec }) => spec.appName === app)
    .toSorted((a, b) => Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion))
    .filter(({ status }) => status?.status !== 'Deprecated');
  return {
    workloads: (newest?.spec.workloads ?? [])
      .map(({ name, version }) => `${name} ${version}`)
      .toSorted(),
    status: newest?.status?.status,
  };
}

/** Waits until the application is Succeeded with exactly these workloads. */
function completes(simulation: Simulation, app: string, workloads: string[]): Promise<void> {
  return simulation.until(`${app} completes with ${workloads.join(', ')}`, () => {
    const newest = newestVersion(simulation, app);
    return (
      newest.status === 'Succeeded' &&
      JSON.stringify(newest.workloads) === JSON.stringify(workloads)
    );
  });
}

describe('a workload that its owner carries no more', () => {
  const changes: Record<string, { readonly change: string; readonly left: string[] }> = {
    'was renamed': {
      change: cart({ workload: 'basket', annotations: {} }),
      left: ['basket 1', 'pay 1'],
    },
    'was moved to another application': {
      change: cart({ app: 'orders', annotations: {} }),
      left: ['pay 1'],
    },
    'is not annotated any more': { change: cart({ annotated: 'nowhere' }), left: ['pay 1'] },
  };
  for (const [how, { change, left }] of Object.entries(changes)) {
    it(`because it ${how} fails no further version of its application`, async () => {
      for (let seed = 1; seed <= 6; seed += 1) {
        const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
        await simulation.explained(async () => {
          simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), cart(), pay());
          simulation.start();
          await versionBecomes(simulation, 'shop-cart-1', 'Failed');
          simulation.apply(change);
          await completes(simulation, 'shop', left);
          await simulation.until(
            'its Pods run',
            () =>
              how === 'is not annotated any more' || allRun(simulation, 'cart', { version: '1' }),
          );
          await simulation.pass(600_000);
          const before = simulation.writes.length;
          await simulation.pass(1_800_000);
          expect(simulation.writes.slice(before)).toEqual([]);
          expectNoHarm(simulation);
        });
      }
    });
  }

  it('because its owner was deleted without it fails no further version of its application, and comes back with an owner', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        const set = (version = '1'): string =>
          cart({ kind: 'StatefulSet', version, annotations: {} });
        simulation.apply(aShopNamespace, set(), pay());
        simulation.start();
        await completes(simulation, 'shop', ['cart 1', 'pay 1']);
        // As the garbage collector does for `--cascade=orphan`: the references go, then the owner.
        const workload = store.get(KeptnWorkload, 'shop', 'shop-cart');
        if (workload === undefined) throw new Error('there is no workload');
        const { ownerReferences: _, ...metadata } = workload.metadata;
        store.update(KeptnWorkload, { ...workload, metadata });
        store.delete({ kind: StatefulSetKind, namespace: 'shop', name: 'cart' });
        await simulation.until('it is retired', () =>
          isRetired(store.get(KeptnWorkload, 'shop', 'shop-cart')),
        );
        simulation.apply(pay('2'));
        await completes(simulation, 'shop', ['pay 2']);
        simulation.apply(set('2'));
        await completes(simulation, 'shop', ['cart 2', 'pay 2']);
        expect(isRetired(store.get(KeptnWorkload, 'shop', 'shop-cart'))).toBe(false);
      });
    }
  });

  it('is current again when its owner is rolled back', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'), cart(), pay());
        simulation.start();
        await completes(simulation, 'shop', ['cart 1', 'pay 1']);
        simulation.apply(cart({ workload: 'basket' }));
        await versionBecomes(simulation, 'shop-basket-1', 'Succeeded');
        await simulation.until('it is retired', () => conditions(simulation).includes('Retired'));
        simulation.apply(cart(), pay('2'));
        await completes(simulation, 'shop', ['cart 1', 'pay 2']);
        expect(conditions(simulation)).not.toContain('Retired');
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
        expectNoHarm(simulation);
      });
    }
  });
});

function conditions({ store }: Simulation): string[] {
  const workload = store.get(KeptnWorkload, 'shop', 'shop-cart');
  return (workload?.status?.conditions ?? [])
    .filter(({ status }) => status === 'True')
    .map(({ type }) => type);
}

describe('a workload that is deleted while its application is deployed', () => {
  it('is not waited for: the application is made of the others', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart(), pay());
        simulation.start();
        await simulation.until(
          'the app is made',
          () => store.get(KeptnApp, 'shop', 'shop') !== undefined,
        );
        await simulation.pass(5_000);
        const ref = { kind: DeploymentKind, namespace: 'shop', name: 'cart' };
        const uid = store.get(DeploymentKind, 'shop', 'cart')?.metadata.uid ?? '';
        store.delete(ref, { uid });
        await completes(simulation, 'shop', ['pay 1']);
        expectNoHarm(simulation);
      });
    }
  });
});
