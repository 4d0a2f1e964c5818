import type { IndexedBy, IndexDefinition } from '../../../src/ports/index-definition.ts';
import type { CacheChange } from '../../../src/ports/cache-change.ts';
import {
  type Kind,
  kindKey,
  type KubernetesObject,
  type ObjectRef,
} from '../../../src/api/object.ts';
import type { Caches } from '../../../src/controllers/engine/cluster.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import type { Feed } from '../../../src/kubernetes/cache/feed.ts';
import { projected } from '../../../src/cli/played/store-calls.ts';
import type { ListScope } from '../../../src/kubernetes/wire/resource-path.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { MemoryStore, StoredChange } from '../../../src/cli/played/memory-store.ts';
import { kindText } from '../../../src/cli/played/memory-store.ts';
import type { IndexOf } from '../../../src/domain/lookup.ts';

/** A kind that is listed and watched, by one or several selectors; everything of it by default. */
export interface Watched {
  readonly kind: Kind;
  readonly scopes?: readonly ListScope[];
}

/** How caches fall behind. All times in milliseconds. */
export interface CacheWeather {
  /** How long this change takes to arrive; later changes of its kind never overtake it. */
  lagMs(change: StoredChange): number;
  /** How old what the first list answers may be. Default 0. */
  startLagMs?(kind: Kind): number;
  /** How long the watch of the kind is broken from this change on; it and what follows is lost until the relist. */
  breakMs?(change: StoredChange): number;
  /** How long until a relist is tried again whose first page broke off in the middle; 0 when it does not. Default 0. */
  cutMs?(kind: Kind): number;
  /** Whether this change is delivered once more, later. */
  isRepeated?(change: StoredChange): boolean;
}

/** Caches that know everything at once. */
export const clearWeather: CacheWeather = { lagMs: () => 0 };

interface Stream {
  readonly kind: Kind;
  readonly feeds: Feed[];
  lastDueMs: number;
  brokenUntilMs: number;
  /** Counts the lists: what an earlier watch had still on its way is lost with it. */
  lists: number;
}

/** The real caches of one process, fed from the store as late and as badly as the weather wants. */
export class MemoryCaches implements Caches {
  readonly #store: MemoryStore;
  readonly #clock: Clock;
  readonly #weather: CacheWeather;
  readonly #caches: ObjectCaches;
  readonly #streams = new Map<string, Stream>();

