import type { ObjectMeta } from '../../api/object.ts';
import { isOptedIn } from '../opt-in-state.ts';

/** Which Namespaces an installation may hold Pods in, by name. The webhooks and policies are registered for no others. */
export interface NamespaceScope {
  /** Where Sluice itself runs: its own Pods are never held. */
  readonly operatorNamespace: string;
  /** The only Namespaces whose Pods can be held; all if empty or not given. */
  readonly allowedNamespaces?: readonly string[] | undefined;
  /** Namespaces whose Pods are never held, although they opt in; as long as none is allowed by name. */
  readonly deniedNamespaces?: readonly string[] | undefined;
}

/** The cluster must be able to heal without Sluice. */
const ofTheCluster: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** The Namespaces in which no installation of this scope holds a Pod. */
export function neverHeld({ operatorNamespace }: NamespaceScope): readonly string[] {
  return [...ofTheCluster, operatorNamespace];
}

/**
 * Why the installation holds no Pod in the Namespace, whatever that says itself, as a clause without a full stop; undefined if it
 * does. As in Keptn, what is denied does not count where some are allowed.
 */
export function exclusionOf(name: string, scope: NamespaceScope): string | undefined {
  const { operatorNamespace, allowedNamespaces = [], deniedNamespaces = [] } = scope;
  if (name === operatorNamespace) return `Sluice itself runs in Namespace ${name}`;
  if (ofTheCluster.includes(name)) return `Namespace ${name} is one of the cluster’s own`;
  if (allowedNamespaces.length > 0)
    return allowedNamespaces.includes(name)
      ? undefined
      : `Namespace ${name} is not among the allowedNamespaces of this installation`;
  return deniedNamespaces.includes(name)
    ? `Namespace ${name} is among the deniedNamespaces of this installation`
    : undefined;
}

/** Whether Pods of the Namespace are held: it opts in, and the installation does not leave it out. */
export function isEnabled(
  metadata: Pick<ObjectMeta, 'name' | 'annotations'>,
  scope: NamespaceScope,
): boolean {
  return isOptedIn(metadata) && exclusionOf(metadata.name, scope) === undefined;
}
