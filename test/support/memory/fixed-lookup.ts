import type { IndexDefinition } from '../../../src/ports/index-definition.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import type { Lookup } from '../../../src/domain/lookup.ts';

/** Caches that hold exactly these objects and never change; they have the index by owner and those given. */
export function fixedLookup(
  objects: readonly KubernetesObject[],
  indexes: readonly IndexDefinition[] = [],
): Lookup {
  const ofKind = <T extends KubernetesObject>(kind: Kind<T>): T[] =>
    objects.filter(
      (object): object is T => object.kind === kind.kind && object.apiVersion === kind.apiVersion,
    );
  return {
    get: (kind, namespace, name) =>
      ofKind(kind).find(
        ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
      ),
    list: (kind, namespace) =>
      ofKind(kind).filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    byOwner: (kind, owner) =>
      ofKind(kind).filter(({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === owner),
      ),
    byIndex({ kind, name }, value) {
      const index = indexes.find((known) => known.name === name && known.kind.kind === kind.kind);
      if (index === undefined) throw new Error(`no index ${name} of ${kind.kind}`);
      return ofKind(kind).filter((object) => index.values(object).includes(value));
    },
  };
}
