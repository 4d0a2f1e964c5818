import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { type CheckContext, evaluationFor, taskFor } from './child-objects.ts';
import type { Answers } from '../answers.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { isCheckAsMade } from './check-as-made.ts';
import {
  type Child,
  combined,
  definitionMissing,
  type Made,
  type Step,
  stepOf,
} from './child-progress.ts';
import { childName } from '../names.ts';
import type { CheckPhase } from '../phase/phases.ts';
import type { Effect, Look } from '../plan.ts';
import { standingDefinition } from '../standing/check-item.ts';
import type { StandingSeen } from './standing-checks.ts';

/** What the decision on the checks of a version knows of the world. */
export interface ChecksSeen extends Answers {
  /** Children of the version by name, of all its attempts. */
  readonly tasks: ReadonlyMap<string, KeptnTask>;
  readonly evaluations: ReadonlyMap<string, KeptnEvaluation>;
  /** Definitions by the name they are asked for, found in Keptn's order: own namespace, then the shared one. */
  readonly taskDefinitions: ReadonlyMap<string, KeptnTaskDefinition>;
  readonly evaluationDefinitions: ReadonlyMap<string, KeptnEvaluationDefinition>;
  /** The states of these with what is behind them, by the same names, see `definition-version.ts`. */
  readonly taskDefinitionVersions: ReadonlyMap<string, string>;
  readonly evaluationDefinitionVersions: ReadonlyMap<string, string>;
  /** What checks without a Job are judged by; not there where none is named. */
  readonly standing?: StandingSeen;
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

/**
 * Brings every check of a phase that is an object one step further (`stepOf`). One that is named twice is one check. Those without
 * a Job stay as they are stored: `standing-checks.ts` judges them by what the others have come to.
 */
export function runChecks(request: Request, seen: ChecksSeen): ChecksOutcome {
  const names = [...new Set(request.definitions.filter((name) => name !== ''))];
  return combined(
    names.map((definition) => {
      const stored = request.stored.find((item) => item.definitionName === definition);
      const item: ItemStatus = stored ?? { definitionName: definition, status: 'Pending' };
      if (standingDefinition(definition) !== undefined) return { item, effects: [], look: [] };
      return judged(item, stepOf(item, checkOf(definition, request, seen), seen), {
        phase: request.phase,
        seen,
      });
    }),
  );
}

function versionsOf({ type }: CheckPhase, seen: ChecksSeen): ReadonlyMap<string, string> {
  return type === 'tasks' ? seen.taskDefinitionVersions : seen.evaluationDefinitionVersions;
}

/**
 * The step, with the state of the definition by which an evaluation came to its end: it reads definition and metrics at each
 * attempt, unlike a task, which is made of them at its beginning.
 */
function judged(
  before: ItemStatus,
  step: Step,
  { phase, seen }: { readonly phase: CheckPhase; readonly seen: ChecksSeen },
): Step {
  const { item } = step;
  const hasEnded = isCompleted(item.status) && !isCompleted(before.status);
  const version = versionsOf(phase, seen).get(item.definitionName ?? '');
  if (phase.type !== 'evaluations' || !hasEnded || version === undefined) return step;
  return { ...step, item: { ...item, definitionVersion: version } };
}

function checkOf(definition: string, { phase, context }: Request, seen: ChecksSeen): Child {
  const isTask = phase.type === 'tasks';
  return {
    kind: isTask ? KeptnTask : KeptnEvaluation,
    namespace: context.namespace,
    attempt: context.attempt,
    definitionVersion: versionsOf(phase, seen).get(definition),
    name: (collisionCount) =>
      childName({
        checkType: phase.checkType,
        definition,
        parentUid: context.owner.uid,
        phase: phase.short,
        role: isTask ? 'task' : 'evaluation',
        attempt: context.attempt,
        collisionCount,
      }),
    seen: (name) => (isTask ? seen.tasks : seen.evaluations).get(name),
    make(name) {
      const check = { context, checkType: phase.checkType };
      if (isTask) {
        const found = seen.taskDefinitions.get(definition);
        return found === undefined
          ? definitionMissing('KeptnTaskDefinition', definition, context)
          : created(taskFor(name, found, check));
      }
      const found = seen.evaluationDefinitions.get(definition);
      return found === undefined
        ? definitionMissing('KeptnEvaluationDefinition', definition, context)
        : created(evaluationFor(name, found, check));
    },
    isAsMade(object) {
      const check = { context, checkType: phase.checkType };
      const { name } = object.metadata;
      // Only the definition's name is compared: it may have gone meanwhile.
      const metadata = { name: definition };
      return isCheckAsMade(
        object,
        isTask
          ? taskFor(name, { ...KeptnTaskDefinition, metadata, spec: {} }, check)
          : evaluationFor(
              name,
              { ...KeptnEvaluationDefinition, metadata, spec: { objectives: [] } },
              check,
            ),
      );
    },
  };
}

function created(object: KubernetesObject): Made {
  return { type: 'object', object };
}
