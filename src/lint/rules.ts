import type { KubernetesObject } from '../api/object.ts';
import { referenceRules } from './reference-rules.ts';
import type { Problem, Rule, RuleContext, Severity } from './rule.ts';

/** All rules, in the order in which their problems are told. */
export const rules: readonly Rule[] = [...referenceRules];

/** What to look for; everything if it is not said. */
export interface Wanted {
  readonly severities?: ReadonlySet<Severity>;
}

/** Everything that is wrong with an object, errors first. */
export function problemsOf(
  object: KubernetesObject,
  context: RuleContext,
  wanted: Wanted = {},
): readonly Problem[] {
  const problems = rules
    .filter(({ kinds, severity }) => {
      const isWanted = wanted.severities?.has(severity) ?? true;
      return isWanted && kinds.some(({ kind }) => kind === object.kind);
    })
    .flatMap((rule) => rule.check(object, context).map((found) => ({ rule, ...found })))
    .toSorted((one, other) => order[one.rule.severity] - order[other.rule.severity]);
  // Of a name that could never be right, that nothing has it is no news.
  const wrong = new Set(
    problems.filter(({ rule }) => rule.severity === 'error').map(({ path }) => path),
  );
  return problems.filter(({ rule, path }) => rule.severity !== 'missing' || !wrong.has(path));
}

const order: Readonly<Record<Severity, number>> = { error: 0, risky: 1, doubtful: 2, missing: 3 };
