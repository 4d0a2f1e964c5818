import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Cluster, ClusterConnection } from '../../controllers/engine/cluster.ts';
import type { ObjectEvent } from '../../domain/lookup.ts';
import type { Subject } from '../../domain/plan.ts';
import type { DeletePreconditions } from '../../ports/delete-preconditions.ts';
import type { MemoryStore } from './memory-store.ts';
import { StoreCalls } from './store-calls.ts';

/** The connection of a played Sluice to the store: each call is carried out as soon as it is made. */
export class PlayedCluster implements ClusterConnection {
  readonly #calls: StoreCalls;

  constructor(store: MemoryStore) {
    this.#calls = new StoreCalls(store);
  }

  /** Nothing goes on for long enough to be given up. */
  within(): Cluster {
    return this;
  }

  async get(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    return this.#calls.get(ref);
  }

  async list(kind: Kind, namespace: string, selector: string): Promise<KubernetesObject[]> {
    return this.#calls.list(kind, namespace, selector);
  }

  async eventsAbout(subject: Subject): Promise<ObjectEvent[]> {
    return this.#calls.eventsAbout(subject);
  }

  async create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject> {
    return this.#calls.create(kind, object);
  }

  async patch(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
  ): Promise<KubernetesObject> {
    return this.#calls.patch(ref, operations);
  }

  async writeStatus(ref: ObjectRef, version: string, status: unknown): Promise<KubernetesObject> {
    return this.#calls.writeStatus(ref, version, status);
  }

  async delete(ref: ObjectRef, preconditions: DeletePreconditions): Promise<'gone' | 'going'> {
    return this.#calls.delete(ref, preconditions);
  }
}
