import { describe, expect, test } from 'vitest';
import type {
  KeptnMetric,
  KeptnMetricSpec,
  KeptnMetricStatus,
} from '../../src/api/keptn/metric.ts';
import {
  fetchIntervalMs,
  firstDueAt,
  isWorthWriting,
  type MetricOutcome,
  metricStatus,
} from '../../src/domain/metric.ts';

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
  test('honours what is below Keptn’s ten seconds, and takes ten for nothing', () => {
    const intervalOf = (fetchIntervalSeconds: number) =>
      fetchIntervalMs(aMetric({ fetchIntervalSeconds }));
    expect([1, 5, 30, 0, -3].map(intervalOf)).toEqual([1_000, 5_000, 30_000, 10_000, 10_000]);
  });
});

describe('firstDueAt', () => {
  const updated = { lastUpdated: '2026-01-01T11:59:57Z', observedGeneration: 2 };

  test('is an interval after the stored value, also after a restart', () => {
    expect(firstDueAt(aMetric({}, updated), now)).toBe(now + 7_000);
  });

  test('is now without a value, for a changed spec, and for a time from a clock that was ahead', () => {
    expect(firstDueAt(aMetric(), now)).toBe(now);
    expect(firstDueAt(aMetric({}, { ...updated, observedGeneration: 1 }), now)).toBe(now);
    expect(firstDueAt(aMetric({}, { ...updated, lastUpdated: '2026-01-01T13:00:00Z' }), now)).toBe(
      now,
    );
  });
});

describe('metricStatus', () => {
  test('holds value, raw value and time, and clears the last error', () => {
    expect(metricStatus(aMetric({}, { errMsg: 'old' }), measured('4'), now)).toEqual({
      value: '4',
      rawValue: 'IjQi',
      lastUpdated: '2026-01-01T12:00:00Z',
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

  test('an error leaves the last value standing', () => {
    const status = metricStatus(aMetric({}, { value: '4', rawValue: 'IjQi' }), failed, now);
    expect(status).toMatchObject({
      value: '4',
      rawValue: 'IjQi',
      errMsg: 'no values in query result',
    });
    expect(status.conditions?.[0]).toMatchObject({
      type: 'Ready',
      status: 'False',
      reason: 'QueryFailed',
    });
  });

  test('B13: stored results are kept beside the value, never more than asked for', () => {
    const range = { interval: '5m', storedResults: 2 };
    const old = { value: '1', range, lastUpdated: '2026-01-01T11:00:00Z' };
    const metric = aMetric({ range }, { intervalResults: [old, old, { ...old, value: '3' }] });
    expect(metricStatus(metric, measured('4'), now)).toMatchObject({
      value: '4',
      rawValue: 'IjQi',
      intervalResults: [{ value: '3' }, { value: '4', range, lastUpdated: '2026-01-01T12:00:00Z' }],
    });
  });

  test('B13: a stored error has the range that the schema requires', () => {
    const range = { interval: '5m', storedResults: 2 };
    expect(metricStatus(aMetric({ range }), failed, now).intervalResults).toEqual([
      {
        value: '',
        range,
        lastUpdated: '2026-01-01T12:00:00Z',
        errMsg: 'no values in query result',
      },
    ]);
  });

  test('without stored results the list is not touched', () => {
    expect(
      metricStatus(aMetric({ range: { interval: '5m' } }), measured('4'), now),
    ).not.toHaveProperty('intervalResults');
  });
});

describe('isWorthWriting', () => {
  const before = metricStatus(aMetric(), measured('4'), now);
  const later = (outcome: MetricOutcome, afterMs: number): boolean => {
    const metric = aMetric({}, before);
    return isWorthWriting(before, metricStatus(metric, outcome, now + afterMs), now + afterMs);
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
