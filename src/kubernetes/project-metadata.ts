import type { ObjectMeta, OwnerReference } from '../api/object.ts';
import { Interner } from './interner.ts';
import { isRawObject, objectOf, objectsOf, textOf, type RawObject } from './raw-json.ts';

type StringMap = Record<string, string>;

/** Repeats the whole object; kubectl's affair. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The metadata of cached objects: what `ObjectMeta` names and nothing else, so neither `managedFields` nor
 * `kubectl.kubernetes.io/last-applied-configuration`, which are more than half of a typical object.
 */
export class MetadataProjection {
  readonly #texts = new Interner<string>((text) => text);
  readonly #maps = new Interner<StringMap>((map) => JSON.stringify(map));
  readonly #owners = new Interner<OwnerReference[]>((owners) => JSON.stringify(owners));

  /** The metadata of an object, with those labels and annotations that `keep` wants; undefined if it has no name. */
  of(raw: unknown, keep?: (key: string) => boolean): ObjectMeta | undefined {
    const metadata = objectOf(raw);
    const name = textOf(metadata['name']);
    if (name === undefined) return undefined;
    const projected: ObjectMeta = { name };
    const { namespace, uid, resourceVersion, generation, creationTimestamp } = metadata;
    if (typeof namespace === 'string') projected.namespace = this.text(namespace);
    if (typeof uid === 'string') projected.uid = uid;
    if (typeof resourceVersion === 'string') projected.resourceVersion = resourceVersion;
    if (typeof generation === 'number') projected.generation = generation;
    if (typeof creationTimestamp === 'string') {
      projected.creationTimestamp = this.text(creationTimestamp);
    }
    this.#addMaps(projected, metadata, keep);
    addRest(projected, metadata);
    const owners = ownersIn(metadata['ownerReferences']);
    if (owners.length > 0) projected.ownerReferences = this.#owners.shared(owners);
    return projected;
  }

  /** A shared copy of a string map, with the entries that `keep` wants; undefined if none is left. */
  map(raw: unknown, keep: (key: string) => boolean = () => true): StringMap | undefined {
    if (!isRawObject(raw)) return undefined;
    const map: StringMap = {};
    let empty = true;
    for (const [key, value] of Object.entries(raw)) {
      if (typeof value !== 'string' || key === lastApplied || !keep(key)) continue;
      map[key] = this.text(value);
      empty = false;
    }
    return empty ? undefined : this.#maps.shared(map);
  }

  /** A shared copy of a text that many objects are likely to carry. */
  text(text: string): string {
    return text.length <= 128 ? this.#texts.shared(text) : text;
  }

  #addMaps(projected: ObjectMeta, metadata: RawObject, keep?: (key: string) => boolean): void {
    const labels = this.map(metadata['labels'], keep);
    const annotations = this.map(metadata['annotations'], keep);
    if (labels !== undefined) projected.labels = labels;
    if (annotations !== undefined) projected.annotations = annotations;
  }
}

function addRest(projected: ObjectMeta, metadata: RawObject): void {
  const { deletionTimestamp, generateName, finalizers } = metadata;
  if (typeof deletionTimestamp === 'string') projected.deletionTimestamp = deletionTimestamp;
  if (typeof generateName === 'string') projected.generateName = generateName;
  if (Array.isArray(finalizers) && finalizers.length > 0) {
    projected.finalizers = finalizers.filter((one) => typeof one === 'string');
  }
}

function ownersIn(raw: unknown): OwnerReference[] {
  return objectsOf(raw).map((owner) => ({
    apiVersion: textOf(owner['apiVersion']) ?? '',
    kind: textOf(owner['kind']) ?? '',
    name: textOf(owner['name']) ?? '',
    uid: textOf(owner['uid']) ?? '',
    ...(owner['controller'] === true && { controller: true }),
    ...(owner['blockOwnerDeletion'] === true && { blockOwnerDeletion: true }),
  }));
}
