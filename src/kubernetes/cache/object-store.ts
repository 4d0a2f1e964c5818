import type { IndexedBy } from '../../ports/index-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { Fifo } from '../../runtime/fifo.ts';
import { JsonPacker, unpack } from './packed-json.ts';
import { isRawObject } from '../wire/raw-json.ts';
import { type Packed, Repacking } from './repacking.ts';

/** An index of one kind: the values under which an object is found. Must be total and cheap. */
export interface Index {
  readonly name: string;
  values(object: KubernetesObject): readonly string[];
}

/** What of a stored object is known without unpacking it. */
export interface Head {
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** One stored object: all but what stands in the head packed for good, and whole as long as it is hot. */
interface Entry extends Head, Packed {
  whole: KubernetesObject | undefined;
}

/** The objects of one namespace, by name. */
interface Shelf {
  /** The one text that all its entries share. */
  readonly namespace: string | undefined;
  readonly entries: Map<string, Entry>;
}

/** What was not given a namespace; no namespace has this name. */
const clusterScope = '';

/**
 * The packer of all stores of a process, and the bounded number of objects that are kept whole beside: those put or read
 * lately. Most of a cluster is history that is never read.
 */
export class Packing {
  readonly packer = new JsonPacker();
  readonly #hot = new Fifo<Entry>();
  readonly #capacity: number;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  warm(entry: Entry, whole: KubernetesObject): void {
    entry.whole = whole;
    this.#hot.push(entry);
    if (this.#hot.length <= this.#capacity) return;
    const oldest = this.#hot.shift();
    if (oldest !== undefined) oldest.whole = undefined;
  }
}

/** The objects of one kind, by address and by indexes. They come out equal to what was put in, not the same. */
export class ObjectStore {
  readonly #indexes: readonly Index[];
  readonly #packing: Packing;
  readonly #namespaces = new Map<string, Shelf>();
  readonly #buckets = new Map<string, Map<string, Entry[]>>();
  readonly #repacking: Repacking;
  #lastPacked = '';
  #size = 0;

  constructor(indexes: readonly Index[], packing: Packing) {
    this.#indexes = indexes;
    this.#packing = packing;
    this.#repacking = new Repacking(() => this.#entries(), packing.packer);
    for (const { name } of indexes) this.#buckets.set(name, new Map());
  }

  get size(): number {
    return this.#size;
  }

  get(namespace: string | undefined, name: string): KubernetesObject | undefined {
    const entry = this.#namespaces.get(namespace ?? clusterScope)?.entries.get(name);
    return entry === undefined ? undefined : this.#whole(entry);
  }

  head(namespace: string | undefined, name: string): Head | undefined {
    return this.#namespaces.get(namespace ?? clusterScope)?.entries.get(name);
  }

  heads(): Iterable<Head> {
    return this.#entries();
  }

  *#entries(): Generator<Entry, void, undefined> {
    for (const { entries } of this.#namespaces.values()) yield* entries.values();
  }

  /** The objects of a namespace; all of them when it is undefined. */
  *list(namespace?: string): Generator<KubernetesObject, void, undefined> {
    if (namespace !== undefined) {
      const shelf = this.#namespaces.get(namespace);
      for (const entry of shelf?.entries.values() ?? []) yield this.#whole(entry);
      return;
    }
    for (const { entries } of this.#namespaces.values()) {
      for (const entry of entries.values()) yield this.#whole(entry);
    }
  }

