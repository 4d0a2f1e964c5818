import type { Kind, KubernetesObject, ObjectRef } from '../api/object.ts';
import type { World } from './lookup.ts';

/** What a name in a spec stands for: the first object of that name in a list of namespaces. */
export interface Reference<T extends KubernetesObject> {
  readonly name: string;
  /** Where it is looked for, in order. */
  readonly namespaces: readonly string[];
  readonly object: T | undefined;
  /** Places that come before the object and where only a cache said that there is nothing. */
  readonly unread: readonly ObjectRef[];
}

/** Looks a name up in the caches, in these namespaces in order (one named twice counts once). */
export function findReference<T extends KubernetesObject>(
  world: Pick<World, 'get' | 'live'>,
  kind: Kind<T>,
  at: { readonly name: string; readonly namespaces: readonly string[] },
): Reference<T> {
  const namespaces = [...new Set(at.namespaces)];
  const unread: ObjectRef[] = [];
  for (const namespace of namespaces) {
    const object = world.get(kind, namespace, at.name);
    if (object !== undefined) return { name: at.name, namespaces, object, unread };
    const ref: ObjectRef = { kind, namespace, name: at.name };
    if (world.live(ref) === 'unread') unread.push(ref);
  }
  return { name: at.name, namespaces, object: undefined, unread };
}

/** The namespaces of a reference for messages: `shop` or `shop or keptn-system`. */
export function placesOf({ namespaces }: Pick<Reference<KubernetesObject>, 'namespaces'>): string {
  return namespaces.join(' or ');
}
