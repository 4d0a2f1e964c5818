import { describe, expect, it } from 'vitest';

import { NamespaceKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { type KubernetesObject, refOf } from '../../src/api/object.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { isHeld, leaks, ownVersion } from './oracles.ts';
import { allRun, expectNoHarm, podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
const places = ['template', 'owner'] as const;
const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };

type Described = Parameters<typeof aWorkload>[1];

function metadataChanged(simulation: Simulation, object: KubernetesObject, change: object): void {
  simulation.store.update(simulation.kindOf(object), {
    ...object,
    metadata: { ...object.metadata, ...change },
  });
}

/** `kubectl delete --cascade=orphan`: what the object owns loses its reference, then the object goes. */
function orphan(simulation: Simulation, kind: string): void {
  const { store } = simulation;
  const owners = store.all().filter(({ object }) => object.kind === kind);
  const uids = new Set(owners.map(({ object }) => object.metadata.uid));
  for (const { object } of store.all()) {
    const { ownerReferences = [] } = object.metadata;
    // Keptn's objects are collected by their owner's uid; what people delete here is what makes Pods.
    if (object.kind.startsWith('Keptn') || !ownerReferences.some(({ uid }) => uids.has(uid)))
      continue;
    const rest = ownerReferences.filter(({ uid }) => !uids.has(uid));
    metadataChanged(simulation, object, { ownerReferences: rest });
  }
  for (const owner of owners) store.delete(refOf(owner.kind, owner.object));
}

/** One way in which a held Pod loses what says that it is to be checked. */
function lose(
  simulation: Simulation,
  { pod, kind }: { readonly pod: Pod; readonly kind: string },
  random: SeededRandom,
): string {
  const { labels = {}, annotations: own = {} } = pod.metadata;
  const namespace = simulation.store.get(NamespaceKind, undefined, 'shop');
  switch (random.between(0, 5)) {
    case 0:
      orphan(simulation, kind);
      return 'its owner';
    case 1:
      if (kind === 'Deployment') orphan(simulation, 'ReplicaSet');
      orphan(simulation, kind);
      return 'all its owners';
    case 2:
      metadataChanged(simulation, pod, {
        labels: { ...labels, app: 'somebody-else' },
        ownerReferences: [],
      });
      return 'the label its owner selects it by';
    case 3:
      metadataChanged(simulation, pod, {
        annotations: Object.fromEntries(
          Object.entries(own).filter(([key]) => !key.startsWith('keptn.sh/')),
        ),
      });
      return 'its annotations';
    case 4: {
      const { [sluiceKeys.watched]: _, ...rest } = labels;
      metadataChanged(simulation, pod, { labels: rest });
      return 'the label it is watched by';
    }
    default:
      if (namespace !== undefined) metadataChanged(simulation, namespace, { labels: {} });
      return 'the label of its namespace';
  }
}

describe('whatever a held Pod loses, it stays held', () => {
  it.each(seedsTo(100))('owner, label, annotation or namespace label (seed %i)', async (seed) => {
    const simulation = sluice({ seed, weather: storm });
    await simulation.explained(async () => {
      const random = simulation.random.fork();
      const kind = kinds[random.between(0, 2)] ?? 'Deployment';
      const annotated = places[random.between(0, 1)] ?? 'template';
      const workload: Described = { kind, annotated, annotations };
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check', random.chance(0.5) ? 'fail' : 'run'),
      );
      simulation.start();
      await simulation.pass(6_000);
      simulation.apply(aWorkload('cart', workload));
      await simulation.until('a Pod is held', () => podsOf(simulation, 'cart').some(isHeld));
      await simulation.pass(10_000);
      await simulation.pass(random.between(0, 20_000));

      const held = podsOf(simulation, 'cart').filter(isHeld);
      expect(held).not.toEqual([]);
      const [first] = held;
      if (first === undefined) return;
      const lost = lose(simulation, { pod: first, kind }, random);
      await simulation.pass(900_000);
      for (const { metadata } of held) {
        const pod = simulation.store.get(PodKind, 'shop', metadata.name);
        if (pod === undefined || pod.metadata.uid !== metadata.uid) continue;
        expect(isHeld(pod), `${kind}: the Pod that lost ${lost}`).toBe(true);
      }
      expect(leaks(simulation, ownVersion)).toEqual([]);
    });
  });
});

describe('a held Pod that its ReplicaSet has let go of', () => {
  it('starts when the version it carries is Released, as its successor does', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aWorkload('cart', { annotations, replicas: 1 }));
      simulation.start();
      await simulation.pass(60_000);
      const [pod] = podsOf(simulation, 'cart');
      if (pod === undefined) throw new Error('there is no Pod');
      const labels = { ...pod.metadata.labels, app: 'other' };
      metadataChanged(simulation, pod, { labels, ownerReferences: [] });
      await simulation.pass(60_000);
      expect([...podsOf(simulation, 'cart'), ...podsOf(simulation, 'other')].map(isHeld)).toEqual([
        true,
        true,
      ]);
      simulation.apply(aTaskDefinition('check'));
      const runs = (): boolean =>
        ['cart', 'other'].every((app) => allRun(simulation, app, { version: '1', replicas: 1 }));
      await simulation.until('both run', runs);
      expectNoHarm(simulation);
    });
  });
});
