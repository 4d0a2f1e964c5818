import { type ObjectRef, refKey } from '../api/object.ts';
import type { Refusal } from './plan.ts';

/** What a live read of an object said; `unread` until one was made. */
export type LiveState = 'unread' | 'absent' | 'present';

/** What is known of the world beside the caches: what was read live, what the API server refused, and what was made. All by `refKey`. */
export interface Answers {
  /** What was read live in this reconcile, and what was gathered and written a moment ago. Whatever it lacks is unread. */
  readonly live: ReadonlyMap<string, Exclude<LiveState, 'unread'>>;
  /** Why the last change of an object was refused; one that was made since, or never refused, is not in it. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** The uids of the objects that this process has made for the key and that may not be recorded yet. */
  readonly made: ReadonlySet<string>;
}

/** Whether the object has still to be read live. */
export function isUnread(ref: ObjectRef, { live }: Pick<Answers, 'live'>): boolean {
  return !live.has(refKey(ref));
}

/** Those of the objects that have still to be read live. */
export function unreadOf(
  refs: readonly ObjectRef[],
  seen: Pick<Answers, 'live'>,
): readonly ObjectRef[] {
  return refs.filter((ref) => isUnread(ref, seen));
}

/** Why the last try to change this object was refused; undefined when it was not, or has succeeded since. */
export function refusalOf(
  ref: ObjectRef,
  { refusals }: Pick<Answers, 'refusals'>,
): Refusal | undefined {
  return refusals.get(refKey(ref));
}
