import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { allIndexes } from '../../support/memory/all-indexes.ts';
import { type Amount, historyObjects } from './history-objects.ts';

/** Caches of a cluster in which everything has ended long ago and nothing is left to do. */
export function cachesWithHistory(amount: Amount): ObjectCaches {
  const caches = new ObjectCaches({ clock: systemClock, indexes: allIndexes });
  for (const [kind, objects] of historyObjects(amount)) {
    const feed = caches.feed(kind);
    feed.listing();
    for (const object of objects) {
      const { apiVersion, kind: name } = kind;
      const projected = project(kind, { apiVersion, kind: name, ...object });
      if (projected !== undefined) feed.listed(projected);
    }
    feed.listComplete('1');
  }
  return caches;
}
