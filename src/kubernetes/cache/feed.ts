import { selects } from '../../api/label-selector.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Head } from './object-store.ts';
import type { ListScope } from '../wire/resource-path.ts';
import { compareVersions, isOlder } from '../wire/resource-version.ts';

/** What a feed may do to the cache it feeds. */
interface Fed {
  put(object: KubernetesObject, how: { initial: boolean }): void;
  /** Removes an object, whose last state this is, unless what is cached is newer. */
  remove(object: KubernetesObject): void;
  /** Removes a cached object of which nothing further is known. */
  drop(head: Head): void;
  /** Takes note of an object that cannot be cached, and removes what is; without an error, of its end. */
  leaveOut(head: Head, error: unknown): void;
  heads(): Iterable<Head>;
  /** Whether the kind has no other feed: then everything cached is this one's. */
  isOnly(): boolean;
  /** Whether it is cached. */
  has(head: Head): boolean;
  /** Whether another feed holds it. */
  isHeld(head: Head): boolean;
}

/** One list and watch, as the cache sees it: a reflector calls these in the order of what the API server tells. */
export class Feed {
  readonly scope: ListScope;
  readonly #fed: Fed;
  /** The uids of what this feed has brought and not taken back; empty while it is the only one. */
  readonly #held = new Set<string>();
  readonly #whenSynced = Promise.withResolvers<void>();
  #synced = false;
  #isMissing = false;
  readonly #servedAgain = new Set<() => void>();
  #progress: string | undefined;
  /** The uids of what the list that is being read has shown. */
  #seen = new Set<string>();

  constructor(scope: ListScope, fed: Fed) {
    this.scope = scope;
    this.#fed = fed;
  }

  /** Whether the feed has brought everything of this resourceVersion already. */
  hasPassed(resourceVersion: string | undefined): boolean {
    if (this.#progress === undefined) return false;
    const order = compareVersions(resourceVersion, this.#progress);
    return order !== undefined && order <= 0;
  }

  /** Whether the feed has brought all there is once, or knows that its kind does not exist. */
  get isSynced(): boolean {
    return this.#synced;
  }

  /** Whether the API server does not serve the kind although it has to: that there are no objects means nothing then. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** Calls `listener` each time the kind was missing and is listed again; returns the way to stop. */
  whenServedAgain(listener: () => void): () => void {
    this.#servedAgain.add(listener);
    return () => void this.#servedAgain.delete(listener);
  }

  /** Resolves when `isSynced`. */
  get synced(): Promise<void> {
    return this.#whenSynced.promise;
  }

  /** A list begins, perhaps anew: nothing has been listed yet. */
  listing(): void {
    this.#seen = new Set();
  }

  /** One object of the list. */
  listed(object: KubernetesObject): void {
    this.#seen.add(idOf(object.metadata));
    this.holds(object);
    this.#fed.put(object, { initial: !this.#synced });
  }

  /** An object came that cannot be taken in; without an error, it went. What is cached of it is outdated and goes. */
  unusable(head: Head, error: unknown): void {
    this.#held.delete(idOf(head));
    this.#fed.leaveOut(head, error);
  }

  /**
   * The list is complete and shows the moment of this version: what this feed held and the list did not show is gone, unless
   * it is younger than the list. False if the list shows a moment before what the feed has already brought. Then time has gone
   * back (etcd was restored from a backup), everything is let go, and has to be listed anew.
   */
  listComplete(resourceVersion: string): boolean {
    if (isOlder(resourceVersion, this.#progress)) {
      this.#keepOnly(() => false);
      this.#progress = undefined;
      return false;
    }
    const seen = this.#seen;
    this.#seen = new Set();
    this.#keepOnly((head) => {
      return seen.has(idOf(head)) || isOlder(resourceVersion, head.resourceVersion);
    });
    this.#progress = resourceVersion;
    const wasMissing = this.#isMissing;
    this.#isMissing = false;
    this.#sync();
    if (wasMissing) for (const listener of this.#servedAgain) listener();
    return true;
  }

  /** An ADDED or MODIFIED event. */
  changed(object: KubernetesObject): void {
    this.holds(object);
    this.#fed.put(object, { initial: false });
    this.#progress = object.metadata.resourceVersion;
  }

  /** A DELETED event: the object is gone or no longer selected. */
  deleted(object: KubernetesObject): void {
    this.#held.delete(idOf(object.metadata));
    if (!this.#fed.isHeld(object.metadata)) this.#fed.remove(object);
    this.#progress = object.metadata.resourceVersion;
  }

  /** A bookmark: everything up to this resourceVersion has been brought. */
  advanced(resourceVersion: string): void {
    this.#progress = resourceVersion;
  }

  /** The kind does not exist (yet), so there are no objects of it. All is known, then, if that `isExpected`. */
  kindAbsent(isExpected: boolean): void {
    this.#keepOnly(() => false);
    this.#progress = undefined;
    this.#isMissing = !isExpected;
    if (isExpected) this.#sync();
  }

  /** Whether objects like this are what the feed brings. A field selector cannot be judged here: then never. */
  selects({ metadata }: KubernetesObject): boolean {
    const { namespace, labelSelector = '', fieldSelector } = this.scope;
    return (
      fieldSelector === undefined &&
      (namespace === undefined || namespace === metadata.namespace) &&
      selects(labelSelector, metadata.labels)
    );
  }

  /** The cache has taken in an object that this feed is about to bring. */
  holds(object: KubernetesObject): void {
    if (!this.#fed.isOnly()) this.#held.add(idOf(object.metadata));
  }

  /** Whether it has brought this object and not taken it back. */
  isHolding({ metadata }: { metadata: Head }): boolean {
    return this.#fed.isOnly() ? this.#fed.has(metadata) : this.#held.has(idOf(metadata));
  }

  #keepOnly(stays: (head: Head) => boolean): void {
    for (const head of this.#fed.heads()) {
      if (!this.isHolding({ metadata: head }) || stays(head)) continue;
      this.#held.delete(idOf(head));
      if (!this.#fed.isHeld(head)) this.#fed.drop(head);
    }
  }

  #sync(): void {
    this.#synced = true;
    this.#whenSynced.resolve();
  }
}

/** What tells an object from another that had or will have its name. */
export function idOf({ uid, namespace = '', name }: Head): string {
  return uid ?? `${namespace}/${name}`;
}
