import { type Namespace, NamespaceKind } from '../../api/builtin.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { refOf } from '../../api/object.ts';
import { optInOperations } from '../../domain/opt-in/namespace.ts';
import { exclusionOf, type NamespaceScope } from '../../domain/opt-in/namespace-scope.ts';
import { isOptedIn } from '../../domain/opt-in-state.ts';
import type { InstallCluster } from '../install-cluster.ts';
import { unlessGone } from '../remove-object.ts';

/**
 * Labels every Namespace that has opted in, so that the API server asks Sluice about its Pods from the moment on at which the
 * webhooks are Sluice's; those that the installation leaves out are marked so. Resolves with how many were labelled now.
 */
export async function labelNamespaces(
  scope: NamespaceScope,
  cluster: Pick<InstallCluster, 'listPaged' | 'patch'>,
): Promise<number> {
  let count = 0;
  for await (const { items } of cluster.listPaged(NamespaceKind)) {
    for (const namespace of items.filter(isNamespace)) {
      const { metadata } = namespace;
      if (!isOptedIn(metadata) || metadata.deletionTimestamp !== undefined) continue;
      const isExcluded = exclusionOf(metadata.name, scope) !== undefined;
      const operations = optInOperations(metadata, false, isExcluded);
      if (operations.length === 0) continue;
      const test = { op: 'test', path: '/metadata/uid', value: metadata.uid } as const;
      const ref = refOf(NamespaceKind, namespace);
      if (await unlessGone(cluster.patch(ref, [test, ...operations]))) count += 1;
    }
  }
  return count;
}

function isNamespace(object: KubernetesObject): object is Namespace {
  return object.kind === NamespaceKind.kind;
}