  constructor(options: {
    store: MemoryStore;
    clock: Clock;
    watched: readonly Watched[];
    weather: CacheWeather;
    indexes: readonly IndexDefinition[];
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#weather = options.weather;
    this.#caches = new ObjectCaches({ clock: options.clock, indexes: options.indexes });
    for (const { kind, scopes = [{}] } of options.watched) {
      const feeds = scopes.map((scope) => this.#caches.feed(kind, scope));
      this.#streams.set(kindKey(kind), { kind, feeds, lastDueMs: 0, brokenUntilMs: 0, lists: 0 });
    }
  }

  /** Lists and watches; returns the way to stop. What the first list is too old to show arrives with the watch. */
  start(): () => void {
    for (const stream of this.#streams.values()) this.#listFirst(stream);
    return this.#store.onChange((change) => this.#receive(change));
  }

  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#caches.get(kind, namespace, name);
  }

  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    return this.#caches.list(kind, namespace);
  }

  byIndex<T extends KubernetesObject>(index: IndexOf<T>, value: string): readonly T[] {
    return this.#caches.byIndex(index, value);
  }

  byOwner<T extends KubernetesObject>(kind: Kind<T>, uid: string): readonly T[] {
    return this.#caches.byOwner(kind, uid);
  }

  walk<T extends KubernetesObject>(kind: Kind<T>, found?: IndexedBy): Iterable<T> {
    return this.#caches.walk(kind, found);
  }

  observe(kind: Kind, object: KubernetesObject): void {
    this.#caches.observe(kind, object);
  }

  forget(ref: ObjectRef): void {
    this.#caches.forget(ref);
  }

  subscribe<T extends KubernetesObject>(
    kind: Kind<T>,
    listener: (change: CacheChange<T>) => void,
  ): () => void {
    return this.#caches.subscribe(kind, listener);
  }

  #listFirst(stream: Stream): void {
    const changes = this.#store.history.filter(({ kind }) => isShownBy(stream, kind));
    const ageMs = changes.length === 0 ? 0 : (this.#weather.startLagMs?.(stream.kind) ?? 0);
    const seen = changes.filter(({ atMs }) => atMs <= this.#clock.elapsed() - ageMs);
    const objects = new Map<string | undefined, StoredChange>();
    for (const change of seen) {
      const { uid } = change.object.metadata;
      if (change.type === 'deleted') objects.delete(uid);
      else objects.set(uid, change);
    }
    const listed = [...objects.values()].map(({ object }) => object);
    this.#list(stream, listed, seen.at(-1)?.version ?? 1);
    for (const change of changes.slice(seen.length)) this.#schedule(stream, change, ageMs);
  }

  #receive(change: StoredChange): void {
    for (const stream of this.#streams.values()) {
      if (isShownBy(stream, change.kind)) this.#receiveBy(stream, change);
    }
  }

  #receiveBy(stream: Stream, change: StoredChange): void {
    if (this.#clock.elapsed() < stream.brokenUntilMs) return;
    const breakMs = this.#weather.breakMs?.(change) ?? 0;
    if (breakMs > 0) {
      stream.brokenUntilMs = this.#clock.elapsed() + breakMs;
      this.#clock.after(breakMs, () => this.#relist(stream));
      return;
    }
    this.#schedule(stream, change, this.#weather.lagMs(change));
    if (this.#weather.isRepeated?.(change) === true) {
      this.#schedule(stream, change, this.#weather.lagMs(change));
    }
  }

  #schedule(stream: Stream, change: StoredChange, lagMs: number): void {
    // The time of day may be set meanwhile; what is on its way does not notice.
    const nowMs = this.#clock.elapsed();
    const inMs = Math.max(0, change.atMs + lagMs - nowMs);
    stream.lastDueMs = Math.max(stream.lastDueMs, nowMs + inMs);
    if (stream.lastDueMs === nowMs) return this.#deliver(stream, change);
    const { lists } = stream;
    this.#clock.after(stream.lastDueMs - nowMs, () => {
      if (stream.lists === lists) this.#deliver(stream, change);
    });
  }

  #relist(stream: Stream): void {
    stream.lists += 1;
    stream.lastDueMs = 0;
    const cutMs = this.#weather.cutMs?.(stream.kind) ?? 0;
    if (cutMs > 0) {
      this.#listHalf(stream);
      stream.brokenUntilMs = this.#clock.elapsed() + cutMs;
      this.#clock.after(cutMs, () => this.#relist(stream));
      return;
    }
    const version = this.#store.history.at(-1)?.version ?? 1;
    this.#list(stream, this.#store.list(stream.kind), version);
  }

  /** The first page breaks off: what it showed is in the caches, and the list begins anew. */
  #listHalf({ kind, feeds }: Stream): void {
    const objects = this.#store.list(kind);
    for (const feed of feeds) {
      feed.listing();
      for (const object of objects.slice(0, Math.ceil(objects.length / 2))) {
        if (feed.selects(object)) feed.listed(projected(kind, object));
      }
    }
  }

  #list({ kind, feeds }: Stream, objects: readonly KubernetesObject[], version: number): void {
    for (const feed of feeds) {
      feed.listing();
      for (const object of objects) {
        if (feed.selects(object)) feed.listed(projected(kind, object));
      }
      feed.listComplete(String(version));
    }
  }

  // A watch by selector says DELETED of an object that is no longer selected.
  #deliver({ kind, feeds }: Stream, { type, object }: StoredChange): void {
    for (const feed of feeds) {
      const shown = projected(kind, object);
      if (type !== 'deleted' && feed.selects(object)) feed.changed(shown);
      else if (feed.selects(object) || feed.isHolding(shown)) feed.deleted(shown);
    }
  }
}

/** Several views of a kind show the same objects. */
function isShownBy(stream: Stream, kind: Kind): boolean {
  return kindText(stream.kind) === kindText(kind);
}
