import type { Kind, KubernetesObject, ObjectRef } from '../api/object.ts';
import type { ClockStep } from './clock-steps.ts';
import type { Answers, LiveState } from './answers.ts';
import type { Refusal } from './plan.ts';

/** An index of a kind, as it is asked; what it holds is said where it is defined (`IndexDefinition`). */
export interface IndexOf<T extends KubernetesObject> {
  readonly kind: Kind<T>;
  readonly name: string;
}

/**
 * The read-only view of the caches that gathering and admission use. It is synchronous and never calls the API server.
 * Absence proves nothing: an object may exist and not have arrived yet.
 */
export interface Lookup {
  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  /** Everything cached of a kind in a namespace; all namespaces when it is undefined. */
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[];
  /** The objects of the index's kind that it has under this value. */
  byIndex<T extends KubernetesObject>(index: IndexOf<T>, value: string): readonly T[];
  /** The objects of a kind that name an owner of this uid. */
  byOwner<T extends KubernetesObject>(kind: Kind<T>, uid: string): readonly T[];
  /** Whether all there is of these kinds has been seen once; a view that does not say it has. */
  isSynced?(...kinds: readonly Kind[]): boolean;
  /**
   * Whether the API server does not serve one of these kinds although it has to. That there is nothing of it means nothing then;
   * a view that does not say it serves all.
   */
  isMissing?(...kinds: readonly Kind[]): boolean;
  /** Whether an object was let in a moment ago and may not have arrived yet. It silences a warning and proves nothing. */
  isExpected?(kind: Kind, namespace: string | undefined, name: string): boolean;
}

/** An Event of Kubernetes about an object, its series counted once. */
export interface ObjectEvent {
  readonly reason: string;
  readonly message: string;
  /** When it happened last, since the Unix epoch. */
  readonly lastMs: number;
}

/** What one reconcile may gather from, beside the caches. */
export interface World extends Lookup {
  /** Milliseconds since the Unix epoch, the same for the whole decision. */
  readonly now: number;
  /** When the clock of this machine was set while this process led. */
  readonly clockSteps: readonly ClockStep[];
  /**
   * Whether this object was read live in this reconcile, and what came back. `unread` until a plan asked for it with
   * `look`. A live answer is also in the caches.
   */
  live(ref: ObjectRef): LiveState;
  /**
   * What a decision may ask of live reads, refusals and creations, as data. `written` are the objects gathered that may have been written
   * a moment ago, so that what the API server answered then need not be asked again; one left out is only read once more.
   */
  answers(written?: readonly ObjectRef[]): Answers;
  /** Whether a list asked for with `look` was carried out in this reconcile. */
  listed(kind: Kind, namespace: string, labelSelector: string): boolean;
  /** The Events about the object of this uid, if a plan asked for them with `look` in this reconcile. */
  eventsAbout(uid: string): readonly ObjectEvent[] | 'unread';
  /** Why the last try to change this object was refused; undefined when it was not, or has succeeded since. */
  refusal(ref: ObjectRef): Refusal | undefined;
}
