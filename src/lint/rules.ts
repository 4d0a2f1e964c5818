import type { KubernetesObject } from '../api/object.ts';
import { shortened } from '../domain/shortened.ts';
import { appRules } from './rules/app-rules.ts';
import { chainRules } from './rules/chain-rules.ts';
import { checkRules } from './rules/check-rules.ts';
import { configRules } from './rules/config-rules.ts';
import { containerRules } from './rules/container-rules.ts';
import { durationRules } from './rules/duration-rules.ts';
import { evaluationRules } from './rules/evaluation-rules.ts';
import { fieldRules } from './rules/field-rules.ts';
import { functionRules } from './rules/function-rules.ts';
import { hostRules } from './rules/host-rules.ts';
import { metricRules } from './rules/metric-rules.ts';
import { numberRules } from './rules/number-rules.ts';
import { objectsWith } from './base/objects-with.ts';
import { referenceRules } from './rules/reference-rules.ts';
import type { Found, Problem, Rule, RuleContext, Severity } from './base/rule.ts';
import { secretRules } from './rules/secret-rules.ts';
import { taskRules } from './rules/task-rules.ts';
import { modeIsUnknown } from './rules/mode-rules.ts';
import { namespaceRules } from './rules/namespace-rules.ts';
import { secretIsPrinted } from './rules/printed-secret-rule.ts';
import { neighbourRules } from './workload/neighbour-rules.ts';
import { workloadRules } from './workload/workload-rules.ts';

/** All rules, in the order in which their problems are reported. */
export const rules: readonly Rule[] = [
  ...functionRules,
  ...chainRules,
  ...referenceRules,
  ...evaluationRules,
  ...checkRules,
  ...metricRules,
  ...durationRules,
  ...numberRules,
  ...containerRules,
  ...secretRules,
  ...taskRules,
  ...appRules,
  ...configRules,
  ...hostRules,
  ...fieldRules,
  modeIsUnknown,
  secretIsPrinted,
  ...workloadRules,
  ...namespaceRules,
  ...neighbourRules,
];

/** What to look for; everything if it is not said. */
export interface Wanted {
  readonly severities?: ReadonlySet<Severity>;
  /** Also the rules of other severities that say so (`hinders`). */
  readonly hindering?: boolean;
  /** Ids of rules that are not asked. */
  readonly without?: ReadonlySet<string>;
}

/** Everything that is wrong with an object, errors first. */
export function problemsOf(
  object: KubernetesObject,
  context: RuleContext,
  wanted: Wanted = {},
): readonly Problem[] {
  const judged = { ...context, lookup: objectsWith(object, context.lookup) };
  const problems = rules
    .filter(({ id, kinds, severity, hinders }) => {
      const isAsked = wanted.severities?.has(severity) ?? true;
      const isWanted =
        (isAsked || (wanted.hindering === true && hinders === true)) && !wanted.without?.has(id);
      return isWanted && kinds.some(({ kind }) => kind === object.kind);
    })
    .flatMap((rule) => rule.check(object, judged).map((found) => problemOf(rule, found)))
    .toSorted((one, other) => order[one.rule.severity] - order[other.rule.severity]);
  // Of a name that could never be right, that nothing has it is no news.
  const wrong = new Set(
    problems.filter(({ rule }) => rule.severity === 'error').map(({ path }) => path),
  );
  return problems.filter(({ rule, path }) => rule.severity !== 'missing' || !wrong.has(path));
}

const order: Readonly<Record<Severity, number>> = {
  error: 0,
  risky: 1,
  doubtful: 2,
  advice: 3,
  missing: 4,
};

const longestPath = 300;
const longestMessage = 1_000;

/** Names and values come from the author of the object, and may be pages long. */
function problemOf(rule: Rule, found: Found): Problem {
  const { path, message } = found;
  return {
    ...found,
    rule,
    path: shortened(path, longestPath),
    message: shortened(message, longestMessage),
  };
}
