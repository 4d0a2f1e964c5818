import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import type { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import type { ItemStatus } from '../api/keptn/item-status.ts';
import { isCompleted, type KeptnState, stateOf } from '../api/keptn/states.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import type { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import type { ObjectRef } from '../api/object.ts';
import { type CheckContext, evaluationFor, taskFor } from './check-objects.ts';
import { conditionOf, conditionTypes, isTrue } from './conditions.ts';
import { childName } from './names.ts';
import type { CheckPhase } from './phases.ts';
import type { Effect, Look, Refusal } from './plan.ts';

/** What the decision on the checks of a version knows of the world. */
export interface ChecksSeen {
  /** Children of the version by name, of all its attempts. */
  readonly tasks: ReadonlyMap<string, KeptnTask>;
  readonly evaluations: ReadonlyMap<string, KeptnEvaluation>;
  /** Definitions by the name they are asked for, found in Keptn's order: own namespace, then the shared one. */
  readonly taskDefinitions: ReadonlyMap<string, KeptnTaskDefinition>;
  readonly evaluationDefinitions: ReadonlyMap<string, KeptnEvaluationDefinition>;
  live(ref: ObjectRef): 'unread' | 'absent' | 'present';
  refusal(ref: ObjectRef): Refusal | undefined;
}

/** The checks of one phase after looking at the world: their states, and what has to be done for them. */
export interface ChecksOutcome {
  readonly items: readonly ItemStatus[];
  readonly effects: readonly Effect[];
  readonly look: readonly Look[];
}

interface Request {
  readonly phase: CheckPhase;
  readonly context: CheckContext;
  readonly definitions: readonly string[];
  readonly stored: readonly ItemStatus[];
}

type Step = { item: ItemStatus; effect?: Effect; look?: Look };

/**
 * Brings every check of a phase one step further. A check whose end is recorded is left alone. One that is recorded by
 * name and gone is lost, not run again (B2); one that is not recorded yet is created under its deterministic name, so that
 * a second try finds the first (B3).
 */
export function runChecks(request: Request, seen: ChecksSeen): ChecksOutcome {
  const names = [...new Set(request.definitions.filter((name) => name !== ''))];
  const steps = names.map((definition) => step(definition, request, seen));
  return {
    items: steps.map(({ item }) => item),
    effects: steps.flatMap(({ effect }) => (effect === undefined ? [] : [effect])),
    look: steps.flatMap(({ look }) => (look === undefined ? [] : [look])),
  };
}

function step(definition: string, request: Request, seen: ChecksSeen): Step {
  const stored = request.stored.find((item) => item.definitionName === definition);
  const item: ItemStatus = stored ?? { definitionName: definition, status: 'Pending' };
  if (isCompleted(item.status)) return { item };
  return item.name === undefined || item.name === ''
    ? begin(item, request, seen)
    : follow({ ...item, name: item.name }, request, seen);
}

/** A check that has no object yet, or whose object was made but not recorded. */
function begin(item: ItemStatus, request: Request, seen: ChecksSeen): Step {
  const { phase, context } = request;
  const definition = item.definitionName ?? '';
  let collisionCount = item.collisionCount ?? 0;
  const nameNow = (): string =>
    childName({
      checkType: phase.checkType,
      definition,
      parentUid: context.owner.uid,
      phase: phase.short,
      role: phase.type === 'tasks' ? 'task' : 'evaluation',
      attempt: context.attempt,
      collisionCount,
    });
  while (seen.refusal(refOf(phase, context, nameNow()))?.reason === 'NameTaken')
    collisionCount += 1;
  const name = nameNow();

  const known = childState(phase, name, seen);
  const named = {
    ...item,
    ...(context.attempt > 1 && { attempt: context.attempt }),
    ...(collisionCount > 0 && { collisionCount }),
  };
  if (known !== undefined) return { item: described({ ...named, name }, known) };

  const effect = creation(name, { item, request, seen });
  if (effect === undefined) {
    const kind = phase.type === 'tasks' ? 'KeptnTaskDefinition' : 'KeptnEvaluationDefinition';
    return {
      item: {
        ...item,
        reason: 'DefinitionNotFound',
        message: `${kind} ${definition} does not exist, neither in namespace ${context.namespace} nor among the shared definitions; create it, or correct the name`,
      },
    };
  }
  const refused = seen.refusal(refOf(phase, context, name));
  return {
    item:
      refused === undefined
        ? withoutReason(item)
        : { ...item, reason: refused.reason, message: refused.message },
    effect,
  };
}

/** A check whose object is recorded. */
function follow(item: ItemStatus & { name: string }, request: Request, seen: ChecksSeen): Step {
  const known = childState(request.phase, item.name, seen);
  if (known !== undefined) return { item: described(item, known) };
  const ref = refOf(request.phase, request.context, item.name);
  if (seen.live(ref) === 'unread') return { item, look: ref };
  const kind = ref.kind.kind;
  return {
    item: {
      ...item,
      status: 'Failed',
      reason: 'TaskLost',
      message: `${kind} ${item.name} was deleted before its result was known; it is not run again within this attempt`,
    },
  };
}

function creation(
  name: string,
  from: { item: ItemStatus; request: Request; seen: ChecksSeen },
): Effect | undefined {
  const { phase, context } = from.request;
  const check = { context, checkType: phase.checkType };
  const wanted = from.item.definitionName ?? '';
  if (phase.type === 'tasks') {
    const definition = from.seen.taskDefinitions.get(wanted);
    return (
      definition && { type: 'create', kind: KeptnTask, object: taskFor(name, definition, check) }
    );
  }
  const definition = from.seen.evaluationDefinitions.get(wanted);
  return (
    definition && {
      type: 'create',
      kind: KeptnEvaluation,
      object: evaluationFor(name, definition, check),
    }
  );
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

function childState(phase: CheckPhase, name: string, seen: ChecksSeen): ChildState | undefined {
  if (phase.type === 'tasks') {
    const task = seen.tasks.get(name);
    return task && childOf(task, task.status?.status);
  }
  const evaluation = seen.evaluations.get(name);
  return evaluation && childOf(evaluation, evaluation.status?.overallStatus);
}

function childOf(child: KeptnTask | KeptnEvaluation, word: string | undefined): ChildState {
  const summary = conditionOf(child, conditionTypes.succeeded);
  return {
    state: stateOf(word),
    startTime: child.status?.startTime ?? child.metadata.creationTimestamp,
    endTime: child.status?.endTime,
    isStalled: isTrue(child, conditionTypes.stalled),
    reason: summary?.reason,
    message: summary?.message,
  };
}

/**
 * The item as its object shows it. An object that exists counts as Progressing whatever it says of itself before its end:
 * that it has begun, or tries again, is not worth a write of its parent's status. Why it waits is taken over once it waits
 * for somebody's help, and then stays in the words it had first.
 */
function described(item: ItemStatus, child: ChildState): ItemStatus {
  const ended = isCompleted(child.state);
  const { reason, startTime, endTime } = child;
  const isTrouble = reason !== undefined && (ended ? child.state !== 'Succeeded' : child.isStalled);
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

function refOf(phase: CheckPhase, context: CheckContext, name: string): ObjectRef {
  const kind = phase.type === 'tasks' ? KeptnTask : KeptnEvaluation;
  return { kind, namespace: context.namespace, name };
}
