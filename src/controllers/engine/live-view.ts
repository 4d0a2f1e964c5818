import { ClusterError } from '../../api/cluster-error.ts';
import { selects } from '../../api/label-selector.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import { refKey, refOf } from '../../api/object.ts';
import type { Answers, LiveState } from '../../domain/answers.ts';
import type { ObjectEvent } from '../../domain/lookup.ts';
import type { Look, Subject } from '../../domain/plan.ts';
import type { Caches, Cluster } from './cluster.ts';
import type { FreshAnswers } from './fresh-answers.ts';

/**
 * What one reconcile has learnt from the API server itself: answers to its reads and to its writes. Everything learnt goes
 * into the caches first.
 */
export class LiveView {
  readonly #cluster: Cluster;
  readonly #caches: Caches;
  /** The resourceVersion of an object that is there, or `absent`. */
  readonly #versions = new Map<string, string | undefined>();
  readonly #lists = new Set<string>();
  readonly #events = new Map<string, readonly ObjectEvent[]>();
  readonly #made: Set<string>;
  readonly #fresh: FreshAnswers | undefined;

  /** `made` gets the uids of what is created; `fresh` is what the reconciles before this one have learnt. */
  constructor(
    cluster: Cluster,
    caches: Caches,
    memory: { readonly made?: Set<string>; readonly fresh?: FreshAnswers } = {},
  ) {
    this.#cluster = cluster;
    this.#caches = caches;
    this.#made = memory.made ?? new Set<string>();
    this.#fresh = memory.fresh;
  }

  /** What was learnt of this object, in this reconcile or a moment before it. */
  state(ref: ObjectRef): LiveState {
    const key = refKey(ref);
    if (this.#versions.has(key)) {
      return this.#versions.get(key) === undefined ? 'absent' : 'present';
    }
    return this.#fresh?.covers(ref, this.#cached(ref)) === true ? 'present' : 'unread';
  }

  /** The same as data, by `refKey`: of all that was learnt in this reconcile, and of these objects. What is unread is not in it. */
  states(refs: readonly ObjectRef[]): Answers['live'] {
    const known = new Map<string, Exclude<LiveState, 'unread'>>();
    for (const [key, version] of this.#versions) {
      known.set(key, version === undefined ? 'absent' : 'present');
    }
    for (const ref of refs) {
      const state = this.state(ref);
      if (state !== 'unread') known.set(refKey(ref), state);
    }
    return known;
  }

  /** Whether this list was read. */
  listed(kind: Kind, namespace: string, labelSelector: string): boolean {
    return this.#lists.has(listKey(kind, namespace, labelSelector));
  }

  /** The Events about the object of this uid, if they were read. */
  eventsAbout(uid: string): readonly ObjectEvent[] | 'unread' {
    return this.#events.get(uid) ?? 'unread';
  }

  /** The API server answered with this object. */
  observe(kind: Kind, object: KubernetesObject): void {
    // Before the subscribers hear of it: they may begin at once.
    if (isOwnKind(kind)) this.#fresh?.note(refOf(kind, object), object.metadata.uid ?? '');
    this.#caches.observe(kind, object);
    this.#versions.set(refKey(refOf(kind, object)), object.metadata.resourceVersion ?? '');
  }

  /** A write of this process failed or was never answered: it may have been done, and the cache be behind by it. */
  unsure(ref: ObjectRef): void {
    this.#fresh?.drop(ref);
  }

  /** The API server has created this object as it was asked to. */
  created(kind: Kind, object: KubernetesObject): void {
    this.observe(kind, object);
    if (object.metadata.uid !== undefined) this.#made.add(object.metadata.uid);
  }

  /** The API server answered that there is no such object. */
  forget(ref: ObjectRef): void {
    this.#fresh?.drop(ref);
    this.#caches.forget(ref);
    this.#versions.set(refKey(ref), undefined);
  }

  /** The API server has deleted the object of this uid. Another one may have its name by now, and be cached. */
  deleted(ref: ObjectRef, uid: string): void {
    const cached = this.#cached(ref);
    if (cached === undefined || cached.metadata.uid === uid) this.forget(ref);
    else this.#versions.set(refKey(ref), cached.metadata.resourceVersion);
  }

  /** Reads one object live. */
  async read(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    const object = await this.#cluster.get(ref);
    if (object === undefined) this.forget(ref);
    else this.observe(ref.kind, object);
    return object;
  }

  /** Whether this object is, according to the API server, still the one of this version. Reads it unless that is known. */
  async isCurrent(ref: ObjectRef & { readonly resourceVersion: string }): Promise<boolean> {
    if (this.#versions.get(refKey(ref)) === ref.resourceVersion) return true;
    const cached = this.#cached(ref);
    const isCached = cached?.metadata.resourceVersion === ref.resourceVersion;
    if (isCached && this.#fresh?.covers(ref, cached) === true) return true;
    const object = await this.read(ref);
    return object?.metadata.resourceVersion === ref.resourceVersion;
  }

  /** Reads live what a plan wants to see. */
  async look(looks: readonly Look[]): Promise<void> {
    await Promise.all(looks.map((look) => this.#lookAt(look)));
  }

  #cached(ref: ObjectRef): KubernetesObject | undefined {
    return this.#caches.get(ref.kind, ref.namespace, ref.name);
  }

  async #lookAt(look: Look): Promise<void> {
    if ('name' in look) await this.read(look);
    else if ('eventsAbout' in look) await this.#readEvents(look.eventsAbout);
    else await this.#list(look);
  }

  /** Events explain, and decide nothing: without the right to read them there are none. */
  async #readEvents(subject: Subject): Promise<void> {
    try {
      this.#events.set(subject.uid, await this.#cluster.eventsAbout(subject));
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 403) throw error;
      this.#events.set(subject.uid, []);
    }
  }

  async #list(look: { kind: Kind; namespace: string; labelSelector: string }): Promise<void> {
    const { kind, namespace, labelSelector } = look;
    const cached = this.#caches
      .list(kind, namespace)
      .filter(({ metadata }) => selects(labelSelector, metadata.labels));
    const objects = await this.#cluster.list(kind, namespace, labelSelector);
    for (const object of objects) this.observe(kind, object);
    const found = new Set(objects.map(({ metadata }) => metadata.name));
    // Cached before the list was asked for and not in it: gone, or no longer selected. Only a read can tell which.
    const doubtful = cached.filter(({ metadata }) => !found.has(metadata.name));
    await Promise.all(doubtful.map((object) => this.read(refOf(kind, object))));
    this.#lists.add(listKey(kind, namespace, labelSelector));
  }
}

function listKey(kind: Kind, namespace: string, labelSelector: string): string {
  return `${kind.apiVersion} ${kind.kind} ${namespace} ${labelSelector}`;
}

/** Others write the status of an owner, of a Pod or of a Job at any time; what is Keptn's is Sluice's to write. */
function isOwnKind({ apiVersion }: Kind): boolean {
  return /^[^/]*keptn\.sh\//u.test(apiVersion);
}
