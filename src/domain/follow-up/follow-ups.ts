import type { FollowUpStatus, TaskTrigger, Trigger } from '../../api/keptn/follow-up.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask, type TaskContext } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind, KubernetesObject, OwnerReference } from '../../api/object.ts';
import { isCheckAsMade } from '../check/check-as-made.ts';
import { taskOf } from '../check/child-objects.ts';
import {
  type Child,
  combined,
  definitionMissing,
  type Made,
  stepOf,
} from '../check/child-progress.ts';
import { describeChainProblem, followUpChainProblem } from './definition-chain.ts';
import { followUpEvents } from './follow-up-events.ts';
import { spellingInProposal } from './follow-up-lists.ts';
import { tooMany } from './follow-ups-at-end.ts';
import { childName } from '../names.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { amending, type Effect, type EventNote, type Look, onlyWhile, type Plan } from '../plan.ts';
import type { Answers } from '../answers.ts';
import type { Reference } from '../reference.ts';

/**
 * Follow-up tasks (KEP 93), in three steps, each of which can be the last before a crash:
 *
 * 1. The status write that ends the parent also lists what follows (`follow-ups-at-end.ts`). From here on nothing else counts:
 *    a definition that changes, another restart, a parent that is superseded neither add to the list nor take from it.
 * 2. Each entry of the list becomes one KeptnTask under a name that follows from parent, trigger and definition.
 * 3. Its state is shown in the entry until it has ended.
 *
 * The parent's own state is an end and stays as it is, whatever becomes of them.
 */

/** What has ended: a task, an evaluation or a version. */
export interface FollowUpParent {
  readonly namespace: string;
  /** The controller reference to it. */
  readonly owner: OwnerReference;
  /** What its Events are about. */
  readonly subject: PhaseSubject;
  /** The attempt of the version it belongs to, from 1. */
  readonly attempt: number;
  /** How many ends led to it; 0 unless it is a follow-up itself. */
  readonly depth: number;
  /** The definitions that led to it and its own, named as in `ChainStart`. */
  readonly chain: readonly string[];
  /** What its follow-ups get beside how it ended. */
  readonly context: Omit<TaskContext, 'taskType' | 'trigger'>;
  /** How it ended. */
  readonly end: TaskTrigger;
  /** What it belongs to if it is a follow-up itself; the follow-ups of a check or version are counted when they are recorded. */
  readonly line?: FollowUpLine;
}

/** All tasks that follow from one check or version, over however many ends. */
export interface FollowUpLine {
  /** Uid of that check or version. */
  readonly root: string;
  /** The names of those there are, or that are being made. */
  readonly taken: ReadonlySet<string>;
  /** How many there may be: KeptnConfig `maxFollowUps`. */
  readonly total: number;
}

/** What the decision on follow-ups knows of the world. */
export interface FollowUpsSeen extends Answers {
  /** The tasks that the parent controls, by name. */
  readonly tasks: ReadonlyMap<string, KeptnTask>;
  /**
   * The definitions of the follow-ups that have no task yet, and of all that follows them, by name: each where Keptn finds it, in the
   * parent's namespace or in the shared one.
   */
  readonly definitions: ReadonlyMap<string, Reference<KeptnTaskDefinition>>;
}

/** Follow-ups after looking at the world: their states, what has to be done for them, and what is worth an Event. */
export interface FollowUpsOutcome {
  readonly items: FollowUpStatus[];
  readonly effects: readonly Effect[];
  readonly look: readonly Look[];
  readonly events: readonly EventNote[];
}

/** Brings every recorded follow-up one step further. */
export function runFollowUps(
  recorded: readonly FollowUpStatus[],
  parent: FollowUpParent,
  seen: FollowUpsSeen,
): FollowUpsOutcome {
  // What one item is to be made for counts for those after it.
  const taken = new Set(parent.line?.taken);
  const { items, effects, look } = combined(
    recorded.map((item) => stepOf(item, followUpOf(item, parent, { ...seen, taken }), seen)),
  );
  // A step changes no trigger; only its type does not know that there is one.
  const after = items.map((item, index): FollowUpStatus => {
    const { trigger = 'onSuccess' } = recorded[index] ?? {};
    return { ...item, trigger };
  });
  const events = followUpEvents(parent.subject, { before: recorded, after });
  return { items: after, effects, look, events };
}

/** Whether something of this list has still to be run, or to be waited for. */
export function hasOpenFollowUps(recorded: readonly FollowUpStatus[] | undefined): boolean {
  return recorded?.some(({ status }) => !isCompleted(status)) === true;
}

