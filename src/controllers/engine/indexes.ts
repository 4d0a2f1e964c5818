/**
 * The names of the cache indexes that gathering uses. Every kind is indexed by the uids of its owners; further indexes are
 * named beside the kind they belong to, in the list that `main` hands to the caches.
 */
export { ownerIndex } from '../../domain/lookup.ts';
