import { selects } from '../api/label-selector.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { ListScope } from './resource-path.ts';
import { compareVersions, isOlder } from './resource-version.ts';

/** What a feed may do to the cache it feeds. */
interface Fed {
  put(object: KubernetesObject, how: { initial: boolean; anyAge?: boolean }): void;
  remove(object: KubernetesObject): void;
  list(): Iterable<KubernetesObject>;
  /** Whether another feed holds it. */
  isHeld(object: KubernetesObject): boolean;
}

/** One list and watch, as the cache sees it: a reflector calls these in the order of what the API server tells. */
export class Feed {
  readonly scope: ListScope;
  readonly #fed: Fed;
  /** The uids of what this feed has brought and not taken back. */
  #held = new Set<string>();
  readonly #whenSynced = Promise.withResolvers<void>();
  #synced = false;
  #progress: string | undefined;
  #listing: { readonly seen: Set<string>; readonly anyAge: boolean } | undefined;

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

  /** Resolves when `isSynced`. */
  get synced(): Promise<void> {
    return this.#whenSynced.promise;
  }

  /**
   * A list begins, showing the moment of this resourceVersion. If that is before what the feed has already brought, time has
   * gone back (etcd was restored from a backup), and what the list shows counts whatever its age.
   */
  listing(resourceVersion: string): void {
    this.#listing = { seen: new Set(), anyAge: isOlder(resourceVersion, this.#progress) };
  }

  /** One object of the list. */
  listed(object: KubernetesObject): void {
    this.#listing?.seen.add(idOf(object));
    this.#held.add(idOf(object));
    const anyAge = this.#listing?.anyAge === true;
    this.#fed.put(object, { initial: !this.#synced, anyAge });
  }

  /** The list is complete: what this feed held and the list did not show is gone, unless it is younger than the list. */
  listComplete(resourceVersion: string): void {
    const { seen, anyAge } = this.#listing ?? { seen: new Set<string>(), anyAge: false };
    this.#listing = undefined;
    this.#keepOnly((object) => {
      const younger = !anyAge && isOlder(resourceVersion, object.metadata.resourceVersion);
      return seen.has(idOf(object)) || younger;
    });
    this.#progress = resourceVersion;
    this.#sync();
  }

  /** An ADDED or MODIFIED event. */
  changed(object: KubernetesObject): void {
    this.#held.add(idOf(object));
    this.#fed.put(object, { initial: false });
    this.#progress = object.metadata.resourceVersion;
  }

  /** A DELETED event: the object is gone or no longer selected. */
  deleted(object: KubernetesObject): void {
    this.#held.delete(idOf(object));
    if (!this.#fed.isHeld(object)) this.#fed.remove(object);
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
    this.#held.add(idOf(object));
  }

  isHolding(object: KubernetesObject): boolean {
    return this.#held.has(idOf(object));
  }

  #keepOnly(stays: (object: KubernetesObject) => boolean): void {
    const held = this.#held;
    this.#held = new Set();
    for (const object of this.#fed.list()) {
      if (!held.has(idOf(object))) continue;
      if (stays(object)) this.#held.add(idOf(object));
      else if (!this.#fed.isHeld(object)) this.#fed.remove(object);
    }
  }

  #sync(): void {
    this.#synced = true;
    this.#whenSynced.resolve();
  }
}

/** What tells an object from another that had or will have its name. */
export function idOf({ metadata }: KubernetesObject): string {
  return metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
}
