import { isEqualJson } from '../../api/json.ts';
import type { DeletePreconditions } from '../../ports/delete-preconditions.ts';
import jsonpatch from 'fast-json-patch';

import { ClusterError } from '../../api/cluster-error.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import { refOf } from '../../api/object.ts';
import { selects } from '../../api/label-selector.ts';
import type { Clock } from '../../runtime/clock.ts';

/** An object as the API server stores it: whatever its kind holds. */
type StoredObject = KubernetesObject & { [field: string]: unknown };

/** One change of the store. Objects in it are frozen. */
export interface StoredChange {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly kind: Kind;
  readonly object: KubernetesObject;
  readonly version: number;
  /** In elapsed time, which setting the clock does not touch. */
  readonly atMs: number;
}

/** Changes an object on its way in, as a mutating webhook does, or refuses it by throwing a `ClusterError`. */
export type Admit = (object: KubernetesObject) => KubernetesObject;

/**
 * What an API server and its database do, in memory and at once: resourceVersions, uids, generations, the status
 * subresource, preconditions, finalizers, admission on create, and a history from which caches are fed late. Defaulting,
 * schemas and garbage collection are not here.
 */
export class MemoryStore {
  /** Every change there ever was, oldest first. */
  readonly history: StoredChange[] = [];
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #admission = new Map<string, Admit[]>();
  readonly #listeners = new Set<(change: StoredChange) => void>();
  #version = 0;
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on every object of this kind passes `admit` when it is created. */
  admitBy(kind: Kind, admit: Admit): void {
    this.#admission.set(kindText(kind), [...(this.#admission.get(kindText(kind)) ?? []), admit]);
  }

  /** Calls `listener` with every change from now on; returns the way to stop. */
  onChange(listener: (change: StoredChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    const object = this.#shelf(kind).get(objectText(namespace, name));
    return object !== undefined && isOf(kind, object) ? object : undefined;
  }

  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string, labelSelector = ''): T[] {
    return [...this.#shelf(kind).values()]
      .filter((object) => isOf(kind, object))
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .filter(({ metadata }) => selects(labelSelector, metadata.labels));
  }

  /** Every object of every kind. */
  all(): { kind: Kind; object: KubernetesObject }[] {
    return [...this.#objects.keys()].flatMap((text) => {
      const kind = this.#kinds.get(text);
      return kind === undefined ? [] : this.list(kind).map((object) => ({ kind, object }));
    });
  }

  create<T extends KubernetesObject>(kind: Kind<T>, object: NoInfer<T>): T {
    const { namespace, name } = this.#named(object).metadata;
    this.#requireNamespace(kind, namespace);
    const existing = this.#shelf(kind).get(objectText(namespace, name));
    if (existing !== undefined) {
      const isGoing = existing.metadata.deletionTimestamp !== undefined;
      const message = `${isGoing ? 'object is being deleted: ' : ''}${kind.plural} "${name}" already exists`;
      throw new ClusterError({ code: 409, reason: 'AlreadyExists', message });
    }
    let admitted: KubernetesObject = structuredClone(this.#named(object));
    for (const admit of this.#admission.get(kindText(kind)) ?? []) admitted = admit(admitted);
    const { deletionTimestamp: _, ...metadata } = admitted.metadata;
    this.#uids += 1;
    return this.#store(kind, 'added', {
      ...without(admitted, 'status'),
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: {
        ...metadata,
        uid: `00000000-0000-4000-8000-${this.#uids.toString(16).padStart(12, '0')}`,
        generation: 1,
        creationTimestamp: rfc3339(this.#clock.now()),
      },
    });
  }

  patch<T extends KubernetesObject>(
    ref: ObjectRef & { kind: Kind<T> },
    operations: readonly JsonPatchOperation[],
  ): T {
    const stored = this.#require(ref);
    return this.#replace(ref.kind, stored, applied(stored, operations));
  }

  /** Replaces everything but the status, as `kubectl replace` does; on its resourceVersion if it has one. */
  update<T extends KubernetesObject>(kind: Kind<T>, object: NoInfer<T>): T {
    const stored = this.#require(refOf(kind, object));
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined) requireVersion(kind, stored, resourceVersion);
    return this.#replace(kind, stored, object);
  }

