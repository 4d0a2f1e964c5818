import type { Problem } from '../lint/base/rule.ts';
import { allow, deny, type Verdict, warn } from './verdict.ts';

/**
 * What becomes of an object with these problems: errors refuse it, everything else is a warning. In strict mode only what is
 * missing is let in, because objects may arrive in any order, and what is mere advice.
 */
export function verdictOn(
  problems: readonly Problem[],
  { subject, isStrict }: { readonly subject: string; readonly isStrict: boolean },
): Verdict {
  const isRefused = ({ rule: { severity } }: Problem): boolean =>
    severity === 'error' || (isStrict && severity !== 'missing' && severity !== 'advice');
  const refused = problems.filter(isRefused);
  const warnings = warningsOf(problems.filter((problem) => !isRefused(problem)));
  if (refused.length === 0) return warnings.length === 0 ? allow() : warn(...warnings);
  const causes = refused.slice(0, mostCauses).map(({ rule, path, message }) => ({
    path,
    message: rule.severity === 'error' ? message : `${message} (strictValidation is on)`,
  }));
  const more = refused.length - causes.length;
  const rest = more > 0 ? [{ path: 'spec', message: `has ${more} more problems like these` }] : [];
  return deny(subject, [...causes, ...rest], warnings);
}

/** Thousands of them would not be read, and would have to be carried all the way. */
const mostCauses = 50;

/** The API server cuts warnings off at 256 characters each and 4,096 in all: more of them would not be read anyway. */
const mostWarnings = 12;

/** The API server drops a warning with a line break or the like in it, without a word. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

/**
 * What is not there may stand further down in the same file: said is what is true now, and once for each object that is waited
 * for, however often it is named.
 */
function atThisMoment(problems: readonly Problem[]): readonly string[] {
  const named = Map.groupBy(
    problems,
    ({ path, message, pending }) => pending ?? `${path}: ${message}`,
  );
  return [...named].map(([text, [first, ...more]]) => {
    if (first?.pending === undefined) return text;
    const others = new Set(more.map(({ path }) => path).filter((path) => path !== first.path)).size;
    return `${first.path}${others > 0 ? ` and ${others} more` : ''}: ${text}`;
  });
}

/** One line per problem, the first of them if there are many. */
export function warningsOf(problems: readonly Problem[]): readonly string[] {
  const lines = [...new Set(atThisMoment(problems).map(printable))];
  if (lines.length <= mostWarnings) return lines;
  const shown = lines.slice(0, mostWarnings - 1);
  return [...shown, `and ${lines.length - shown.length} more problems like these`];
}
