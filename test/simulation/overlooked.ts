import { isEqualJson } from '../../src/api/json.ts';
import type { Controller, Key, Watch } from '../../src/controllers/engine/controller.ts';
import type { Cluster } from '../../src/controllers/engine/cluster.ts';
import { KeyMemory } from '../../src/controllers/engine/key-memory.ts';
import { LiveView } from '../../src/controllers/engine/live-view.ts';
import { ReconcileWorld } from '../../src/controllers/engine/reconcile-world.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { MemoryCaches } from '../support/memory/memory-caches.ts';

/**
 * What a start leaves out although its decision asks for something: one sentence each. Every key that the controller's
 * watches lead to and its starting points do not is decided on, as a reconcile would.
 */
export function overlooked(
  controllers: readonly Controller[],
  by: { readonly caches: MemoryCaches; readonly cluster: Cluster; readonly now: number },
): string[] {
  const { caches } = by;
  return controllers.flatMap((controller) => {
    const { startingPoints, watches } = controller;
    if (startingPoints === undefined) return [];
    const woken = keysBy(startingPoints, caches);
    return [...keysBy(watches, caches)]
      .filter(([text]) => !woken.has(text))
      .flatMap(([text, key]) => {
        const live = new LiveView(by.cluster, caches);
        const memory = new KeyMemory();
        const observation = controller.gather(
          key,
          new ReconcileWorld({ now: by.now }, { lookup: caches, live, memory }),
        );
        const wanted = observation === undefined ? [] : wantedBy(controller.decide(observation));
        return wanted.length === 0
          ? []
          : [`the start of ${controller.name} left out ${text}, which wants ${wanted.join(', ')}`];
      });
  });
}

function keysBy(watches: readonly Watch[], caches: MemoryCaches): Map<string, Key> {
  const keys = new Map<string, Key>();
  for (const watch of watches) {
    if (watch.wakes === 'existence') continue;
    for (const object of caches.list(watch.kind)) {
      for (const key of watch.keys(object, caches)) keys.set(`${key.namespace}/${key.name}`, key);
    }
  }
  return keys;
}

/** Also a later look, and one at the API server: nobody else would come back to it. */
function wantedBy({ look, effects, status, afterwards, wakeAfterMs }: Plan): string[] {
  return [
    ...(look ?? []).map(() => 'a look'),
    ...[...(effects ?? []), ...(afterwards ?? [])].map(({ type }) => type),
    ...(status !== undefined && !isEqualJson(status.from, status.to) ? ['a status'] : []),
    ...(wakeAfterMs === undefined ? [] : ['to be woken']),
  ];
}