  writeStatus<T extends KubernetesObject>(
    ref: ObjectRef & { kind: Kind<T> },
    resourceVersion: string | undefined,
    status: unknown,
  ): T {
    const stored = this.#require(ref);
    if (resourceVersion !== undefined) requireVersion(ref.kind, stored, resourceVersion);
    return this.#modify(ref.kind, stored, { ...stored, status: structuredClone(status) });
  }

  delete(ref: ObjectRef, preconditions: Partial<DeletePreconditions> = {}): void {
    const stored = this.#require(ref);
    const { uid, resourceVersion, propagation } = preconditions;
    if (uid !== undefined && uid !== stored.metadata.uid) {
      throw conflict(ref.kind, ref.name, `the UID in the precondition (${uid}) does not match`);
    }
    if (resourceVersion !== undefined) requireVersion(ref.kind, stored, resourceVersion);
    if (propagation === 'Orphan') this.#orphan(stored.metadata.uid);
    if ((stored.metadata.finalizers ?? []).length === 0) {
      this.#store(ref.kind, 'deleted', stored);
    } else if (stored.metadata.deletionTimestamp === undefined) {
      const deletionTimestamp = rfc3339(this.#clock.now());
      this.#modify(ref.kind, stored, {
        ...stored,
        metadata: { ...stored.metadata, deletionTimestamp },
      });
    }
  }

  #replace<T extends KubernetesObject>(
    kind: Kind<T>,
    stored: KubernetesObject,
    wanted: KubernetesObject,
  ): T {
    const { uid, creationTimestamp, generation, deletionTimestamp, namespace, name } =
      stored.metadata;
    const sameSpec = isEqualJson(body(stored), body(wanted));
    const next: StoredObject = {
      ...without(wanted, 'status'),
      ...('status' in stored && { status: stored.status }),
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: {
        ...wanted.metadata,
        name,
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { uid }),
        ...(creationTimestamp !== undefined && { creationTimestamp }),
        ...(deletionTimestamp !== undefined && { deletionTimestamp }),
        generation: (generation ?? 0) + (sameSpec ? 0 : 1),
      },
    };
    const isFreed =
      deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    return isFreed ? this.#store(kind, 'deleted', next) : this.#modify(kind, stored, next);
  }

  // A write that changes nothing is no write: no new version, no watch event.
  #modify<T extends KubernetesObject>(
    kind: Kind<T>,
    stored: KubernetesObject,
    next: KubernetesObject & { status?: unknown },
  ): T {
    const { resourceVersion } = stored.metadata;
    const unchanged = {
      ...next,
      metadata: { ...next.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    };
    if (isEqualJson(stored, unchanged) && isOf(kind, stored)) return stored;
    return this.#store(kind, 'modified', next);
  }

  #store<T extends KubernetesObject>(
    kind: Kind<T>,
    type: StoredChange['type'],
    next: KubernetesObject,
  ): T {
    this.#version += 1;
    const metadata = { ...next.metadata, resourceVersion: String(this.#version) };
    const object = frozen(structuredClone({ ...next, metadata }));
    const place = objectText(object.metadata.namespace, object.metadata.name);
    if (type === 'deleted') this.#shelf(kind).delete(place);
    else this.#shelf(kind).set(place, object);
    const change = { type, kind, object, version: this.#version, atMs: this.#clock.elapsed() };
    this.history.push(change);
    for (const listener of this.#listeners) listener(change);
    if (!isOf(kind, object)) throw new Error(`${object.kind} was stored as ${kind.kind}`);
    return object;
  }

  #orphan(ownerUid: string | undefined): void {
    for (const { kind, object } of this.all()) {
      const owners = object.metadata.ownerReferences ?? [];
      if (!owners.some(({ uid }) => uid === ownerUid)) continue;
      const ownerReferences = owners.filter(({ uid }) => uid !== ownerUid);
      this.#modify(kind, object, { ...object, metadata: { ...object.metadata, ownerReferences } });
    }
  }

  #named(object: KubernetesObject): KubernetesObject {
    const { generateName, name } = object.metadata;
    if (generateName === undefined || (name ?? '') !== '') return object;
    const suffix = (this.#uids + 1).toString(36).padStart(5, '0');
    return { ...object, metadata: { ...object.metadata, name: `${generateName}${suffix}` } };
  }

  #require(ref: ObjectRef): KubernetesObject {
    const stored = this.get(ref.kind, ref.namespace, ref.name);
    if (stored === undefined) throw notFound(ref.kind, ref.name);
    return stored;
  }

  #requireNamespace(kind: Kind, namespace: string | undefined): void {
    if (!kind.namespaced) return;
    const home = this.#shelf({
      apiVersion: 'v1',
      kind: 'Namespace',
      plural: 'namespaces',
      namespaced: false,
    });
    const found = home.get(objectText(undefined, namespace ?? ''));
    if (found === undefined) {
      throw new ClusterError({
        code: 404,
        reason: 'NotFound',
        message: `namespaces "${namespace}" not found`,
      });
    }
    if (found.metadata.deletionTimestamp === undefined) return;
    const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const causes = ['NamespaceTerminating'];
    throw new ClusterError({ code: 403, reason: 'Forbidden', message, causes });
  }

  readonly #kinds = new Map<string, Kind>();

  #shelf(kind: Kind): Map<string, KubernetesObject> {
    const text = kindText(kind);
    const shelf = this.#objects.get(text) ?? new Map<string, KubernetesObject>();
    this.#objects.set(text, shelf);
    this.#kinds.set(text, kind);
    return shelf;
  }
}

