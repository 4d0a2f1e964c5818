import { describe, expect, it } from 'vitest';

import { NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { seedsTo } from '../support/seeds.ts';
import { isHeld } from './oracles.ts';
import { podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const checkedBy = (task: string) => ({ annotations: { 'keptn.sh/pre-deployment-tasks': task } });

/** The Namespace with other annotations. */
function annotate({ store }: Simulation, annotations: Record<string, string>): void {
  const namespace = store.get(NamespaceKind, undefined, 'shop');
  if (namespace === undefined) throw new Error('there is no Namespace');
  store.update(NamespaceKind, { ...namespace, metadata: { ...namespace.metadata, annotations } });
}

const isFailed = ({ store }: Simulation): boolean =>
  store.get(KeptnWorkloadVersion, 'shop', 'shop-cart-1')?.status?.status === 'Failed';

describe('a Namespace that withdraws its opt-in', () => {
  it.each(seedsTo(15))(
    'never starts what has failed its checks, and everything else (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        const random = simulation.random.fork();
        simulation.apply(
          aShopNamespace,
          aTaskDefinition('bad', 'fail'),
          aTaskDefinition('slow', 'run'),
        );
        simulation.start();
        await simulation.pass(6_000);
        simulation.apply(aWorkload('cart', checkedBy('bad')), aWorkload('pay', checkedBy('slow')));
        await simulation.until('cart has failed', () => isFailed(simulation));
        await simulation.pass(random.between(0, 5_000));
        const failed = podsOf(simulation, 'cart').map(({ metadata }) => metadata.name);
        expect(podsOf(simulation, 'pay').every(isHeld)).toBe(true);

        annotate(simulation, {});
        await simulation.until('the others start', () => !podsOf(simulation, 'pay').some(isHeld));
        if (random.chance(0.3)) {
          const version = simulation.store.get(KeptnWorkloadVersion, 'shop', 'shop-cart-1');
          await simulation.pass(30_000);
          if (version !== undefined) simulation.store.delete(refOf(KeptnWorkloadVersion, version));
        }
        if (random.chance(0.3)) {
          simulation.processes.at(-1)?.kill();
          simulation.start();
        }
        await simulation.pass(600_000);
        const held = failed.map((name) => simulation.store.get(PodKind, 'shop', name));
        expect(held.map((pod) => pod && isHeld(pod))).toEqual(failed.map(() => true));
        const said = simulation.notes.filter(({ about }) => about.kind === 'Namespace');
        expect(said.some(({ message }) => /still held.*\(shop-cart-1\)/u.test(message))).toBe(true);

        annotate(simulation, { [sluiceKeys.releaseHeld]: 'true' });
        await simulation.until('they start', () => !podsOf(simulation, 'cart').some(isHeld));
      });
    },
  );

  it('has them start as before when it opts in again and the version passes', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('bad', 'fail'),
        aWorkload('cart', checkedBy('bad')),
      );
      simulation.start();
      await simulation.until('cart has failed', () => isFailed(simulation));
      annotate(simulation, {});
      await simulation.pass(60_000);
      annotate(simulation, { [keptnAnnotations.lifecycleToolkit]: 'enabled' });
      simulation.apply(aWorkload('cart', { version: '2' }));
      const runs = (): boolean =>
        podsOf(simulation, 'cart').every(({ status }) => status?.phase === 'Running');
      await simulation.until('version 2 runs', runs);
    });
  });
});
