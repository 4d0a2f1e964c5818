import type { Kind, KubernetesObject } from '../../api/object.ts';

/**
 * The names of the cache indexes that gathering uses. Every kind is indexed by the uids of its owners; further indexes are
 * named beside the kind they belong to, in the list that `main` hands to the caches.
 */
export { ownerIndex } from '../../domain/lookup.ts';

/** An index of one kind: the values under which an object is found. Must be total and cheap. */
export interface IndexDefinition<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  readonly name: string;
  values(object: T): readonly string[];
}