/** Whether an object is of a kind: what a kind token promises about its objects' type is believed exactly then. */
export function isOf<T extends KubernetesObject>(
  kind: Kind<T>,
  object: KubernetesObject,
): object is T {
  return object.kind === kind.kind && object.apiVersion === kind.apiVersion;
}

/** One string per kind. */
export function kindText({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion} ${kind}`;
}

/** One string per object of a kind. */
function objectText(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The value, with everything in it frozen: code that changes what a cache holds fails at once. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}

function applied(
  stored: KubernetesObject,
  operations: readonly JsonPatchOperation[],
): KubernetesObject {
  try {
    const document = structuredClone(stored);
    return jsonpatch.applyPatch(document, structuredClone([...operations]), true, false)
      .newDocument;
  } catch (cause) {
    // The API server's own words, which name neither the operation nor the object (tried on 1.36.3).
    const message = 'the server rejected our request due to an error in our request';
    throw new ClusterError({ code: 422, reason: 'Invalid', message }, { cause });
  }
}

function requireVersion(kind: Kind, stored: KubernetesObject, resourceVersion: string): void {
  if (stored.metadata.resourceVersion === resourceVersion) return;
  throw conflict(
    kind,
    stored.metadata.name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

function conflict(kind: Kind, name: string, why: string): ClusterError {
  const message = `Operation cannot be fulfilled on ${kind.plural} "${name}": ${why}`;
  return new ClusterError({ code: 409, reason: 'Conflict', message });
}

function notFound(kind: Kind, name: string): ClusterError {
  return new ClusterError({
    code: 404,
    reason: 'NotFound',
    message: `${kind.plural} "${name}" not found`,
  });
}

function body(object: KubernetesObject): unknown {
  const { metadata: _, ...rest } = without(object, 'status');
  return rest;
}

function without(object: KubernetesObject, field: string): StoredObject {
  const { apiVersion, kind, metadata } = object;
  const rest = Object.fromEntries(Object.entries(object).filter(([key]) => key !== field));
  return { ...rest, apiVersion, kind, metadata };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/u, 'Z');
}