  /** All objects, or those of an index, without keeping them hot: a walk through history would cool what is in use. */
  *walk(found?: IndexedBy): Generator<KubernetesObject, void, undefined> {
    if (found !== undefined) {
      // The list is taken down now, the objects are unpacked one by one.
      const entries = [...(this.#buckets.get(found.index)?.get(found.value) ?? [])];
      for (const entry of entries) yield entry.whole ?? unpacked(entry);
      return;
    }
    for (const { entries } of this.#namespaces.values()) {
      for (const entry of entries.values()) yield entry.whole ?? unpacked(entry);
    }
  }

  /** Undefined when there is no index of this name. */
  byIndex(index: string, value: string): readonly KubernetesObject[] | undefined {
    const bucket = this.#buckets.get(index);
    return bucket && (bucket.get(value) ?? []).map((entry) => this.#whole(entry));
  }

  /**
   * Puts the object in the place of what has its address, and answers that. One of many (a list) is not kept hot: it was not
   * asked for, and to hold it for a while would turn it into garbage of the old generation. Whatever an index throws passes
   * through, and nothing has changed then.
   */
  set(object: KubernetesObject, isOneOfMany: boolean): KubernetesObject | undefined {
    const { namespace: home, name, uid, resourceVersion, ...metadata } = object.metadata;
    // What may throw comes first: then nothing has changed.
    const values = this.#indexes.map((index) => [...new Set(index.values(object))]);
    const table = this.#repacking.next(this.#size);
    const packed = this.#shared(this.#packing.packer.pack({ ...object, metadata }, table));
    const previous = this.delete(home, name);
    const { namespace, entries } = this.#inNamespace(home);
    const whole = undefined;
    const entry: Entry = { namespace, name, uid, resourceVersion, packed, table, whole };
    if (!isOneOfMany) this.#packing.warm(entry, object);
    entries.set(name, entry);
    this.#size += 1;
    this.#index(entry, values);
    return previous;
  }

  /** Removes what has this address, and answers it. */
  delete(namespace: string | undefined, name: string): KubernetesObject | undefined {
    const shelf = this.#namespaces.get(namespace ?? clusterScope);
    const entry = shelf?.entries.get(name);
    if (shelf === undefined || entry === undefined) return undefined;
    const object = entry.whole ?? unpacked(entry);
    shelf.entries.delete(name);
    if (shelf.entries.size === 0) this.#namespaces.delete(namespace ?? clusterScope);
    this.#size -= 1;
    this.#unindex(entry, object);
    return object;
  }

  #whole(entry: Entry): KubernetesObject {
    if (entry.whole !== undefined) return entry.whole;
    const object = unpacked(entry);
    this.#packing.warm(entry, object);
    return object;
  }

  #inNamespace(namespace: string | undefined): Shelf {
    const key = namespace ?? clusterScope;
    let shelf = this.#namespaces.get(key);
    if (shelf === undefined) {
      shelf = { namespace, entries: new Map() };
      this.#namespaces.set(key, shelf);
    }
    return shelf;
  }

  /** The same text once: objects of which nothing but the head is kept are packed to one and the same. */
  #shared(packed: string): string {
    if (packed !== this.#lastPacked) this.#lastPacked = packed;
    return this.#lastPacked;
  }

  /** `valuesByIndex`: in the order of the indexes. */
  #index(entry: Entry, valuesByIndex: readonly (readonly string[])[]): void {
    for (const [at, index] of this.#indexes.entries()) {
      const bucket = this.#buckets.get(index.name);
      for (const value of valuesByIndex[at] ?? []) {
        const found = bucket?.get(value);
        if (found === undefined) bucket?.set(value, [entry]);
        else found.push(entry);
      }
    }
  }

  #unindex(entry: Entry, object: KubernetesObject): void {
    for (const index of this.#indexes) {
      const bucket = this.#buckets.get(index.name);
      for (const value of new Set(index.values(object))) {
        const found = bucket?.get(value);
        if (bucket === undefined || found === undefined) continue;
        if (found.length === 1) bucket.delete(value);
        else found.splice(found.indexOf(entry), 1);
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

function unpacked({ packed, table, ...head }: Entry): KubernetesObject {
  const object = unpack(packed, table);
  const { namespace, name, uid, resourceVersion } = head;
  if (!isObject(object)) throw new Error(`${name} was not packed whole`);
  const { metadata } = object;
  metadata.name = name;
  if (namespace !== undefined) metadata.namespace = namespace;
  if (uid !== undefined) metadata.uid = uid;
  if (resourceVersion !== undefined) metadata.resourceVersion = resourceVersion;
  return object;
}

function isObject(value: unknown): value is KubernetesObject {
  return isRawObject(value) && isRawObject(value['metadata']) && 'kind' in value;
}
