import { expect, test } from 'vitest';
import { overallState, type ItemState } from '../../../src/domain/phase/overall-state.ts';

test.each<[readonly ItemState[], number, string]>([
  [[], 0, 'Succeeded'],
  [['Succeeded', 'Succeeded'], 2, 'Succeeded'],
  [['Succeeded'], 2, 'Pending'],
  [['Warning'], 1, 'Pending'],
  [['Succeeded', 'Unknown'], 2, 'Unknown'],
  [['Unknown', ''], 2, 'Pending'],
  [['Unknown', undefined], 2, 'Pending'],
  [['Pending', 'Progressing'], 2, 'Progressing'],
  [['Progressing', 'Failed'], 2, 'Failed'],
  [['Progressing', 'Deprecated'], 5, 'Failed'],
])('%j of %d is %s', (items, total, want) => {
  expect(overallState(items, total)).toBe(want);
});
