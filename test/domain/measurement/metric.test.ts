import { describe, expect, test } from 'vitest';
import type {
  KeptnMetric,
  KeptnMetricSpec,
  KeptnMetricStatus,
} from '../../../src/api/keptn/metric.ts';
import {
  type Asking,
  confirmedStatus,
  fetchIntervalMs,
  firstDueAt,
  isWorthWriting,
  type MetricOutcome,
  metricStatus,
  outdatedStatus,
} from '../../../src/domain/measurement/metric.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

function aMetric(spec: Partial<KeptnMetricSpec> = {}, status?: KeptnMetricStatus): KeptnMetric {
  return {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'KeptnMetric',
    metadata: { namespace: 'shop', name: 'cpu', generation: 2 },
    spec: { provider: { name: 'p' }, query: 'up', fetchIntervalSeconds: 10, ...spec },
    ...(status && { status }),
  };
}

const asking: Asking = { askedAt: now, as: 'a' };

const measured = (value: string): MetricOutcome => ({
  type: 'measured',
  value,
  rawValue: btoa(`"${value}"`),
});
const failed: MetricOutcome = {
  type: 'failed',
  reason: 'QueryFailed',
  message: 'no values in query result',
};

describe('fetchIntervalMs', () => {
  test('honours what is below Keptn’s ten seconds down to five, and takes ten for nothing', () => {
    const intervalOf = (fetchIntervalSeconds: number) =>
      fetchIntervalMs(aMetric({ fetchIntervalSeconds }));
    expect([1, 5, 30, 0, -3].map(intervalOf)).toEqual([5_000, 5_000, 30_000, 10_000, 10_000]);
  });
});

describe('firstDueAt', () => {
  const updated = { lastUpdated: '2026-01-01T11:59:57Z', measuredWith: 'a' };

  test('is an interval after the stored value, also after a restart', () => {
    expect(firstDueAt(aMetric({}, updated), 'a', { now })).toBe(now + 7_000);
  });

  test('is now without a value, for a changed spec, and for a time from a clock that was ahead', () => {
    expect(firstDueAt(aMetric(), 'a', { now })).toBe(now);
    expect(firstDueAt(aMetric({}, updated), 'b', { now })).toBe(now);
    const ahead = { ...updated, lastUpdated: '2026-01-01T13:00:00Z' };
    expect(firstDueAt(aMetric({}, ahead), 'a', { now })).toBe(now);
  });

  test('is neither early nor late after the clock was set, forward or back', () => {
    for (const byMs of [3_600_000, -3_600_000, -6_000]) {
      const clockSteps = [{ fromMs: now, toMs: now + byMs }];
      const moment = { now: now + byMs, clockSteps };
      expect(firstDueAt(aMetric({}, updated), 'a', moment)).toBe(moment.now + 7_000);
    }
  });
});

