import { typed, type Keywords } from '../schema.ts';

/** The state words of Keptn's status fields. */
export const keptnStates = [
  'Pending',
  'Progressing',
  'Succeeded',
  'Failed',
  'Warning',
  'Deprecated',
  'Unknown',
] as const;

export type KeptnState = (typeof keptnStates)[number];

/** Nothing more will happen by itself: Succeeded, Failed, Warning or Deprecated. */
export function isCompleted(state: KeptnState | undefined): boolean {
  return (
    state === 'Succeeded' || state === 'Failed' || state === 'Warning' || state === 'Deprecated'
  );
}

/** The state that a stored word stands for: absent and empty mean Pending, a word Keptn does not have means Unknown. */
export function stateOf(word: string | undefined): KeptnState {
  if (word === undefined || word === '') return 'Pending';
  return keptnStates.find((state) => state === word) ?? 'Unknown';
}

/**
 * A field that holds a state. The API server checks no list, as in Keptn, where such a field may be empty: read what others
 * may have written through `stateOf`.
 */
export const stateWord = (description: string, keywords: Keywords = {}) =>
  typed<KeptnState>({ type: 'string', description, ...keywords });

/** A field that holds a state and is Pending until something else is known. */
export const state = (description: string) => stateWord(description, { default: 'Pending' });
