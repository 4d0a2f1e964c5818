import { parseGoFloat } from '../go/go-float.ts';

/** Whether a value met its target; an error says why the two could not be compared, which counts as not met. */
export type Comparison = { readonly met: boolean } | { readonly error: string };

/**
 * Compares the text of a metric's value with an evaluation target, Keptn's grammar: `<` or `>`, both strict, directly
 * followed by a number in any spelling Go's ParseFloat reads. NaN on either side meets nothing and is no error. What is
 * wrong is named in Keptn's words and order: missing text, the value, the number, the operator.
 */
export function compareWithTarget(value: string, target: string): Comparison {
  const [operator = ''] = target;
  if (value === '' || operator === '') return { error: 'no values' };
  const measured = parseGoFloat(value);
  if ('error' in measured) return measured;
  if (Number.isNaN(measured.value)) return { met: false };
  const wanted = parseGoFloat(target.slice(operator.length));
  if ('error' in wanted) return wanted;
  if (Number.isNaN(wanted.value)) return { met: false };
  if (operator === '<') return { met: measured.value < wanted.value };
  if (operator === '>') return { met: measured.value > wanted.value };
  return { error: 'invalid operator' };
}

/** Why no value could ever meet this target, in Keptn's words; undefined when one could. For lint and messages. */
export function targetError(target: string): string | undefined {
  const comparison = compareWithTarget('0', target);
  return 'error' in comparison ? comparison.error : undefined;
}
