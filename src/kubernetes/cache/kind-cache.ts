import type { Log } from '../../ports/log.ts';
import type { IndexedBy } from '../../ports/index-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Feed, idOf } from './feed.ts';
import type { LeftOut } from './left-out.ts';
import { ObjectStore, type Head, type Index, type Packing } from './object-store.ts';
import type { ListScope } from '../wire/resource-path.ts';
import { compareVersions, isOlder } from '../wire/resource-version.ts';

/** One change of a cached object. */
export interface Change {
  readonly type: 'added' | 'modified' | 'deleted';
  /** The object as it is now; for `deleted` its last known state. */
  readonly object: KubernetesObject;
  readonly previous?: KubernetesObject;
  /** Seen in the list after a start, where everything is new: nothing has happened to it just now. */
  readonly initial?: boolean;
}

/** What the caches of all kinds have in common. */
export interface SharedByKinds {
  readonly clock: Clock;
  readonly log: Log;
  readonly packing: Packing;
  readonly leftOut: LeftOut;
}

/** How long an object that no watch keeps up to date may be looked at. */
const guestStaysMs = 30_000;

/**
 * The cached objects of one kind, and the rules by which they come and go. Two hands put objects in: feeds (each a list and a
 * watch of the kind, or of what a selector selects) and `observe`, with what the API server answered to a read or a write of
 * our own.
 *
 * - Newest wins, by resourceVersion: a watch event that is older than an answer already observed changes nothing, nor does an
 *   answer that is older than what the watch brought.
 * - A feed holds what it has brought. An object leaves when the last feed that holds it lets go: by a DELETED event (deleted,
 *   or no longer selected) or by a list that does not show it.
 * - An observed object that some feed selects is taken in at once; the feed will bring it and let it go. Unless that feed has
 *   already seen more than this answer: then it has seen the object leave too.
 * - An observed object that no feed selects would never be let go. It is a guest: found like any other for 30 seconds, so that
 *   the decision that asked for it sees it, and then no more. Guests are silent: subscribers do not hear of them.
 */
export class KindCache {
  readonly #kind: Kind;
  readonly #leftOut: LeftOut;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #objects: ObjectStore;
  readonly #guests: ObjectStore;
  readonly #guestSince = new Map<string, { object: KubernetesObject; sinceMs: number }>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #feeds: Feed[] = [];
  /** The uids of what `forget` removed; kept until a watch or a read says more. */
  readonly #forgotten = new Set<string>();

  constructor(kind: Kind, indexes: readonly Index[], shared: SharedByKinds) {
    this.#kind = kind;
    this.#leftOut = shared.leftOut;
    this.#clock = shared.clock;
    this.#log = shared.log;
    this.#objects = new ObjectStore(indexes, shared.packing);
    this.#guests = new ObjectStore(indexes, shared.packing);
  }

  get size(): number {
    return this.#objects.size;
  }

  get feeds(): readonly Feed[] {
    return this.#feeds;
  }

  get(namespace: string | undefined, name: string): KubernetesObject | undefined {
    this.#seeGuestsOff();
    return this.#objects.get(namespace, name) ?? this.#guests.get(namespace, name);
  }

  *list(namespace?: string): Generator<KubernetesObject, void, undefined> {
    this.#seeGuestsOff();
    yield* this.#objects.list(namespace);
    yield* this.#guests.list(namespace);
  }

  /** All objects, or those of an index, for who goes through them over many turns and asks for none of them again. */
  *walk(found?: IndexedBy): Generator<KubernetesObject, void, undefined> {
    yield* this.#objects.walk(found);
    yield* this.#guests.walk(found);
  }

