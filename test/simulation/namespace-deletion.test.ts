import { describe, expect, it } from 'vitest';

import { NamespaceKind } from '../../src/api/builtin.ts';
import { refOf } from '../../src/api/object.ts';
import { allCompleted } from './oracles.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

const checked = { 'keptn.sh/pre-deployment-tasks': 'check' };
const many = Array.from({ length: 20 }, (_, index) => {
  const name = `service-${index}`;
  return aWorkload(name, { app: name, replicas: 1, annotations: checked });
});

describe('a Namespace that is deleted', () => {
  it('is left alone: nothing is created or concluded in it, whether its workloads run or are held', async () => {
    for (const outcome of ['succeed', 'run']) {
      const creations: string[] = [];
      const simulation = sluice({
        seed: 1,
        fault: ({ verb, kind, namespace }) => {
          if (verb === 'create' && namespace === 'shop') creations.push(kind.kind);
          return undefined;
        },
      });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check', outcome), ...many);
        simulation.start();
        if (outcome === 'succeed')
          await simulation.until('all run', () => allCompleted(simulation));
        else await simulation.pass(60_000);
        // What was being written at that moment ends.
        await simulation.pass(30_000);
        beginDeletion(simulation);
        const [before, writes, notes] = [
          creations.length,
          simulation.writes.length,
          simulation.notes.length,
        ];
        await deleteContent(simulation);
        await simulation.pass(600_000);
        // What was under way when the first answer came: a namesake of this product makes one such request.
        expect(creations.slice(before).length).toBeLessThanOrEqual(2);
        expect(simulation.writes.slice(writes)).toEqual([]);
        expect(simulation.notes.slice(notes)).toEqual([]);
        expect(simulation.complaints).toEqual([]);
      });
    }
  });

  it('is left alone from the first refusal on, also while no cache knows of it', async () => {
    const creations: string[] = [];
    let isDeaf = false;
    const simulation = sluice({
      seed: 1,
      fault: ({ verb, kind, namespace }) => {
        if (verb === 'create' && namespace === 'shop' && isDeaf) creations.push(kind.kind);
        return undefined;
      },
      weather: (random) => ({
        lagMs: ({ kind }) =>
          kind.kind === 'Namespace' && isDeaf ? 3_600_000 : random.between(0, 5),
      }),
    });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'), ...many);
      simulation.start();
      await simulation.until('all run', () => allCompleted(simulation));
      isDeaf = true;
      beginDeletion(simulation);
      await deleteContent(simulation);
      await simulation.pass(600_000);
      expect(creations.length).toBeLessThanOrEqual(16);
    });
  });
});

function beginDeletion({ store }: Simulation): void {
  const namespace = store.get(NamespaceKind, undefined, 'shop');
  if (namespace === undefined) throw new Error('there is no Namespace');
  const metadata = { ...namespace.metadata, finalizers: ['kubernetes'] };
  store.update(NamespaceKind, { ...namespace, metadata });
  store.delete({ kind: NamespaceKind, name: 'shop' });
}

/** As the namespace controller does it: kind by kind, in no order that anybody could rely on. */
async function deleteContent(simulation: Simulation): Promise<void> {
  const { store, random } = simulation;
  for (;;) {
    const objects = store.all().filter(({ object }) => object.metadata.namespace === 'shop');
    const one = objects[random.between(0, objects.length - 1)];
    if (one === undefined) return;
    store.delete(refOf(one.kind, one.object));
    await simulation.pass(5);
  }
}
