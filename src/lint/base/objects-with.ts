import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { RuleContext } from './rule.ts';

/** The objects as they are once this one has been applied. */
export function objectsWith(
  applied: KubernetesObject,
  lookup: RuleContext['lookup'],
): RuleContext['lookup'] {
  const { namespace: place, name: appliedName } = applied.metadata;
  return {
    get: (kind, namespace, name) =>
      name === appliedName && namespace === place && isOf(kind, applied)
        ? applied
        : lookup.get(kind, namespace, name),
    list(kind, namespace) {
      const listed = lookup.list(kind, namespace);
      if (!isOf(kind, applied) || (namespace !== undefined && namespace !== place)) return listed;
      const others = listed.filter(
        ({ metadata }) => metadata.name !== appliedName || metadata.namespace !== place,
      );
      return [...others, applied];
    },
  };
}

function isOf<T extends KubernetesObject>(kind: Kind<T>, object: KubernetesObject): object is T {
  return (
    object.kind === kind.kind && object.apiVersion === kind.apiVersion && kind.view === undefined
  );
}
