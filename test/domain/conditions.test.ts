import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  isTrue,
  progressConditions,
  withCondition,
  withoutCondition,
  withProgress,
} from '../../src/domain/conditions.ts';

const start = Date.UTC(2026, 0, 1);
const later = start + 60_000;
const waits = { type: 'Ready', status: 'False', reason: 'Waiting', message: 'for rain' } as const;

describe('a condition', () => {
  const first = withCondition(undefined, waits, start);

  test('is dated when it appears', () => {
    expect(first).toEqual([{ ...waits, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  });

  test('that says the same again changes nothing, not even the array', () => {
    expect(withCondition(first, waits, later)).toBe(first);
  });

  test('keeps its date while its status stays', () => {
    const change = { ...waits, reason: 'StillWaiting', observedGeneration: 2 };
    expect(withCondition(first, change, later)).toEqual([
      { ...change, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
  });

  test('is dated anew when its status changes, in its place', () => {
    const two = withCondition(first, { ...waits, type: 'Other' }, start);
    const changed = withCondition(two, { ...waits, status: 'True' }, later);
    expect(changed.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', '2026-01-01T00:01:00Z'],
      ['Other', '2026-01-01T00:00:00Z'],
    ]);
  });

  test('is found by its type', () => {
    const object = { status: { conditions: first } };
    expect(conditionOf(object, 'Ready')?.reason).toBe('Waiting');
    expect(conditionOf(undefined, 'Ready')).toBeUndefined();
    expect(isTrue(object, 'Ready')).toBe(false);
    expect(
      isTrue(
        { status: { conditions: withCondition(first, { ...waits, status: 'True' }, later) } },
        'Ready',
      ),
    ).toBe(true);
  });

  test('can be withdrawn', () => {
    expect(withoutCondition(first, 'Ready')).toEqual([]);
    expect(withoutCondition(first, 'Other')).toBe(first);
  });
});

describe('progress', () => {
  const statuses = (
    kind: 'succeeded' | 'failed' | 'waiting' | 'stalled',
    positive: 'Succeeded' | 'Ready',
  ) =>
    progressConditions({ kind, reason: 'R', message: 'm' }, positive).map(
      ({ type, status }) => `${type}=${status}`,
    );

  test.each([
    ['succeeded', ['Succeeded=True', 'Reconciling=False', 'Stalled=False']],
    ['failed', ['Succeeded=False', 'Reconciling=False', 'Stalled=True']],
    ['waiting', ['Succeeded=Unknown', 'Reconciling=True', 'Stalled=False']],
    ['stalled', ['Succeeded=Unknown', 'Reconciling=False', 'Stalled=True']],
  ] as const)('%s of something that ends', (kind, want) => {
    expect(statuses(kind, 'Succeeded')).toEqual(want);
  });

  test.each([
    ['succeeded', ['Ready=True', 'Reconciling=False', 'Stalled=False']],
    ['failed', ['Ready=False', 'Reconciling=False', 'Stalled=True']],
    ['waiting', ['Ready=False', 'Reconciling=True', 'Stalled=False']],
    ['stalled', ['Ready=False', 'Reconciling=False', 'Stalled=True']],
  ] as const)('%s of something that lives on', (kind, want) => {
    expect(statuses(kind, 'Ready')).toEqual(want);
  });

  test('is stated for a generation, with reason and message everywhere, once', () => {
    const progress = { kind: 'waiting', reason: 'R', message: 'm' } as const;
    const of = { metadata: { generation: 3 } };
    const stated = withProgress(undefined, progress, { now: start, of });
    expect(
      stated.every(({ reason, observedGeneration }) => reason === 'R' && observedGeneration === 3),
    ).toBe(true);
    expect(withProgress(stated, progress, { now: later, of })).toBe(stated);
  });
});
