import { NamespaceKind } from '../../api/builtin.ts';
import type { Lookup } from '../../domain/lookup.ts';

/** Whether a Namespace is there and stays: `going` while it is being deleted, `unknown` while the cache does not have it. */
export function stateOfNamespace(
  name: string | undefined,
  lookup: Lookup,
): 'stays' | 'going' | 'unknown' {
  const namespace = lookup.get(NamespaceKind, undefined, name ?? '');
  if (namespace === undefined) return 'unknown';
  return namespace.metadata.deletionTimestamp === undefined ? 'stays' : 'going';
}
