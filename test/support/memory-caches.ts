import type { Kind, KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import type { CacheChange, Caches } from '../../src/controllers/cluster.ts';
import type { IndexDefinition } from '../../src/controllers/indexes.ts';
import { ownerIndex } from '../../src/controllers/indexes.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { MemoryStore, StoredChange } from './memory-store.ts';
import { frozen, isOf, kindText, objectText } from './memory-store.ts';

/** How stored objects look to a process. */
export interface View {
  /** What is kept of a stored object. */
  project(kind: Kind, object: KubernetesObject): KubernetesObject;
  /** Whether the watch of the kind selects an object. */
  isWatched(kind: Kind, object: KubernetesObject): boolean;
}

/** Everything, as it is stored. */
export const plainView: View = { project: (_, object) => object, isWatched: () => true };

/** How caches fall behind. All times in milliseconds. */
export interface CacheWeather {
  /** How long this change takes to arrive; later changes of its kind never overtake it. */
  lagMs(change: StoredChange): number;
  /** How old what the first list answers may be. Default 0. */
  startLagMs?(kind: Kind): number;
  /** How long the watch of the kind is broken from this change on; it and what follows is lost until the relist. */
  breakMs?(change: StoredChange): number;
  /** Whether this change is delivered once more, later. */
  isRepeated?(change: StoredChange): boolean;
}

/** Caches that know everything at once. */
export const clearWeather: CacheWeather = { lagMs: () => 0 };

interface Shelf {
  readonly objects: Map<string, KubernetesObject>;
  readonly listeners: Set<(change: CacheChange) => void>;
  lastDueMs: number;
  brokenUntilMs: number;
}

/** The caches of one process, fed from the store as late and as badly as the weather wants. */
export class MemoryCaches implements Caches {
  readonly #store: MemoryStore;
  readonly #clock: Clock;
  readonly #view: View;
  readonly #weather: CacheWeather;
  readonly #indexes = new Map<string, IndexDefinition>();
  readonly #shelves = new Map<string, Shelf>();

  constructor(options: {
    store: MemoryStore;
    clock: Clock;
    view: View;
    weather: CacheWeather;
    indexes: readonly IndexDefinition[];
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#view = options.view;
    this.#weather = options.weather;
    for (const index of options.indexes) {
      this.#indexes.set(`${kindText(index.kind)} ${index.name}`, index);
    }
  }

  /** Lists and watches; returns the way to stop. What the first list leaves out arrives with the watch. */
  start(): () => void {
    const now = this.#clock.now();
    for (const change of this.#store.history) {
      const age = this.#weather.startLagMs?.(change.kind) ?? 0;
      if (change.atMs <= now - age) this.#apply(change);
      else this.#schedule(change, age);
    }
    return this.#store.onChange((change) => this.#receive(change));
  }

  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    const object = this.#shelf(kind).objects.get(objectText(namespace, name));
    return object !== undefined && isOf(kind, object) ? object : undefined;
  }

  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    return [...this.#shelf(kind).objects.values()]
      .filter((object) => isOf(kind, object))
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }

  byIndex<T extends KubernetesObject>(kind: Kind<T>, index: string, value: string): readonly T[] {
    const definition = this.#indexes.get(`${kindText(kind)} ${index}`);
    if (definition === undefined && index !== ownerIndex) {
      throw new Error(`${kind.kind} has no index ${index}`);
    }
    const valuesOf = (object: T): readonly string[] =>
      definition?.values(object) ?? (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
    return this.list(kind).filter((object) => valuesOf(object).includes(value));
  }

  observe(kind: Kind, object: KubernetesObject): void {
    this.#put(kind, object);
  }

  forget({ kind, namespace, name }: ObjectRef): void {
    const shelf = this.#shelf(kind);
    const cached = shelf.objects.get(objectText(namespace, name));
    if (cached === undefined) return;
    shelf.objects.delete(objectText(namespace, name));
    this.#tell(shelf, { type: 'deleted', object: cached });
  }

  subscribe<T extends KubernetesObject>(
    kind: Kind<T>,
    listener: (change: CacheChange<T>) => void,
  ): () => void {
    const { listeners } = this.#shelf(kind);
    const tell = ({ type, object, previous }: CacheChange): void => {
      if (!isOf(kind, object)) return;
      const known = previous !== undefined && isOf(kind, previous) ? { previous } : {};
      listener({ type, object, ...known });
    };
    listeners.add(tell);
    return () => void listeners.delete(tell);
  }

  #receive(change: StoredChange): void {
    const shelf = this.#shelf(change.kind);
    if (this.#clock.now() < shelf.brokenUntilMs) return;
    const breakMs = this.#weather.breakMs?.(change) ?? 0;
    if (breakMs > 0) {
      shelf.brokenUntilMs = this.#clock.now() + breakMs;
      this.#clock.after(breakMs, () => this.#relist(change.kind));
      return;
    }
    this.#schedule(change, this.#weather.lagMs(change));
    if (this.#weather.isRepeated?.(change) === true) {
      this.#schedule(change, this.#weather.lagMs(change));
    }
  }

  #schedule(change: StoredChange, lagMs: number): void {
    const shelf = this.#shelf(change.kind);
    const now = this.#clock.now();
    shelf.lastDueMs = Math.max(shelf.lastDueMs, change.atMs + lagMs, now);
    if (shelf.lastDueMs === now) this.#apply(change);
    else this.#clock.after(shelf.lastDueMs - now, () => this.#apply(change));
  }

  #relist(kind: Kind): void {
    const shelf = this.#shelf(kind);
    const listed = this.#store.list(kind);
    const places = new Set(
      listed.map(({ metadata }) => objectText(metadata.namespace, metadata.name)),
    );
    for (const [place, cached] of shelf.objects) {
      if (places.has(place)) continue;
      shelf.objects.delete(place);
      this.#tell(shelf, { type: 'deleted', object: cached });
    }
    for (const object of listed) this.#accept(kind, object);
  }

  #apply({ type, kind, object }: StoredChange): void {
    if (type === 'deleted') this.#remove(kind, object);
    else this.#accept(kind, object);
  }

  #accept(kind: Kind, object: KubernetesObject): void {
    this.#put(kind, this.#view.project(kind, object));
  }

  #put(kind: Kind, object: KubernetesObject): void {
    if (!this.#view.isWatched(kind, object)) {
      this.#remove(kind, object);
      return;
    }
    const shelf = this.#shelf(kind);
    const place = objectText(object.metadata.namespace, object.metadata.name);
    const cached = shelf.objects.get(place);
    if (cached !== undefined && versionOf(cached) >= versionOf(object)) return;
    shelf.objects.set(place, frozen(structuredClone(object)));
    const previous = cached?.metadata.uid === object.metadata.uid ? cached : undefined;
    if (cached !== undefined && previous === undefined) {
      this.#tell(shelf, { type: 'deleted', object: cached });
    }
    if (previous === undefined) this.#tell(shelf, { type: 'added', object });
    else this.#tell(shelf, { type: 'modified', object, previous });
  }

  #remove(kind: Kind, object: KubernetesObject): void {
    const shelf = this.#shelf(kind);
    const place = objectText(object.metadata.namespace, object.metadata.name);
    const cached = shelf.objects.get(place);
    if (cached === undefined || versionOf(cached) > versionOf(object)) return;
    shelf.objects.delete(place);
    this.#tell(shelf, { type: 'deleted', object: this.#view.project(kind, object) });
  }

  #tell(shelf: Shelf, change: CacheChange): void {
    for (const listener of shelf.listeners) listener(change);
  }

  #shelf(kind: Kind): Shelf {
    const text = kindText(kind);
    let shelf = this.#shelves.get(text);
    if (shelf === undefined) {
      shelf = { objects: new Map(), listeners: new Set(), lastDueMs: 0, brokenUntilMs: 0 };
      this.#shelves.set(text, shelf);
    }
    return shelf;
  }
}

function versionOf({ metadata }: KubernetesObject): number {
  return Number(metadata.resourceVersion ?? 0);
}
