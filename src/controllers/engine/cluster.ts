import type { IndexedBy } from '../../ports/index-definition.ts';
import type { DeletePreconditions } from '../../ports/delete-preconditions.ts';
import type { CacheChange } from '../../ports/cache-change.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { Lookup, ObjectEvent } from '../../domain/lookup.ts';
import type { EventNote, Subject } from '../../domain/plan.ts';

/**
 * The ports of the engine: what it needs from the cluster. `src/kubernetes` implements them on a real API server,
 * `test/support/memory/memory-cluster.ts` in memory. Every call rejects with a `ClusterError`
 * (`src/api/cluster-error.ts`) and nothing else.
 */
export interface Cluster {
  /** The live object as the caches project it, or undefined when there is none (404). */
  get(ref: ObjectRef): Promise<KubernetesObject | undefined>;
  /** All live objects of a kind in a namespace that the label selector selects. */
  list(kind: Kind, namespace: string, labelSelector: string): Promise<readonly KubernetesObject[]>;
  /** The Events about an object. */
  eventsAbout(subject: Subject): Promise<readonly ObjectEvent[]>;
  create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject>;
  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<KubernetesObject>;
  /** Replaces the status on this resourceVersion; a newer object is a conflict (409). */
  writeStatus(ref: ObjectRef, resourceVersion: string, status: unknown): Promise<KubernetesObject>;
  /** Resolves with whether it is gone for certain; otherwise it may still be going. */
  delete(ref: ObjectRef, preconditions: DeletePreconditions): Promise<'gone' | 'going'>;
}

/** The cluster as it is handed to what leads, which bounds how long its calls may go on. */
export interface ClusterConnection extends Cluster {
  /** The same cluster, whose calls are given up by these limits. */
  within(limits: CallLimits): Cluster;
}

/** When a call is given up. */
export interface CallLimits {
  /** Aborted, the call rejects at once, wherever it is. A write that was sent may have been carried out. */
  readonly signal: AbortSignal;
  /** Asked before each time the request is sent; when the answer is no, the call rejects. */
  readonly maySend?: () => boolean;
}

/** The caches as the engine uses them: a lookup that answers of writes and live reads can be put into. */
export interface Caches extends Lookup {
  /**
   * Every cached object of a kind, one by one, each taken out only when it is asked for: a walk may last for many turns of the
   * event loop. What comes, goes or changes meanwhile may or may not be met, as it was or as it is. With `found`, those whose
   * index has that value.
   */
  walk<T extends KubernetesObject>(kind: Kind<T>, found?: IndexedBy): Iterable<T>;
  /**
   * Puts what the API server just answered (a read or a write of ours) into the cache, so that no later decision is made
   * from older data. An object older than the cached one of the same uid is ignored. Calls the subscribers.
   */
  observe(kind: Kind, object: KubernetesObject): void;
  /** A live read said that there is no such object. Calls the subscribers if it was cached. */
  forget(ref: ObjectRef): void;
  /** Calls `listener` with every change from now on, in order, synchronously; returns the way to stop. */
  subscribe<T extends KubernetesObject>(
    kind: Kind<T>,
    listener: (change: CacheChange<T>) => void,
  ): () => void;
}

/** Records Kubernetes Events. Never rejects, never blocks: an Event may be lost, a decision may not. */
export interface EventSink {
  record(note: EventNote, reportedBy: string): void;
}
