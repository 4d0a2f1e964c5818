import { describe, expect, it } from 'vitest';

import { DeploymentKind, NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { type KubernetesObject, refOf } from '../../src/api/object.ts';
import { rfc3339 } from '../../src/domain/time.ts';
import { aRequest, asked } from '../support/builders/steering.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isOf } from '../../src/cli/played/memory-store.ts';
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

const labelOf = ({ store }: Simulation): string | undefined =>
  store.get(NamespaceKind, undefined, 'shop')?.metadata.labels?.[sluiceKeys.enabled];

function deletePods(simulation: Simulation, name: string): void {
  for (const pod of podsOf(simulation, name)) simulation.store.delete(refOf(PodKind, pod));
}

const allRunNow = (simulation: Simulation, name: string, replicas = 2): boolean => {
  const pods = podsOf(simulation, name);
  return pods.length === replicas && pods.every(({ status }) => status?.phase === 'Running');
};

describe('after the opt-in was withdrawn', () => {
  /** Version 1 of `cart` has failed, and the Namespace is not opted in any more. */
  async function withdrawn(
    seed: number,
    scenario: (simulation: Simulation) => Promise<void>,
    more: Parameters<typeof aWorkload>[1] = {},
  ): Promise<void> {
    const simulation = sluice({ seed, weather: storm });
    await simulation.explained(async () => {
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('bad', 'fail'),
        aWorkload('cart', { ...checkedBy('bad'), ...more }),
      );
      simulation.start();
      await simulation.until('cart has failed', () => isFailed(simulation));
      annotate(simulation, {});
      await simulation.until('label', () => labelOf(simulation) === 'withdrawn');
      await simulation.pass(120_000);
      await scenario(simulation);
    });
  }

  it.each(seedsTo(10))(
    'a new Pod of a failed version is held: its Pods deleted, more replicas (seed %i)',
    (seed) =>
      withdrawn(
        seed,
        async (simulation) => {
          const before = podsOf(simulation, 'cart').map(({ metadata }) => metadata.uid);
          deletePods(simulation, 'cart');
          await simulation.pass(60_000);
          simulation.apply(
            aWorkload('cart', {
              ...checkedBy('bad'),
              replicas: 4,
              ...(seed % 2 === 0 && { annotated: 'owner' }),
            }),
          );
          await simulation.until('there are 4', () => podsOf(simulation, 'cart').length === 4);
          await simulation.pass(300_000);
          const after = podsOf(simulation, 'cart');
          expect(after.filter(({ metadata }) => before.includes(metadata.uid))).toEqual([]);
          expect(after.map(isHeld)).toEqual([true, true, true, true]);
          const mark = after.map(
            ({ metadata }) => metadata.annotations?.[sluiceKeys.heldAfterOptOut],
          );
          expect(mark).toEqual(Array(4).fill('shop-cart-1'));
        },
        seed % 2 === 0 ? { annotated: 'owner' } : {},
      ),
  );

  it.each(seedsTo(5))('an unrelated workload notices nothing (seed %i)', (seed) =>
    withdrawn(seed, async (simulation) => {
      const notes = simulation.notes.length;
      simulation.apply(
        aWorkload('pay', checkedBy('bad')),
        aWorkload('plain', { annotated: 'nowhere' }),
      );
      await simulation.until(
        'both run',
        () => allRunNow(simulation, 'pay') && allRunNow(simulation, 'plain'),
      );
      const pods = [...podsOf(simulation, 'pay'), ...podsOf(simulation, 'plain')];
      for (const { metadata, spec } of pods) {
        expect(spec?.schedulingGates ?? []).toEqual([]);
        expect(metadata.labels).not.toHaveProperty([sluiceKeys.watched]);
        expect(metadata.annotations ?? {}).not.toHaveProperty([sluiceKeys.explanation]);
      }
      expect(simulation.notes.slice(notes)).toEqual([]);
    }),
  );

  it.each(seedsTo(20))(
    'a new version starts unchecked, and the failed one is held whenever it comes back (seed %i)',
    (seed) =>
      withdrawn(seed, async (simulation) => {
        simulation.apply(aWorkload('cart', { ...checkedBy('bad'), version: '2' }));
        await simulation.until('version 2 runs', () => allRunNow(simulation, 'cart'));
        // At once, while the controllers learn of version 2, and long after.
        await simulation.pass(seed % 2 === 0 ? 0 : 120_000);
        expect(labelOf(simulation)).toBe('withdrawn');
        simulation.apply(aWorkload('cart', checkedBy('bad')));
        await simulation.pass(300_000);
        const isOld = ({ metadata }: KubernetesObject) =>
          metadata.annotations?.[keptnAnnotations.version] === '1';
        expect(podsOf(simulation, 'cart').filter(isOld).map(isHeld)).toContain(true);
        const everStarted = simulation.store.history.filter(
          ({ object }) => isOf(PodKind, object) && isOld(object) && !isHeld(object),
        );
        expect(everStarted.map(({ object }) => object.metadata.name)).toEqual([]);
      }),
  );

  it.each(seedsTo(5))('a retry of it starts nothing before it has passed (seed %i)', (seed) =>
    withdrawn(seed, async (simulation) => {
      const { store } = simulation;
      const version = (): KeptnWorkloadVersion => {
        const found = store.get(KeptnWorkloadVersion, 'shop', 'shop-cart-1');
        if (found === undefined) throw new Error('there is no version');
        return found;
      };
      simulation.apply(aTaskDefinition('bad', 'succeed', 120));
      await simulation.pass(30_000);
      const request = aRequest({ value: 'failed', time: rfc3339(simulation.clock.now()) });
      store.update(KeptnWorkloadVersion, asked(version(), 'retry', request));
      await simulation.until('it is checked again', () => version().status?.attempt === 2);
      await simulation.pass(30_000);
      expect(labelOf(simulation)).toBe('withdrawn');
      deletePods(simulation, 'cart');
      await simulation.pass(30_000);
      expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      await simulation.until('its Pods run', () => allRunNow(simulation, 'cart'));
      expect(version().status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'Released', status: 'True' }),
      );
      await simulation.until('no label', () => labelOf(simulation) === undefined);
    }),
  );

  it.each([
    [
      'release-held is set',
      (simulation: Simulation) => annotate(simulation, { [sluiceKeys.releaseHeld]: 'true' }),
    ],
    [
      'the failed version is gone with its workload',
      ({ store }: Simulation) =>
        store.delete({ kind: DeploymentKind, namespace: 'shop', name: 'cart' }),
    ],
  ])('the label goes when %s', (_, end) =>
    withdrawn(1, async (simulation) => {
      end(simulation);
      await simulation.until('no label', () => labelOf(simulation) === undefined);
      await simulation.pass(60_000);
      expect(labelOf(simulation)).toBeUndefined();
      expect(podsOf(simulation, 'cart').filter(isHeld)).toEqual([]);
    }),
  );

  it('an opt-in holds every unchecked Pod again', () =>
    withdrawn(1, async (simulation) => {
      annotate(simulation, { [keptnAnnotations.lifecycleToolkit]: 'enabled' });
      await simulation.until('label', () => labelOf(simulation) === 'true');
      simulation.apply(aWorkload('pay', checkedBy('bad')));
      await simulation.pass(60_000);
      expect(podsOf(simulation, 'pay').map(isHeld)).toEqual([true, true]);
    }));
});

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
