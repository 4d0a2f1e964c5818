import { NamespaceKind, PodKind } from '../api/builtin.ts';
import { decideNamespace, isOptedIn, type NamespaceObservation } from '../domain/namespace.ts';
import { type Controller, watch } from './controller.ts';

/** Keeps the label that the webhook selects Namespaces by, and lifts the gates of those that have opted out. */
export function namespaceController(): Controller<NamespaceObservation> {
  return {
    name: 'namespace',
    watches: [
      watch(NamespaceKind, ({ metadata }) => [{ name: metadata.name }]),
      // A Pod that was admitted just before its Namespace opted out.
      watch(PodKind, ({ metadata: { namespace } }, lookup) => {
        if (namespace === undefined) return [];
        const cached = lookup.get(NamespaceKind, undefined, namespace);
        return cached === undefined || isOptedIn(cached.metadata) ? [] : [{ name: namespace }];
      }),
    ],
    gather({ name }, world) {
      const namespace = world.get(NamespaceKind, undefined, name);
      if (namespace === undefined) return undefined;
      return { namespace, pods: isOptedIn(namespace.metadata) ? [] : world.list(PodKind, name) };
    },
    decide: decideNamespace,
  };
}
