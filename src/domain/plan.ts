import type { EventNote } from '../api/event-note.ts';
import { isThis, type JsonPatchOperation } from '../api/json-patch.ts';
import { type Kind, type KubernetesObject, type ObjectRef, refOf, uidOf } from '../api/object.ts';
import { observed } from './conditions.ts';

/**
 * What a decision asks for, as data. The vocabulary is closed: a new feature is a new decision, not a new effect.
 *
 * The engine (`src/controllers/engine/engine.ts`) carries a plan out in this order:
 * 1. `look`: objects are read live and put into the caches; then the world is gathered and decided anew.
 * 2. `effects`: performed in order; what the API server answers is put into the caches; then gathered and decided anew.
 *    A decision is therefore made from the world, again and again, until nothing is left to do, and its status describes
 *    what is there, never what is about to be.
 * 3. `status`: written if it differs from the stored one, on the resourceVersion it was decided on.
 * 4. `events`: recorded if that write happened.
 * 5. `afterwards`: performed once the status is stored.
 * 6. `wakeAfterMs`: decided again after that time at the latest, if nothing changes before.
 * 7. `restMs`: the worker takes up nothing else for that time.
 */
export interface Plan {
  /** Read live first: absence or age in a cache proves nothing. The rest of a plan that looks is not carried out. */
  readonly look?: readonly Look[];
  readonly effects?: readonly Effect[];
  /** The effects hold only while this object is live exactly as it was gathered; it is read before they are performed. */
  readonly onlyIfCurrent?: ObjectRef & { readonly resourceVersion: string };
  readonly status?: StatusChange;
  readonly events?: readonly EventNote[];
  readonly afterwards?: readonly Effect[];
  readonly wakeAfterMs?: number;
  /** Nothing waits for what it writes: where more is to be sent than can be at once, everything else goes first. */
  readonly isBookkeeping?: boolean;
  /** For controllers that must not do much at a time (deletions); it bounds the rate as far as `workers` is small. */
  readonly restMs?: number;
}

/**
 * A live read: of one object, of all objects of a kind in a namespace that a label selector selects, or of the Events about
 * one object, which are in no cache.
 */
export type Look =
  | ObjectRef
  | { readonly eventsAbout: Subject }
  | { readonly kind: Kind; readonly namespace: string; readonly labelSelector: string };

/** What Events are about. */
export interface Subject {
  readonly namespace: string;
  readonly uid: string;
}

/** One thing to do to the cluster. */
export type Effect =
  | {
      readonly type: 'create';
      readonly kind: Kind;
      /** Complete but for what the API server fills in. AlreadyExists is resolved by the interpreter, see `Refusal`. */
      readonly object: KubernetesObject;
    }
  | {
      readonly type: 'patch';
      readonly ref: ObjectRef;
      /** RFC 6902. Guards are `test` operations; a failed one means the world has moved on: gather again. */
      readonly operations: readonly JsonPatchOperation[];
      /** When true, 404 and a failed `test` of `/metadata/uid` are the end of the matter, not an error. */
      readonly goneIsDone?: boolean;
    }
  | {
      readonly type: 'delete';
      readonly ref: ObjectRef;
      /** The deletion holds only for this very object; anything else under the name stays. */
      readonly uid: string;
      readonly resourceVersion?: string;
      readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
    }
  | { readonly type: 'event'; readonly note: EventNote };

/** The next status of one object. */
export interface StatusChange {
  readonly ref: ObjectRef;
  readonly resourceVersion: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Why the API server did not carry out an effect. Shown to the next decision, which says so in a condition. */
export interface Refusal {
  readonly effect: Effect;
  /**
   * - `NameTaken`: something else that is not ours has this name.
   * - `Terminating`: an object of this name is going away; the name will be free.
   * - `Forbidden`, `Invalid`: the API server (quota, admission, RBAC, validation) said no.
   * - `NotFound`: namespace or object is not there.
   * - `Unavailable`: the API server could not be reached or failed.
   */
  readonly reason:
    | 'NameTaken'
    | 'Terminating'
    | 'Forbidden'
    | 'Invalid'
    | 'NotFound'
    | 'Unavailable';
  /** The API server's own words. */
  readonly message: string;
}

/** A plan that changes nothing and waits for the next event. */
export const nothing: Plan = {};

/** An object with its status. */
type WithStatus<S> = KubernetesObject & { status?: S };

/**
 * The next status of an object, stated for the generation that was decided on (`observedGeneration`). It is written only while
 * the object is stored as it was gathered.
 */
export function storing<S extends object>(
  kind: Kind<WithStatus<S>>,
  object: WithStatus<S>,
  status: NoInfer<S>,
): Pick<Plan, 'status'> {
  return amending(kind, object, { ...status, ...observed(object) });
}

/** As `storing`, by a controller that adds to a status of which another one says that the generation was observed. */
export function amending<S extends object>(
  kind: Kind<WithStatus<S>>,
  object: WithStatus<S>,
  status: NoInfer<S>,
): Pick<Plan, 'status'> {
  const { resourceVersion } = asGathered(kind, object);
  return {
    status: { ref: refOf(kind, object), resourceVersion, from: object.status, to: status },
  };
}

/** The effects of the plan hold only while the live object is exactly the one that was gathered. */
export function onlyWhile(kind: Kind, object: KubernetesObject): Pick<Plan, 'onlyIfCurrent'> {
  return { onlyIfCurrent: asGathered(kind, object) };
}

function asGathered(kind: Kind, object: KubernetesObject): ObjectRef & { resourceVersion: string } {
  const { resourceVersion = '' } = object.metadata;
  return { ...refOf(kind, object), resourceVersion };
}

/**
 * Operations on this very object: one that was made anew under its name stays as it is.
 *
 * - `asGathered`: they hold only while it is stored as it was gathered.
 * - `goneIsDone`: that the object is gone is the end of the matter, not an error.
 */
export function patching(
  kind: Kind,
  object: KubernetesObject,
  change: {
    readonly operations: readonly JsonPatchOperation[];
    readonly asGathered?: true;
    readonly goneIsDone?: true;
  },
): Extract<Effect, { type: 'patch' }> {
  const { operations, asGathered: isGuarded, goneIsDone } = change;
  const { resourceVersion } = object.metadata;
  const version: JsonPatchOperation = {
    op: 'test',
    path: '/metadata/resourceVersion',
    value: resourceVersion,
  };
  return {
    type: 'patch',
    ref: refOf(kind, object),
    operations: [isThis(object), ...(isGuarded ? [version] : []), ...operations],
    ...(goneIsDone && { goneIsDone }),
  };
}

/**
 * The deletion of this very object; with `asGathered` only while it is stored as it was gathered. What it owns goes after it
 * (`Background`) where `propagation` says so, else by the default of its kind.
 */
export function deleting(
  kind: Kind,
  object: KubernetesObject,
  { asGathered: isGuarded, propagation }: { asGathered?: true; propagation?: 'Background' } = {},
): Extract<Effect, { type: 'delete' }> {
  const { resourceVersion = '' } = object.metadata;
  return {
    type: 'delete',
    ref: refOf(kind, object),
    uid: uidOf(object),
    ...(isGuarded && { resourceVersion }),
    ...(propagation && { propagation }),
  };
}

export type { EventNote };
