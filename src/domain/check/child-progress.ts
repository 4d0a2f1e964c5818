import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted, type KeptnState, stateOf } from '../../api/keptn/states.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { type Kind, type KubernetesObject, type ObjectRef, refOf } from '../../api/object.ts';
import { type Answers, isUnread, refusalOf } from '../answers.ts';
import { conditionOf, conditionTypes, isTrue } from '../conditions.ts';
import { toldReasons } from '../trouble.ts';
import { isLegalName } from '../names.ts';
import type { Effect, Look, Refusal } from '../plan.ts';
import { shortened } from '../shortened.ts';
import { defined } from '../../api/json.ts';

/** The task or evaluation behind one item of a status: a check of a version, or a follow-up. */
export interface Child {
  readonly kind: Kind;
  readonly namespace: string;
  /** The attempt of the parent it belongs to, from 1. */
  readonly attempt: number;
  /** Which state of its definition it is made of, see `definition-version.ts`. */
  readonly definitionVersion?: string | undefined;
  /** What it is called if that many names turned out to be taken by something else. */
  name(collisionCount: number): string;
  /** The object of this name that belongs to the parent, if there is one in the caches. */
  seen(name: string): KeptnTask | KeptnEvaluation | undefined;
  make(name: string): Made;
  /** Whether an object is what `make` makes, judged by its content alone. */
  isAsMade(object: KeptnTask | KeptnEvaluation): boolean;
}

/** The object to create; or what has to be read first; or why there is none, for the time being or for good. */
export type Made =
  | { readonly type: 'object'; readonly object: KubernetesObject }
  | { readonly type: 'look'; readonly look: readonly Look[] }
  | {
      readonly type: 'missing' | 'impossible';
      readonly reason: string;
      readonly message: string;
    };

const definitionNotFound = 'DefinitionNotFound';
const definitionNameInvalid = 'DefinitionNameInvalid';

/** Whether a check has not begun because there is no definition of its name. */
export function awaitsDefinition({ reason }: Pick<ItemStatus, 'reason'>): boolean {
  return reason === definitionNotFound || reason === definitionNameInvalid;
}

/** The `definitionVersion` of a check that failed because there was none: any that there is later is another one. */
export const definitionAbsent = '-';

/** That a check or follow-up waits for its definition. */
export function definitionMissing(
  kind: string,
  name: string,
  { namespace }: { readonly namespace: string },
): Made {
  if (!isLegalName(name)) {
    const shown = JSON.stringify(shortened(name, 80));
    return {
      type: 'missing',
      reason: definitionNameInvalid,
      message: `${shown} cannot be the name of any ${kind}; write names of lower-case letters, digits, - and ., and separate several by commas`,
    };
  }
  return {
    type: 'missing',
    reason: definitionNotFound,
    message: `${kind} ${name} does not exist, neither in namespace ${namespace} nor among the shared definitions; create it, or correct the name`,
  };
}

/** The next state of an item, and what has to be done for it. */
export interface Step {
  readonly item: ItemStatus;
  readonly effects: readonly Effect[];
  readonly look: readonly Look[];
}

/**
 * Brings one item a step further. One whose end is recorded is left alone. One that is recorded by name and gone is lost,
 * not run again (B2); one that is not recorded yet is created under its deterministic name, so that a second try finds the
 * first (B3).
 */
export function stepOf(item: ItemStatus, child: Child, answers: Answers): Step {
  if (isCompleted(item.status)) return only(item);
  return item.name === undefined || item.name === ''
    ? begin(item, child, answers)
    : follow(item, { child, name: item.name, answers });
}

/** The whole of several steps. */
export function combined(steps: readonly Step[]): {
  readonly items: readonly ItemStatus[];
  readonly effects: readonly Effect[];
  readonly look: readonly Look[];
} {
  return {
    items: steps.map(({ item }) => item),
    effects: steps.flatMap(({ effects }) => effects),
    look: steps.flatMap(({ look }) => look),
  };
}

function only(item: ItemStatus): Step {
  return { item, effects: [], look: [] };
}

/** A child that has no object yet, or whose object was made but not recorded. */
function begin(item: ItemStatus, child: Child, answers: Answers): Step {
  let collisionCount = item.collisionCount ?? 0;
  const isTaken = (): boolean => isNameTaken(child, child.name(collisionCount), answers);
  while (collisionCount < mostCollisions && isTaken()) collisionCount += 1;
  const name = child.name(collisionCount);
  if (isTaken()) return only(allTaken(item, child));
  const known = child.seen(name);
  if (known !== undefined) {
    const { uid } = known.metadata;
    const named = {
      ...item,
      ...(child.attempt > 1 && { attempt: child.attempt }),
      ...(collisionCount > 0 && { collisionCount }),
      name,
      ...defined({ uid, definitionVersion: child.definitionVersion }),
    };
    return only(described(named, stateOfChild(known)));
  }
  const made = child.make(name);
  if (made.type === 'look') return { ...only(item), look: made.look };
  if (made.type !== 'object') {
    const { reason, message } = made;
    const isOver = made.type === 'impossible';
    return only({ ...item, ...(isOver && { status: 'Failed' as const }), reason, message });
  }
  return {
    ...only(waitingFor(refusalOf(placeOf(child, name), answers), item)),
    effects: [{ type: 'create', kind: child.kind, object: made.object }],
  };
}