  /** Undefined when there is no index of this name. */
  byIndex(index: string, value: string): readonly KubernetesObject[] | undefined {
    this.#seeGuestsOff();
    const found = this.#objects.byIndex(index, value);
    if (found === undefined || this.#guests.size === 0) return found;
    return [...found, ...(this.#guests.byIndex(index, value) ?? [])];
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The API server has just answered with this object. */
  observe(object: KubernetesObject): void {
    const { namespace, name, resourceVersion } = object.metadata;
    const selecting = this.#feeds.filter((feed) => feed.selects(object));
    if (this.#objects.head(namespace, name) === undefined) {
      if (selecting.length === 0) return this.#welcome(object);
      const seenLeaving = selecting.some((feed) => feed.hasPassed(resourceVersion));
      if (seenLeaving && !this.#forgotten.has(idOf(object.metadata))) return;
    }
    for (const feed of selecting) feed.holds(object);
    this.#put(object, { initial: false });
  }

  /** The API server has just answered that there is no such object. */
  forget(namespace: string | undefined, name: string): void {
    this.#seeOff(addressOf({ namespace, name }));
    const object = this.#objects.delete(namespace, name);
    if (object === undefined) return;
    // The answer may be older than what is cached. Then no watch will bring the object again, so the next read must.
    this.#forgotten.add(idOf(object.metadata));
    this.#tell({ type: 'deleted', object });
  }

  /** A further source of objects. All feeds of a kind are made before the first one lists. */
  feed(scope: ListScope): Feed {
    const feed = new Feed(scope, {
      put: (object, how) => this.#put(object, how),
      remove: (object) => this.#remove(object),
      drop: (head) => this.#drop(head),
      leaveOut: (head, error) => this.#leaveOut(head, error),
      heads: () => this.#objects.heads(),
      isOnly: () => this.#feeds.length === 1,
      has: (head) => this.#has(head),
      isHeld: (metadata) => {
        return this.#feeds.some((one) => one !== feed && one.isHolding({ metadata }));
      },
    });
    this.#feeds.push(feed);
    return feed;
  }

  #put(object: KubernetesObject, how: { initial: boolean }): void {
    const { namespace, name, resourceVersion } = object.metadata;
    this.#forgotten.delete(idOf(object.metadata));
    this.#seeOff(addressOf(object.metadata));
    const cached = this.#objects.head(namespace, name);
    if (cached !== undefined) {
      const age = compareVersions(resourceVersion, cached.resourceVersion) ?? 1;
      if (age <= 0) return;
    }
    const stored = this.#set(object, how);
    if (stored === undefined) return;
    const { previous } = stored;
    const initial = how.initial ? { initial: true } : {};
    if (previous !== undefined && idOf(previous.metadata) === idOf(object.metadata)) {
      this.#tell({ type: 'modified', object, previous, ...initial });
      return;
    }
    if (previous !== undefined) this.#tell({ type: 'deleted', object: previous, ...initial });
    this.#tell({ type: 'added', object, ...initial });
  }

  /** Stores the object; undefined if it cannot be, and then it is left out alone. */
  #set(
    object: KubernetesObject,
    { initial }: { initial: boolean },
  ): { previous: KubernetesObject | undefined } | undefined {
    try {
      const previous = this.#objects.set(object, initial);
      this.#leftOut.remove(this.#kind.kind, object.metadata);
      return { previous };
    } catch (error) {
      this.#leaveOut(object.metadata, error);
      return undefined;
    }
  }

  #leaveOut(head: Head, error: unknown): void {
    const { namespace, name } = head;
    if (error === undefined) this.#leftOut.remove(this.#kind.kind, head);
    else this.#leftOut.add(this.#kind, head, error);
    const object = this.#objects.delete(namespace, name);
    if (object !== undefined) this.#tell({ type: 'deleted', object });
  }

  /** Removes the object, whose last state this is, unless what is cached is newer. */
  #remove(object: KubernetesObject): void {
    const { namespace, name, resourceVersion } = object.metadata;
    this.#forgotten.delete(idOf(object.metadata));
    this.#leftOut.remove(this.#kind.kind, object.metadata);
    // A guest that was read after this is not the object that has gone.
    const address = addressOf(object.metadata);
    const guest = this.#guestSince.get(address)?.object.metadata;
    if (guest !== undefined && isOlder(guest.resourceVersion, resourceVersion)) {
      this.#seeOff(address);
    }
    const cached = this.#objects.head(namespace, name);
    if (cached === undefined || isOlder(resourceVersion, cached.resourceVersion)) return;
    this.#objects.delete(namespace, name);
    this.#tell({ type: 'deleted', object });
  }

  #has(head: Head): boolean {
    const cached = this.#objects.head(head.namespace, head.name);
    return cached !== undefined && idOf(cached) === idOf(head);
  }

  #drop(head: Head): void {
    this.#forgotten.delete(idOf(head));
    const object = this.#objects.delete(head.namespace, head.name);
    if (object !== undefined) this.#tell({ type: 'deleted', object });
  }

  // What a listener throws is its own affair: it must not look like a broken watch, nor keep others from being told.
  #tell(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        const { kind, metadata } = change.object;
        const { namespace, name } = metadata;
        this.#log.warn(
          {
            kind,
            namespace,
            name,
            error: String(error),
          },
          'a listener of the cache failed',
        );
      }
    }
  }

  #welcome(object: KubernetesObject): void {
    const address = addressOf(object.metadata);
    this.#seeOff(address);
    try {
      this.#guests.set(object, false);
    } catch (error) {
      return this.#leaveOut(object.metadata, error);
    }
    this.#guestSince.set(address, { object, sinceMs: this.#clock.elapsed() });
    this.#seeGuestsOff();
  }

  #seeOff(address: string): void {
    const guest = this.#guestSince.get(address);
    if (guest === undefined) return;
    this.#guestSince.delete(address);
    this.#guests.delete(guest.object.metadata.namespace, guest.object.metadata.name);
  }

  // Guests stand in the order of their arrival.
  #seeGuestsOff(): void {
    for (const [address, { sinceMs }] of this.#guestSince) {
      if (this.#clock.elapsed() - sinceMs < guestStaysMs) return;
      this.#seeOff(address);
    }
  }
}

function addressOf({
  namespace = '',
  name,
}: {
  namespace?: string | undefined;
  name: string;
}): string {
  return `${namespace}/${name}`;
}
