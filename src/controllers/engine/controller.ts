import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { IndexDefinition } from '../../ports/index-definition.ts';
import type { Lookup, World } from '../../domain/lookup.ts';
import type { Plan } from '../../domain/plan.ts';
import { defined } from '../../api/json.ts';

/** What a controller works on: the address of one object of its kind, never an event. */
export interface Key {
  readonly namespace?: string;
  readonly name: string;
}

/** A kind whose changes wake keys. `keys` must be cheap and total; the object is the cache's projection of the kind. */
export interface Watch<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  /** Which changes wake; all of them by default. */
  readonly wakes?: Wakes<T>;
  keys(object: T, lookup: Lookup): readonly Key[];
}

/**
 * - `spec`: not those of the status, labels or annotations alone.
 * - `existence`: only that an object comes or goes, and not what is there at a start, when everything it might concern is
 *   woken for itself. For the many objects of which only the name matters.
 * - `reads`: only those that change what it returns, by value. For objects that change often, of which little is read.
 */
export type Wakes<T extends KubernetesObject = KubernetesObject> =
  | 'spec'
  | 'existence'
  | { reads(object: T): unknown };

/** A watch whose `keys` is typed by its kind. */
export function watch<T extends KubernetesObject>(
  kind: Kind<T>,
  keys: (object: T, lookup: Lookup) => readonly Key[],
  wakes?: Wakes<T>,
): Watch<T> {
  return { kind, keys, ...defined({ wakes }) };
}

/** Objects by which a start wakes keys. */
export interface StartingPoint {
  readonly kind: Kind;
  visit(object: KubernetesObject): void;
}

/** A controller: who watches what, how the world is gathered, and the pure decision. The engine does the rest. */
export interface Controller<Observation = unknown> {
  /** Lower-case words with dashes: metric label, log name, default reporting component of its Events. */
  readonly name: string;
  /** The first one is of the kind that keys are of: its objects get the Events about failed decisions. */
  readonly watches: readonly Watch[];
  /**
   * By what a start wakes keys; by all `watches` unless stated. Stated by the controllers of what becomes history: what has
   * ended and has nothing left to do stays out of the queue, and what only leads to an object that is woken for itself is not
   * gone through. Must name every key whose decision could ask for anything.
   */
  readonly startingPoints?: readonly Watch[];
  /** What it asks the caches by, in `watches` and in `gather`. Several controllers may name the same index. */
  readonly indexes?: readonly IndexDefinition[];
  /** Reconciles of this controller that may run at once; a key is never worked on twice at once. Default 8. */
  readonly workers?: number;
  /**
   * How many writes of others follow its own until the gate of a Pod is lifted, at least: where more requests wait than are sent at
   * once, those of the controllers that are nearer to a gate go first. What leads to no gate leaves it out, and goes last.
   */
  readonly stepsToGate?: number;
  /** Everything the decision may know; undefined when there is nothing to decide (the object is gone). */
  gather(key: Key, world: World): Observation | undefined;
  decide(observation: Observation): Plan;
}