/** As many names are tried: more of them are taken by design, and not by chance. */
export const mostCollisions = 10;

/** Whether something else has this name: by the word of the API server, or because it is not what would be made. */
function isNameTaken(child: Child, name: string, answers: Answers): boolean {
  const known = child.seen(name);
  if (known === undefined) return refusalOf(placeOf(child, name), answers)?.reason === 'NameTaken';
  return !answers.made.has(known.metadata.uid ?? '') && !child.isAsMade(known);
}

function allTaken(item: ItemStatus, child: Child): ItemStatus {
  const names = [0, 1].map((count) => child.name(count)).join(', ');
  const message = `every name it may have (${names}, …) belongs to a ${child.kind.kind} that something else has made; delete those in namespace ${child.namespace}`;
  return { ...item, reason: 'NameTaken', message };
}

function waitingFor(refused: Refusal | undefined, item: ItemStatus): ItemStatus {
  return refused === undefined
    ? withoutReason(item)
    : { ...item, reason: refused.reason, message: refused.message };
}

/** A child whose object is recorded. */
function follow(
  item: ItemStatus,
  { child, name, answers }: { child: Child; name: string; answers: Answers },
): Step {
  const known = child.seen(name);
  const isRecorded = item.uid === undefined || known?.metadata.uid === item.uid;
  if (known !== undefined && isRecorded) {
    return only(isChanged(known) ? changed(item, child) : described(item, stateOfChild(known)));
  }
  const place = placeOf(child, name);
  if (isUnread(place, answers)) return { ...only(item), look: [place] };
  const other = known === undefined ? '' : ', and another one has its name';
  return only({
    ...item,
    status: 'Failed',
    reason: 'TaskLost',
    message: `${child.kind.kind} ${name} was deleted before its result was known${other}; it is not run again within this attempt`,
  });
}

/** Whether its spec was written since it was made: what it ran then, and with what result, is not what was asked for. */
function isChanged({ metadata: { generation = 1 } }: KubernetesObject): boolean {
  return generation > 1;
}

function changed(item: ItemStatus, { kind }: Child): ItemStatus {
  return {
    ...item,
    status: 'Failed',
    reason: 'TaskChanged',
    message: `the spec of ${kind.kind} ${item.name ?? ''} was changed by something else after it was made, so that its result does not count`,
  };
}

function placeOf({ kind, namespace }: Child, name: string): ObjectRef {
  return refOf(kind, { metadata: { namespace, name } });
}

interface ChildState {
  readonly state: KeptnState;
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  /** Whether it waits for somebody to change something. */
  readonly isStalled: boolean;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

function stateOfChild(child: KeptnTask | KeptnEvaluation): ChildState {
  const summary = conditionOf(child, conditionTypes.succeeded);
  return {
    state: stateOf(wordOf(child)),
    startTime: child.status?.startTime ?? child.metadata.creationTimestamp,
    endTime: child.status?.endTime,
    isStalled: isTrue(child, conditionTypes.stalled),
    reason: summary?.reason,
    message: summary?.message,
  };
}

function wordOf({ status }: KeptnTask | KeptnEvaluation): string | undefined {
  if (status === undefined) return undefined;
  return 'overallStatus' in status ? status.overallStatus : status.status;
}

/**
 * The item as its object shows it. An object that exists counts as Progressing whatever it says of itself before its end:
 * that it has begun, or tries again, is not worth a write of its parent's status. Why it waits is taken over once it waits
 * for somebody's help, or for values that meet its targets, and then stays in the words it had first.
 */
function described(item: ItemStatus, child: ChildState): ItemStatus {
  const ended = isCompleted(child.state);
  const { reason, startTime, endTime } = child;
  const isTrouble =
    reason !== undefined &&
    (ended ? child.state !== 'Succeeded' : child.isStalled || toldReasons.has(reason));
  const message = !ended && item.reason === reason ? item.message : child.message;
  return {
    ...withoutReason(item),
    status: ended ? child.state : 'Progressing',
    ...(item.startTime === undefined && startTime !== undefined && { startTime }),
    ...(ended && endTime !== undefined && { endTime }),
    ...(isTrouble && { reason }),
    ...(isTrouble && message !== undefined && { message }),
  };
}

function withoutReason(item: ItemStatus): ItemStatus {
  const { reason: _reason, message: _message, ...rest } = item;
  return rest;
}
