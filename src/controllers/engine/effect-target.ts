import type { ObjectRef } from '../../api/object.ts';
import { refKey, refOf } from '../../api/object.ts';
import type { Effect } from '../../domain/plan.ts';

/** An effect that changes the cluster; recording an Event changes nothing a decision reads. */
export type Change = Exclude<Effect, { type: 'event' }>;

/** The object a change is about. */
export function targetOf(change: Change): ObjectRef {
  return change.type === 'create' ? refOf(change.kind, change.object) : change.ref;
}

/**
 * One string for "the same change tried again", whatever the values in it: creating or deleting this object, or patching
 * these paths of it.
 */
export function changeKey(change: Change): string {
  const paths =
    change.type === 'patch' ? change.operations.map(({ op, path }) => `${op} ${path}`) : [];
  return [change.type, refKey(targetOf(change)), ...paths].join('\n');
}
