import type { Kind, KubernetesObject } from '../api/object.ts';

/** An index of one kind: the values under which an object is found. Must be total and cheap. */
export interface Index {
  readonly name: string;
  values(object: KubernetesObject): readonly string[];
}

/** What was not given a namespace; no namespace has this name. */
const clusterScope = '';

/** The objects of one kind, by address and by indexes. */
export class ObjectStore {
  readonly #indexes: readonly Index[];
  readonly #namespaces = new Map<string, Map<string, KubernetesObject>>();
  readonly #buckets = new Map<string, Map<string, KubernetesObject[]>>();
  #size = 0;

  constructor(indexes: readonly Index[]) {
    this.#indexes = indexes;
    for (const { name } of indexes) this.#buckets.set(name, new Map());
  }

  get size(): number {
    return this.#size;
  }

  get(namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.#namespaces.get(namespace ?? clusterScope)?.get(name);
  }

  /** The objects of a namespace; all of them when it is undefined. */
  *list(namespace?: string): Generator<KubernetesObject, void, undefined> {
    if (namespace !== undefined) {
      yield* this.#namespaces.get(namespace)?.values() ?? [];
      return;
    }
    for (const objects of this.#namespaces.values()) yield* objects.values();
  }

  /** Undefined when there is no index of this name. */
  byIndex(index: string, value: string): readonly KubernetesObject[] | undefined {
    const bucket = this.#buckets.get(index);
    return bucket === undefined ? undefined : (bucket.get(value) ?? []);
  }

  /** Puts the object in the place of what has its address, and answers that. */
  set(object: KubernetesObject): KubernetesObject | undefined {
    const { namespace = clusterScope, name } = object.metadata;
    let objects = this.#namespaces.get(namespace);
    if (objects === undefined) {
      objects = new Map();
      this.#namespaces.set(namespace, objects);
    }
    const previous = objects.get(name);
    if (previous === undefined) this.#size += 1;
    else this.#unindex(previous);
    objects.set(name, object);
    this.#index(object);
    return previous;
  }

  /** Removes what has this address, and answers it. */
  delete(namespace: string | undefined, name: string): KubernetesObject | undefined {
    const objects = this.#namespaces.get(namespace ?? clusterScope);
    const object = objects?.get(name);
    if (objects === undefined || object === undefined) return undefined;
    objects.delete(name);
    if (objects.size === 0) this.#namespaces.delete(namespace ?? clusterScope);
    this.#size -= 1;
    this.#unindex(object);
    return object;
  }

  #index(object: KubernetesObject): void {
    for (const index of this.#indexes) {
      const bucket = this.#buckets.get(index.name);
      for (const value of new Set(index.values(object))) {
        const found = bucket?.get(value);
        if (found === undefined) bucket?.set(value, [object]);
        else found.push(object);
      }
    }
  }

  #unindex(object: KubernetesObject): void {
    for (const index of this.#indexes) {
      const bucket = this.#buckets.get(index.name);
      for (const value of new Set(index.values(object))) {
        const found = bucket?.get(value);
        if (bucket === undefined || found === undefined) continue;
        if (found.length === 1) bucket.delete(value);
        else found.splice(found.indexOf(object), 1);
      }
    }
  }
}

/** Whether the object is one of this kind, by what it says of itself. */
export function isOf<T extends KubernetesObject>(
  kind: Kind<T>,
  object: KubernetesObject,
): object is T {
  return object.kind === kind.kind && object.apiVersion === kind.apiVersion;
}
