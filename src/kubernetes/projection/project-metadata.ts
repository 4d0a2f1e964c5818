import type { ObjectMeta, OwnerReference } from '../../api/object.ts';
import { isRawObject, objectOf, objectsOf, textOf, type RawObject } from '../wire/raw-json.ts';

/** Repeats the whole object; kubectl's affair. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The metadata with kubectl's annotation emptied rather than left out: it says that somebody keeps the object. What is
 * applied on the server's side (Flux, Argo CD, `kubectl apply --server-side`) or made by `kubectl create` gets it, too.
 */
export function withApplied(metadata: ObjectMeta, raw: unknown): ObjectMeta {
  const { annotations, managedFields } = objectOf(raw);
  const isApplied =
    objectOf(annotations)[lastApplied] !== undefined || objectsOf(managedFields).some(keepsSpec);
  if (!isApplied) return metadata;
  return { ...metadata, annotations: { ...metadata.annotations, [lastApplied]: '' } };
}

/** Whether an entry of `managedFields` says that somebody brought the spec along; controllers update instead. */
function keepsSpec({ manager, operation, fieldsV1 }: RawObject): boolean {
  const brings = operation === 'Apply' || manager === 'kubectl-create';
  return brings && objectOf(fieldsV1)['f:spec'] !== undefined;
}

/**
 * The metadata of cached objects: what `ObjectMeta` names and nothing else, so neither `managedFields` nor
 * `kubectl.kubernetes.io/last-applied-configuration`, which are more than half of a typical object. Of labels and annotations
 * only what `keep` wants. Undefined if there is no name.
 */
export function projectMetadata(
  raw: unknown,
  keep?: (key: string) => boolean,
): ObjectMeta | undefined {
  const metadata = objectOf(raw);
  const name = textOf(metadata['name']);
  if (name === undefined) return undefined;
  const projected: ObjectMeta = { name };
  const { namespace, uid, resourceVersion, generation, creationTimestamp } = metadata;
  if (typeof namespace === 'string') projected.namespace = namespace;
  if (typeof uid === 'string') projected.uid = uid;
  if (typeof resourceVersion === 'string') projected.resourceVersion = resourceVersion;
  if (typeof generation === 'number') projected.generation = generation;
  if (typeof creationTimestamp === 'string') projected.creationTimestamp = creationTimestamp;
  const labels = textMap(metadata['labels'], keep);
  if (labels !== undefined) projected.labels = labels;
  const annotations = textMap(metadata['annotations'], keep);
  if (annotations !== undefined) projected.annotations = annotations;
  addRest(projected, metadata);
  return projected;
}

/** As much of the metadata as says that there is an object of this name, and since when. Undefined if there is no name. */
export function projectIdentity(raw: unknown): ObjectMeta | undefined {
  const { name, namespace, resourceVersion } = objectOf(raw);
  if (typeof name !== 'string') return undefined;
  const identity: ObjectMeta = { name };
  if (typeof namespace === 'string') identity.namespace = namespace;
  if (typeof resourceVersion === 'string') identity.resourceVersion = resourceVersion;
  return identity;
}

/** The entries of a map of texts that `keep` wants; undefined if none is left. */
export function textMap(
  raw: unknown,
  keep: (key: string) => boolean = () => true,
): Record<string, string> | undefined {
  if (!isRawObject(raw)) return undefined;
  let map: Record<string, string> | undefined;
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value !== 'string' || key === lastApplied || !keep(key)) continue;
    map ??= {};
    map[key] = value;
  }
  return map;
}

function addRest(projected: ObjectMeta, metadata: RawObject): void {
  const { deletionTimestamp, generateName, finalizers } = metadata;
  if (typeof deletionTimestamp === 'string') projected.deletionTimestamp = deletionTimestamp;
  if (typeof generateName === 'string') projected.generateName = generateName;
  if (Array.isArray(finalizers) && finalizers.length > 0) {
    projected.finalizers = finalizers.filter((one) => typeof one === 'string');
  }
  const owners = objectsOf(metadata['ownerReferences']).map(ownerOf);
  if (owners.length > 0) projected.ownerReferences = owners;
}

function ownerOf(owner: RawObject): OwnerReference {
  return {
    apiVersion: textOf(owner['apiVersion']) ?? '',
    kind: textOf(owner['kind']) ?? '',
    name: textOf(owner['name']) ?? '',
    uid: textOf(owner['uid']) ?? '',
    ...(owner['controller'] === true && { controller: true }),
    ...(owner['blockOwnerDeletion'] === true && { blockOwnerDeletion: true }),
  };
}
