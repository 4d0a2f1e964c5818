import type { Kind, KubernetesObject } from '../api/object.ts';

/** An index of one kind: the values under which an object is found. `values` must be total and cheap. */
export interface IndexDefinition<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  readonly name: string;
  values(object: T): readonly string[];
}

/** The objects whose index of this name has this value. */
export interface IndexedBy {
  readonly index: string;
  readonly value: string;
}