describe('metricStatus', () => {
  test('holds value, raw value and time, and clears the last error', () => {
    expect(metricStatus(aMetric({}, { errMsg: 'old' }), measured('4'), asking)).toEqual({
      value: '4',
      rawValue: 'IjQi',
      lastUpdated: '2026-01-01T12:00:00Z',
      measuredWith: 'a',
      observedGeneration: 2,
      conditions: [
        expect.objectContaining({
          type: 'Ready',
          status: 'True',
          reason: 'Measured',
          observedGeneration: 2,
        }),
        expect.objectContaining({ type: 'Reconciling', status: 'False' }),
        expect.objectContaining({ type: 'Stalled', status: 'False' }),
      ],
    });
  });

  const last = {
    value: '4',
    rawValue: 'IjQi',
    lastUpdated: '2026-01-01T11:59:50Z',
    measuredWith: 'a',
  };

  test('an error leaves the last value standing with its time, and has a time of its own', () => {
    const status = metricStatus(aMetric({}, last), failed, asking);
    expect(status).toMatchObject({
      ...last,
      errMsg: 'no values in query result',
      lastErrorTime: '2026-01-01T12:00:00Z',
    });
    expect(status.conditions?.[0]).toMatchObject({
      type: 'Ready',
      status: 'False',
      reason: 'QueryFailed',
    });
    expect(metricStatus(aMetric({}, status), measured('4'), asking)).not.toHaveProperty(
      'lastErrorTime',
    );
  });

  test('an error beside a value says when that was confirmed last, though it was not written then', () => {
    const confirmedAt = Date.UTC(2026, 0, 1, 11, 59, 55);
    const status = metricStatus(aMetric({}, last), failed, { ...asking, confirmedAt });
    expect(status.lastUpdated).toBe('2026-01-01T11:59:55Z');
  });

  test('an error takes away a value that was measured with something else, or by nobody knows whom', () => {
    const { measuredWith: _, ...unknown } = last;
    for (const status of [{ ...last, measuredWith: 'b' }, unknown]) {
      const after = metricStatus(aMetric({}, { ...status, intervalResults: [] }), failed, asking);
      expect(after).toMatchObject({ errMsg: 'no values in query result' });
      expect(Object.keys(after)).not.toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^(value|rawValue|lastUpdated|measuredWith|intervalResults)$/),
        ]),
      );
    }
  });

  test('the time of a value is when it was asked for, however long the answer took', () => {
    const asked = { ...asking, askedAt: now - 15_000 };
    expect(metricStatus(aMetric(), measured('4'), asked).lastUpdated).toBe('2026-01-01T11:59:45Z');
  });

  test('B13: stored results are kept beside the value, never more than asked for', () => {
    const range = { interval: '5m', storedResults: 2 };
    const old = { value: '1', range, lastUpdated: '2026-01-01T11:00:00Z' };
    const metric = aMetric(
      { range },
      { ...last, intervalResults: [old, old, { ...old, value: '3' }] },
    );
    expect(metricStatus(metric, measured('4'), asking)).toMatchObject({
      value: '4',
      rawValue: 'IjQi',
      intervalResults: [{ value: '3' }, { value: '4', range, lastUpdated: '2026-01-01T12:00:00Z' }],
    });
  });

  test('B13: a stored error has the range that the schema requires', () => {
    const range = { interval: '5m', storedResults: 2 };
    expect(metricStatus(aMetric({ range }), failed, asking).intervalResults).toEqual([
      {
        value: '',
        range,
        lastUpdated: '2026-01-01T12:00:00Z',
        errMsg: 'no values in query result',
      },
    ]);
  });

  test('says that an interval below five seconds is raised, and no more once it is not', () => {
    const raised = metricStatus(aMetric({ fetchIntervalSeconds: 1 }), measured('4'), asking);
    expect(raised.conditions?.at(-1)).toMatchObject({
      type: 'IntervalRaised',
      status: 'True',
      reason: 'LeastInterval',
      message:
        'spec.fetchIntervalSeconds is 1, but no metric is asked more often than every 5 seconds: this one is asked every 5 seconds.',
    });
    const after = metricStatus(aMetric({ fetchIntervalSeconds: 5 }, raised), measured('4'), asking);
    expect(after.conditions).toHaveLength(3);
  });

  test('without stored results the list is not touched', () => {
    expect(
      metricStatus(aMetric({ range: { interval: '5m' } }), measured('4'), asking),
    ).not.toHaveProperty('intervalResults');
  });
});

describe('outdatedStatus', () => {
  const before = metricStatus(aMetric(), measured('4'), asking);

  test('has no value once query, range or provider are others, and says that the next one is awaited', () => {
    const status = outdatedStatus(aMetric({}, before), 'b', now);
    expect(status).not.toHaveProperty('value');
    expect(status?.conditions?.[1]).toMatchObject({ status: 'True', reason: 'ValuePending' });
  });

  test('is none for a value that belongs to the spec, and for one that Keptn has measured', () => {
    expect(outdatedStatus(aMetric({}, before), 'a', now)).toBeUndefined();
    expect(outdatedStatus(aMetric({}, { value: '4' }), 'a', now)).toBeUndefined();
  });
});

describe('confirmedStatus', () => {
  const before = metricStatus(aMetric(), measured('4'), asking);
  const confirmed = (confirmedAt: number | undefined, as = 'a') =>
    confirmedStatus(aMetric({}, before), { as, confirmedAt })?.lastUpdated;

  test('tells a later time of the same value, and nothing else', () => {
    expect(confirmed(now + 5_000)).toBe('2026-01-01T12:00:05Z');
    expect(confirmed(now + 999)).toBeUndefined();
    expect(confirmed(undefined)).toBeUndefined();
    expect(confirmed(now + 5_000, 'b')).toBeUndefined();
  });
});

describe('isWorthWriting', () => {
  const before = metricStatus(aMetric(), measured('4'), asking);
  const later = (outcome: MetricOutcome, afterMs: number): boolean => {
    const metric = aMetric({}, before);
    const after = metricStatus(metric, outcome, { askedAt: now + afterMs, as: 'a' });
    return isWorthWriting(before, after, now + afterMs);
  };

  test('is a first status, a new value, a new error', () => {
    expect(isWorthWriting(undefined, before, now)).toBe(true);
    expect(later(measured('5'), 1_000)).toBe(true);
    expect(later(failed, 1_000)).toBe(true);
  });

  test('is not the same value again, but for once a minute', () => {
    expect(later(measured('4'), 59_000)).toBe(false);
    expect(later(measured('4'), 60_000)).toBe(true);
  });

  test('is not a raw value alone', () => {
    expect(later({ type: 'measured', value: '4', rawValue: 'other' }, 1_000)).toBe(false);
  });
});
