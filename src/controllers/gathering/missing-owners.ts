import type { Pod } from '../../api/builtin.ts';
import { type ObjectRef, refKey } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';

/** The owners of these Pods that the caches do not have, each once. */
export function missingOwners(pods: readonly Pod[], lookup: Lookup): readonly ObjectRef[] {
  const chains = pods.map((pod) => ownerChainOf(pod, lookup));
  const missing = chains.flatMap((chain) => (chain.type === 'unknown' ? [chain.missing] : []));
  return [...new Map(missing.map((ref) => [refKey(ref), ref])).values()];
}
