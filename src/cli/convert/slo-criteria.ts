/**
 * Criteria of a Keptn v1 SLO (`<=600`) and what they are as targets of an AnalysisDefinition. Keptn v1 says when an objective
 * passes; a target says when it fails or warns.
 */

/** What a value must be to meet a criterion, or several at once. */
export interface Window {
  readonly low?: Bound;
  readonly high?: Bound;
}

interface Bound {
  readonly value: number;
  readonly isInside: boolean;
}

/** The one operator of a target, as `spec.objectives[].target.failure` has it. */
export type Operator = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A criterion that no value can be compared with; the message names it. */
export class CriterionInvalid extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CriterionInvalid';
  }
}

/** The window of values that meet all criteria of a block. Throws `CriterionInvalid`. */
export function windowOf(criteria: readonly string[]): Window {
  return criteria.map(windowOfOne).reduce<Window>((all, one) => {
    if ((all.low && one.low) ?? (all.high && one.high)) {
      throw new CriterionInvalid(
        `${criteria.join(' and ')} bound the value twice in one direction; keep the one that is meant`,
      );
    }
    return { ...all, ...one };
  }, {});
}

function windowOfOne(criterion: string): Window {
  const [, sign = '', digits = ''] = /^(<=|<|>=|>|=)?(.*)$/u.exec(criterion) ?? [];
  const value = Number(digits);
  if (sign === '' || digits === '' || !Number.isFinite(value)) {
    throw new CriterionInvalid(
      `"${criterion}" is no comparison; write <, <=, =, >= or > and a number`,
    );
  }
  const bound = { value, isInside: sign.endsWith('=') };
  if (sign === '=') return { low: bound, high: bound };
  return sign.startsWith('<') ? { high: bound } : { low: bound };
}

/** Whether every value of the inner window is in the outer one, the bounds themselves left aside. */
export function contains(outer: Window, inner: Window): boolean {
  return (
    (outer.low?.value ?? -Infinity) <= (inner.low?.value ?? -Infinity) &&
    (outer.high?.value ?? Infinity) >= (inner.high?.value ?? Infinity)
  );
}

/** The operator that is true for values outside of the window; undefined for a window without bounds. */
export function outside({ low, high }: Window): Operator | undefined {
  if (low !== undefined && high !== undefined) return { notInRange: range(low, high) };
  if (high !== undefined) return one(high.isInside ? 'greaterThan' : 'greaterThanOrEqual', high);
  if (low !== undefined) return one(low.isInside ? 'lessThan' : 'lessThanOrEqual', low);
  return undefined;
}

/** The operator that is true for values inside of the window; undefined for a window without bounds. */
export function inside({ low, high }: Window): Operator | undefined {
  if (low !== undefined && high !== undefined) return { inRange: range(low, high) };
  if (high !== undefined) return one(high.isInside ? 'lessThanOrEqual' : 'lessThan', high);
  if (low !== undefined) return one(low.isInside ? 'greaterThanOrEqual' : 'greaterThan', low);
  return undefined;
}

/** What lies in neither of two windows, of which a value may be in the one or the other; undefined where nothing does. */
export function between(first: Window, second: Window): Operator | undefined {
  const [below, above] = first.high === undefined ? [second, first] : [first, second];
  const isGap =
    below.low === undefined &&
    above.high === undefined &&
    below.high !== undefined &&
    above.low !== undefined;
  if (isGap && below.high.value <= above.low.value) {
    return { inRange: range(below.high, above.low) };
  }
  if (contains(first, second)) return outside(first);
  return contains(second, first) ? outside(second) : undefined;
}

const one = (operator: string, { value }: Bound): Operator => ({
  [operator]: { fixedValue: String(value) },
});

const range = (low: Bound, high: Bound) => ({
  lowBound: String(low.value),
  highBound: String(high.value),
});