/** The definitions of the follow-ups that have no task yet: an arriving one may be what they wait for. */
export function awaitedFollowUps(recorded: readonly FollowUpStatus[] = []): readonly string[] {
  return recorded
    .filter(({ status, name = '' }) => !isCompleted(status) && name === '')
    .map(({ definitionName = '' }) => definitionName);
}

/** What follow-ups are recorded on. */
type Followed = KubernetesObject & { status?: { followUps?: FollowUpStatus[] } };

/** The part of a parent's plan that is about its follow-ups; its status changes in nothing else. */
export function followUpPlan(
  parent: FollowUpParent,
  seen: FollowUpsSeen,
  stored: { readonly kind: Kind<Followed>; readonly object: Followed },
): Plan {
  const { kind, object } = stored;
  const { followUps = [] } = object.status ?? {};
  const { items, effects, look, events } = runFollowUps(followUps, parent, seen);
  if (look.length > 0) return { look };
  return {
    effects,
    // A cache that lags could show as still to be made what has run and is gone.
    ...(effects.length > 0 && onlyWhile(kind, object)),
    ...amending(kind, object, { ...object.status, followUps: items }),
    events,
  };
}

/** What there is while a list is gone through; `taken` grows by what is made. */
type Counting = FollowUpsSeen & { readonly taken: Set<string> };

function followUpOf(item: FollowUpStatus, parent: FollowUpParent, seen: Counting): Child {
  const { definitionName = '', trigger = 'onSuccess', attempt = 1 } = item;
  const { namespace, owner } = parent;
  const role = spellingInProposal[trigger];
  return {
    kind: KeptnTask,
    namespace,
    attempt,
    name: (collisionCount) =>
      childName({
        checkType: role,
        definition: definitionName,
        parentUid: owner.uid,
        phase: 'FollowUp',
        role,
        attempt,
        collisionCount,
      }),
    seen: (name) => seen.tasks.get(name),
    make: (name) => made({ name, definitionName, trigger }, parent, seen),
    isAsMade(object) {
      const { name } = object.metadata;
      const definition = { ...KeptnTaskDefinition, metadata: { name: definitionName }, spec: {} };
      return isCheckAsMade(object, followUpTask(definition, { name, trigger }, parent));
    },
  };
}

function made(
  wanted: { readonly name: string; readonly definitionName: string; readonly trigger: Trigger },
  parent: FollowUpParent,
  seen: Counting,
): Made {
  const { name, definitionName, trigger } = wanted;
  const { chain, line } = parent;
  const { object: definition, unread } = definitionIn(seen, definitionName);
  if (unread.length > 0) return { type: 'look', look: unread };
  if (definition === undefined) {
    return definitionMissing('KeptnTaskDefinition', definitionName, parent);
  }
  // Two definitions that are admitted at once can form a circle that neither forms alone.
  const start = { name: chain.at(-1) ?? '', followUps: [definitionName] };
  const problem = followUpChainProblem(start, (each) => definitionIn(seen, each).object, Infinity);
  if (problem !== undefined) {
    return { type: 'impossible', reason: 'ChainHasCycle', message: describeChainProblem(problem) };
  }
  const isOneTooMany = line !== undefined && seen.taken.size >= line.total;
  if (isOneTooMany && !seen.taken.has(name)) {
    return { type: 'impossible', ...tooMany(line.total) };
  }
  seen.taken.add(name);
  return { type: 'object', object: followUpTask(definition, { name, trigger }, parent) };
}

/** Throws on a name that was not gathered: that there is no answer is no absence. */
function definitionIn(
  { definitions }: FollowUpsSeen,
  name: string,
): Reference<KeptnTaskDefinition> {
  const found = definitions.get(name);
  if (found === undefined) throw new Error(`KeptnTaskDefinition ${name} was not gathered`);
  return found;
}

function followUpTask(
  definition: KeptnTaskDefinition,
  { name, trigger }: { readonly name: string; readonly trigger: Trigger },
  { namespace, owner, attempt, context, end, depth, line }: FollowUpParent,
): KeptnTask {
  const checkType = spellingInProposal[trigger];
  return taskOf(definition, {
    name,
    namespace,
    owner,
    checkType,
    attempt,
    context: { ...context, taskType: checkType, trigger: end },
    parent: {
      kind: owner.kind,
      name: owner.name,
      uid: owner.uid,
      trigger,
      root: line?.root ?? owner.uid,
      depth: depth + 1,
    },
  });
}
