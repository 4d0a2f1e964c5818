import type { KeptnState } from '../../api/keptn/states.ts';

/** The state of one item; an empty one counts as Pending, as in Keptn. */
export type ItemState = KeptnState | '' | undefined;

/**
 * Keptn's aggregation of the items of a phase (`GetOverallState`): the first that applies. `total` is the number of items
 * expected; Warning items are not counted, no items at all are Succeeded.
 */
export function overallState(items: readonly ItemState[], total: number): KeptnState {
  const states = items.map((state) => (state === undefined || state === '' ? 'Pending' : state));
  const has = (state: KeptnState): boolean => states.includes(state);
  if (has('Failed') || has('Deprecated')) return 'Failed';
  if (has('Progressing')) return 'Progressing';
  if (has('Pending')) return 'Pending';
  if (has('Unknown')) return 'Unknown';
  const counted = states.filter((state) => state !== 'Warning').length;
  return counted === total ? 'Succeeded' : 'Pending';
}
