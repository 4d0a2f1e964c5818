import { ruleContextOf } from '../../lint/base/rule-context.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { warningsOf } from '../../admission/judgement.ts';
import { functionRefOf } from '../../domain/job/function-source.ts';
import { isLegalName } from '../../domain/names.ts';
import type { Problem, RuleContext } from '../../lint/base/rule.ts';
import { problemsOf } from '../../lint/rules.ts';
import { lookupOver } from '../command/snapshot.ts';
import type { TaskObjects } from './task-objects.ts';
import { BadInput } from '../../process/terminal.ts';

/**
 * What a cluster says when the definition that is run, and those it refers to for its function, are applied: its warnings.
 * Throws `BadInput` with what it would refuse, by the same rules.
 */
export function admitted(
  definition: KeptnTaskDefinition,
  { definitions }: Pick<TaskObjects, 'definitions'>,
): readonly string[] {
  const context = contextOf([...definitions.values()]);
  const judged = chainFrom(definition, definitions).map((one) => ({
    name: one.metadata.name,
    problems: problemsOf(one, context, { severities: told }),
  }));
  const refused = judged.flatMap(({ name, problems }) => [
    ...(isLegalName(name)
      ? []
      : [`${name}: metadata.name: write lower-case letters, digits, - and . only`]),
    ...linesOf(name, problems.filter(isError)),
  ]);
  if (refused.length > 0) throw new BadInput(refused.join('\n'));
  return judged.flatMap(({ name, problems }) => linesOf(name, problems));
}

const told = new Set(['error', 'doubtful', 'risky'] as const);

function isError({ rule }: Problem): boolean {
  return rule.severity === 'error';
}

function linesOf(name: string, problems: readonly Problem[]): readonly string[] {
  return warningsOf(problems).map((line) => `${name}: ${line}`);
}

/** Namespaces of files are not told apart; a file need not hold all there is. */
function contextOf(definitions: readonly KubernetesObject[]): RuleContext {
  const namespace = 'default';
  const together = definitions.map((one) => ({
    ...one,
    metadata: { ...one.metadata, namespace },
  }));
  const places = { operatorNamespace: namespace, definitionsNamespace: namespace };
  return ruleContextOf(lookupOver(together), places, () => false);
}

/** A definition and those it refers to, each once. */
function chainFrom(
  definition: KeptnTaskDefinition,
  definitions: TaskObjects['definitions'],
): readonly KeptnTaskDefinition[] {
  const chain = new Set<KeptnTaskDefinition>();
  let next: KeptnTaskDefinition | undefined = definition;
  while (next !== undefined && !chain.has(next)) {
    chain.add(next);
    next = definitions.get(functionRefOf(next) ?? '');
  }
  return [...chain].map((one) => ({
    ...one,
    metadata: { ...one.metadata, namespace: 'default' },
  }));
}
