import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Condition } from '../../src/api/object.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { deadlineOf, exceeded, type Wait, withWaiting } from '../../src/domain/deadline.ts';
import { deadlinesFrom } from '../../src/domain/settings/deadlines.ts';
import { noDeadlines } from '../../src/domain/deadline.ts';

const start = Date.parse('2026-11-29T00:00:00Z');
const aWait = fc.constantFrom<Wait>('definition', 'app', 'metric', 'jobStart');
/** Looks at something that waits, each so many milliseconds after the one before. */
const looks = fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 30 });

/** What a controller does with a wait, look after look, as long as nothing comes. */
function waitThrough(on: Wait, gaps: readonly number[], limitMs: number | undefined) {
  let conditions: Condition[] = [];
  let now = start;
  let writes = 0;
  for (const gap of gaps) {
    now += gap;
    const deadline = deadlineOf(on, conditions, { now, limitMs });
    if (deadline.isOver) return { writes, overAt: now, conditions, deadline };
    const next = withWaiting(conditions, deadline.waiting);
    if (next !== conditions) writes += 1;
    conditions = next;
  }
  return { writes, overAt: undefined, conditions, deadline: undefined };
}

describe('a wait', () => {
  test('is written once, however often it is looked at and whatever its limit', () => {
    fc.assert(
      fc.property(
        aWait,
        looks,
        fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
        (on, gaps, limitMs) => {
          expect(waitThrough(on, gaps, limitMs).writes).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('is over at the first look at or after its deadline, and at none before', () => {
    fc.assert(
      fc.property(aWait, looks, fc.integer({ min: 1_000, max: 3_600_000 }), (on, gaps, limitMs) => {
        const times = gaps.map((_, index) =>
          gaps.slice(0, index + 1).reduce((all, gap) => all + gap, start),
        );
        // The beginning is stored in whole seconds.
        const since = Math.floor((times[0] ?? start) / 1_000) * 1_000;
        const first = times.slice(1).find((at) => at >= since + limitMs);
        expect(waitThrough(on, gaps, limitMs).overAt).toBe(first);
      }),
    );
  });

  test('without a limit is never over, and says that it has no deadline', () => {
    fc.assert(
      fc.property(aWait, looks, (on, gaps) => {
        const { overAt, conditions } = waitThrough(on, gaps, undefined);
        expect(overAt).toBeUndefined();
        expect(conditions[0]?.message).toMatch(/^since [^,]*Z, no deadline$/u);
      }),
    );
  });

  test('asks to be looked at exactly when it is over', () => {
    const begun = deadlineOf('metric', [], { now: start, limitMs: 90_000 });
    const conditions = withWaiting([], begun.waiting);
    const look = { now: start + 60_000, limitMs: 90_000 };
    expect(deadlineOf('metric', conditions, look)).toMatchObject({
      isOver: false,
      wakeAfterMs: 30_000,
    });
  });

  test('of another kind begins anew', () => {
    const conditions = withWaiting([], deadlineOf('app', [], at(0)).waiting);
    const next = withWaiting(conditions, deadlineOf('definition', conditions, at(50_000)).waiting);
    expect(next).toHaveLength(1);
    expect(next[0]).toMatchObject({
      reason: 'DefinitionAwaited',
      lastTransitionTime: '2026-11-29T00:00:50Z',
    });
  });

  test('takes another limit from its beginning, and says the new end', () => {
    const conditions = withWaiting([], deadlineOf('app', [], at(0)).waiting);
    const raised = deadlineOf('app', conditions, { now: start + 100_000, limitMs: 300_000 });
    expect(raised.isOver).toBe(false);
    expect(withWaiting(conditions, raised.waiting)[0]?.message).toContain(
      'until 2026-11-29T00:05:00Z; then it fails with the reason AppDeadlineExceeded',
    );
    const lowered = deadlineOf('app', conditions, { now: start + 100_000, limitMs: 10_000 });
    expect(exceeded(lowered, 'no app')).toEqual({
      reason: 'AppDeadlineExceeded',
      message: 'no app (waited since 2026-11-29T00:00:00Z until 2026-11-29T00:00:10Z)',
    });
  });

  test('is not shortened by a clock that was set forward, nor prolonged by one that was set back', () => {
    const conditions = withWaiting([], deadlineOf('app', [], at(0)).waiting);
    const hour = 3_600_000;
    const forward = { fromMs: start + 10_000, toMs: start + hour };
    const after = { now: start + hour + 10_000, limitMs: 60_000, clockSteps: [forward] };
    expect(deadlineOf('app', conditions, after).wakeAfterMs).toBe(40_000);
    const back = { fromMs: start + 10_000, toMs: start - hour };
    const before = { now: start - hour + 10_000, limitMs: 60_000, clockSteps: [back] };
    expect(deadlineOf('app', conditions, before).wakeAfterMs).toBe(40_000);
  });

  test('that is over leaves no condition', () => {
    const conditions = withWaiting([], deadlineOf('app', [], at(0)).waiting);
    expect(conditionOf({ status: { conditions } }, 'Waiting')).toBeDefined();
    expect(withWaiting(conditions, undefined)).toEqual([]);
  });
});

const at = (afterMs: number) => ({ now: start + afterMs, limitMs: 60_000 });

describe('the limits that hold', () => {
  test('are those of the nearest that says one; 0s switches one off that the cluster has', () => {
    const ofCluster = { ...noDeadlines, app: 1_000, metric: 2_000 };
    const own = { app: '0s', definition: '5m' };
    const ofNamespace = { app: '10m', definition: '1m', jobStart: '30s' };
    expect(deadlinesFrom([own, ofNamespace], ofCluster)).toEqual({
      definition: 300_000,
      app: undefined,
      metric: 2_000,
      jobStart: 30_000,
    });
  });

  test('are not those of a text that is no duration, or a negative one', () => {
    const stated = [{ app: 'soon', metric: '-5m' }, { app: '1m' }];
    expect(deadlinesFrom(stated, noDeadlines)).toEqual({ ...noDeadlines, app: 60_000 });
  });
});
