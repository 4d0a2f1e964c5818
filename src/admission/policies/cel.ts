import { schedulingGate } from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import type { Expression } from './policy.ts';

/** Parts of CEL expressions that several policies are made of. All of them take names that need no escaping, or escape them. */

/** The object of a request as it is to be, or as it was; where a policy is about several kinds, without the types of one. */
export type Reviewed = 'object' | 'oldObject' | 'dyn(object)' | 'dyn(oldObject)';

/** A text as CEL reads it. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}

/** A list of texts as CEL reads it. */
export function celList(texts: readonly string[]): string {
  return `[${texts.map(celText).join(', ')}]`;
}

/** Whether the request comes from one of these users: what the API server states, not what the object says. */
export function isByUser(users: readonly string[]): string {
  return `request.userInfo.username in ${celList(users)}`;
}

/** Leaves Sluice itself out. */
export function notByUser(users: readonly string[]): Expression {
  return { name: 'not-by-sluice', expression: `!(${isByUser(users)})` };
}

/** Whether the own gate is on the Pod of that variable (`object` or `oldObject`). */
export function isGatedIn(pod: Reviewed): string {
  const gates = `${pod}.spec.schedulingGates`;
  return `(has(${gates}) && ${gates}.exists(gate, gate.name == ${celText(schedulingGate)}))`;
}

/** Whether a lifecycle kind owns the object of that variable; one kind of it, if that is given. */
export function isOwnedByLifecycleKind(object: Reviewed, kind?: string): string {
  const owners = `${object}.metadata.ownerReferences`;
  const isOfKind = kind === undefined ? '' : ` && owner.kind == ${celText(kind)}`;
  return `(has(${owners}) && ${owners}.exists(owner, owner.apiVersion.startsWith(${celText(`${lifecycleGroup}/`)})${isOfKind}))`;
}

/** The first of these parts that is there, or nothing. */
export function either(...conditions: readonly string[]): string {
  return conditions.map((one) => `(${one})`).join(' || ');
}

/** Whether the annotation of this key (an expression) is another one than before the request. */
export function differsFromBefore(key: string): string {
  const before = `(request.operation == 'UPDATE' ? oldObject.metadata.?annotations[?${key}] : optional.none())`;
  return `object.metadata.?annotations[?${key}] != ${before}`;
}

/** Whether an update leaves the owners of the object as they were. */
export const hasSameOwners =
  'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])';
