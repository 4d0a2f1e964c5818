import { type Kind, kindKey } from '../../api/object.ts';
import { ObjectCaches } from '../../kubernetes/cache/caches.ts';
import type { Feed } from '../../kubernetes/cache/feed.ts';
import type { Clock } from '../../runtime/clock.ts';
import { indexesOf } from '../../process/controllers.ts';
import { watchedKinds } from '../../process/watched-kinds.ts';
import { isOf, type MemoryStore, type StoredChange } from './memory-store.ts';
import { projected } from './store-calls.ts';
import type { Controller } from '../../controllers/engine/controller.ts';

interface Stream {
  readonly kind: Kind;
  readonly feeds: readonly Feed[];
}

/** The caches that a process with these controllers has, which know each change of the store at once. The store must be empty. */
export function playedCaches(
  store: MemoryStore,
  clock: Clock,
  controllers: readonly Controller[],
): ObjectCaches {
  const caches = new ObjectCaches({ clock, indexes: indexesOf(controllers) });
  const byKind = new Map<string, { kind: Kind; feeds: Feed[] }>();
  for (const { kind, labelSelector } of watchedKinds(undefined, controllers).watched) {
    const stream = byKind.get(kindKey(kind)) ?? { kind, feeds: [] };
    byKind.set(kindKey(kind), stream);
    stream.feeds.push(caches.feed(kind, labelSelector === undefined ? {} : { labelSelector }));
  }
  const streams = [...byKind.values()];
  for (const feed of streams.flatMap(({ feeds }) => feeds)) {
    feed.listing();
    feed.listComplete('1');
  }
  store.onChange((change) => {
    // Several views of a kind show the same objects.
    for (const stream of streams) if (isOf(stream.kind, change.object)) deliver(stream, change);
  });
  return caches;
}

// A watch by selector says DELETED of an object that is no longer selected.
function deliver({ kind, feeds }: Stream, { type, object }: StoredChange): void {
  const shown = projected(kind, object);
  for (const feed of feeds) {
    if (type !== 'deleted' && feed.selects(object)) feed.changed(shown);
    else if (feed.selects(object) || feed.isHolding(shown)) feed.deleted(shown);
  }
}
