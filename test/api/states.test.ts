import { describe, expect, it } from 'vitest';
import { isCompleted, keptnStates, stateOf } from '../../src/api/keptn/states.ts';

describe('a state', () => {
  it('is completed when nothing more will happen by itself', () => {
    expect(keptnStates.filter(isCompleted)).toEqual([
      'Succeeded',
      'Failed',
      'Warning',
      'Deprecated',
    ]);
    expect(isCompleted(undefined)).toBe(false);
  });

  it('is what the stored word says', () => {
    expect(keptnStates.map(stateOf)).toEqual([...keptnStates]);
  });

  it.each([
    [undefined, 'Pending'],
    ['', 'Pending'],
    ['succeeded', 'Unknown'],
    ['toString', 'Unknown'],
  ])('stored as %j means %s', (word, state) => {
    expect(stateOf(word)).toBe(state);
  });
});
