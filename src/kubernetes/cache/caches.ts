import type { CacheChange } from '../../ports/cache-change.ts';
import type { IndexDefinition } from '../../ports/index-definition.ts';
import type { Log } from '../../ports/log.ts';
import type { IndexedBy } from '../../ports/index-definition.ts';
import { type Kind, kindKey, type KubernetesObject, type ObjectRef } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Feed } from './feed.ts';
import { KindCache, type SharedByKinds } from './kind-cache.ts';
import { LeftOut } from './left-out.ts';
import { silentLog } from '../wire/silent-log.ts';
import { isOf, Packing, type Index } from './object-store.ts';
import type { ListScope } from '../wire/resource-path.ts';

export interface CachesOptions {
  readonly clock: Clock;
  /** Told what listeners throw. */
  readonly log?: Log;
  /** Beside the index by owner (`owner-uid`), which every kind has. */
  readonly indexes?: readonly IndexDefinition[];
}

/** Every kind is indexed by the uids of its owners. */
const ownerIndex: Index = {
  name: 'owner-uid',
  values: ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
};

/**
 * What this process knows of the cluster. Reads are synchronous and never call the API server; the rules by which objects come
 * and go are in `KindCache`. Objects must not be changed: others may hold them.
 * Reading one that was not read lately takes some microseconds, so a loop over a whole kind is no small thing.
 */
export class ObjectCaches {
  readonly #indexes: readonly IndexDefinition[];
  readonly #kinds = new Map<string, KindCache>();
  /** The same again by the object that names the kind: every look-up goes through here. */
  readonly #byKind = new WeakMap<Kind, KindCache>();
  readonly #shared: SharedByKinds;
  /** What could not be taken in. */
  readonly leftOut: LeftOut;

  constructor(options: CachesOptions) {
    const { clock, log = silentLog } = options;
    this.leftOut = new LeftOut(log);
    this.#shared = { clock, log, packing: new Packing(), leftOut: this.leftOut };
    this.#indexes = options.indexes ?? [];
  }

  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    const object = this.#of(kind).get(namespace, name);
    return object !== undefined && isOf(kind, object) ? object : undefined;
  }

  /** Everything cached of a kind in a namespace; all namespaces when it is undefined. */
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    const found: T[] = [];
    for (const object of this.#of(kind).list(namespace)) if (isOf(kind, object)) found.push(object);
    return found;
  }

  /** Every cached object of a kind, one by one, each unpacked only when it is asked for. May last for many turns. */
  *walk<T extends KubernetesObject>(
    kind: Kind<T>,
    found?: IndexedBy,
  ): Generator<T, void, undefined> {
    for (const object of this.#of(kind).walk(found)) if (isOf(kind, object)) yield object;
  }

  /** The objects of the index's kind that it has under this value. */
  byIndex<T extends KubernetesObject>(
    { kind, name }: Pick<IndexDefinition<T>, 'kind' | 'name'>,
    value: string,
  ): readonly T[] {
    const found = this.#of(kind).byIndex(name, value);
    if (found === undefined) throw new Error(`${kind.kind} has no index "${name}"`);
    return found.filter((object) => isOf(kind, object));
  }

  /** The objects of a kind that name an owner of this uid. */
  byOwner<T extends KubernetesObject>(kind: Kind<T>, uid: string): readonly T[] {
    return this.byIndex({ kind, name: ownerIndex.name }, uid);
  }

  /** Puts what the API server just answered (a read or a write of ours) into the cache, and calls the subscribers. */
  observe(kind: Kind, object: KubernetesObject): void {
    this.#of(kind).observe(object);
  }

  /** A live read said that there is no such object; calls the subscribers if it was cached. */
  forget(ref: ObjectRef): void {
    this.#of(ref.kind).forget(ref.namespace, ref.name);
  }

  /** Calls `listener` with every change from now on, in order, synchronously; returns the way to stop. */
  subscribe<T extends KubernetesObject>(
    kind: Kind<T>,
    listener: (change: CacheChange<T>) => void,
  ): () => void {
    return this.#of(kind).subscribe(({ type, object, previous, initial }) => {
      if (!isOf(kind, object)) return;
      listener({
        type,
        object,
        ...(previous !== undefined && isOf(kind, previous) && { previous }),
        ...(initial === true && { initial }),
      });
    });
  }

  /** A further source of objects of this kind, for a reflector to feed. Made before any feed of the kind lists. */
  feed(kind: Kind, scope: ListScope = {}): Feed {
    return this.#of(kind).feed(scope);
  }

  /** Resolves when all there is of these kinds (of every kind with a feed, if none is named) has been seen once. */
  async synced(...kinds: readonly Kind[]): Promise<void> {
    await Promise.all(this.#feeds(kinds).map((feed) => feed.synced));
  }

  isSynced(...kinds: readonly Kind[]): boolean {
    return this.#feeds(kinds).every((feed) => feed.isSynced);
  }

  /** Whether the API server does not serve one of these kinds although it has to (of every kind with a feed, if none is named). */
  isMissing(...kinds: readonly Kind[]): boolean {
    return this.#feeds(kinds).some((feed) => feed.isMissing);
  }

  /** The kinds that the API server does not serve although it has to: their CustomResourceDefinitions are gone. */
  missing(): readonly string[] {
    const gone = [...this.#kinds].filter(([, { feeds }]) => feeds.some((feed) => feed.isMissing));
    return gone.map(([kind]) => kind);
  }

  /** Calls `listener` each time a kind that was missing is listed again; returns the way to stop. Of the feeds there are now. */
  whenServedAgain(listener: () => void): () => void {
    const stops = this.#feeds([]).map((feed) => feed.whenServedAgain(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** The kinds that `synced` still waits for. */
  unsynced(): readonly string[] {
    const waiting = [...this.#kinds].filter(([, { feeds }]) =>
      feeds.some((feed) => !feed.isSynced),
    );
    return waiting.map(([kind]) => kind);
  }

  /** Objects cached, by kind; for metrics. */
  sizes(): ReadonlyMap<string, number> {
    return new Map([...this.#kinds].map(([kind, cache]) => [kind, cache.size]));
  }

  #feeds(kinds: readonly Kind[]): readonly Feed[] {
    const caches =
      kinds.length === 0 ? [...this.#kinds.values()] : kinds.map((kind) => this.#of(kind));
    return caches.flatMap(({ feeds }) => feeds);
  }

  #of(kind: Kind): KindCache {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const cache = this.#named(kind);
    this.#byKind.set(kind, cache);
    return cache;
  }

  #named(kind: Kind): KindCache {
    const key = kindKey(kind);
    let cache = this.#kinds.get(key);
    if (cache === undefined) {
      const own = this.#indexes.filter((index) => kindKey(index.kind) === key);
      cache = new KindCache(kind, [ownerIndex, ...own], this.#shared);
      this.#kinds.set(key, cache);
    }
    return cache;
  }
}
