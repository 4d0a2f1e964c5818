import type { KubernetesObject } from '../api/object.ts';

/** One change of a cached object, typed by its kind. A relist that finds an object gone reports it as deleted. */
export interface CacheChange<T extends KubernetesObject = KubernetesObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  /** The object as it is now; for `deleted` its last known state. */
  readonly object: T;
  readonly previous?: T;
  /** Seen in the list after a start, where everything is new: nothing has happened to it just now. */
  readonly initial?: boolean;
}
