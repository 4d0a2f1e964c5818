import { fieldOf } from '../../api/json.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { ObjectEvent } from '../../domain/lookup.ts';
import type { Subject } from '../../domain/plan.ts';
import { EventKind } from '../../kubernetes/events/event-series.ts';
import { eventAbout } from '../../kubernetes/events/object-event.ts';
import { project } from '../../kubernetes/projection/projections.ts';
import type { DeletePreconditions } from '../../ports/delete-preconditions.ts';
import { frozen, type MemoryStore } from './memory-store.ts';

/** How a stored object looks to Sluice: what the real adapter makes of it, frozen. */
export function projected(kind: Kind, object: KubernetesObject): KubernetesObject {
  const made = project(kind, { ...object });
  if (made === undefined) throw new Error(`${kind.kind} is no object of the API`);
  return frozen(made);
}

/** What each call of Sluice to the API server does to the store, at once. Throws `ClusterError` as the API server answers. */
export class StoreCalls {
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  get({ kind, namespace, name }: ObjectRef): KubernetesObject | undefined {
    const object = this.#store.get(kind, namespace, name);
    return object === undefined ? undefined : projected(kind, object);
  }

  list(kind: Kind, namespace: string, labelSelector: string): KubernetesObject[] {
    const found = this.#store.list(kind, namespace, labelSelector);
    return found.map((object) => projected(kind, object));
  }

  eventsAbout({ namespace, uid }: Subject): ObjectEvent[] {
    return this.#store
      .list(EventKind, namespace)
      .filter((event) => fieldOf(fieldOf(event, 'involvedObject'), 'uid') === uid)
      .map(eventAbout);
  }

  create(kind: Kind, object: KubernetesObject): KubernetesObject {
    return projected(kind, this.#store.create(kind, object));
  }

  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): KubernetesObject {
    return projected(ref.kind, this.#store.patch(ref, operations));
  }

  writeStatus(ref: ObjectRef, version: string, status: unknown): KubernetesObject {
    return projected(ref.kind, this.#store.writeStatus(ref, version, status));
  }

  delete(ref: ObjectRef, preconditions: DeletePreconditions): 'gone' | 'going' {
    this.#store.delete(ref, preconditions);
    return this.#store.get(ref.kind, ref.namespace, ref.name) === undefined ? 'gone' : 'going';
  }
}
