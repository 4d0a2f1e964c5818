import { describe, expect, test } from 'vitest';
import type { KeptnMetricSpec, KeptnMetricStatus } from '../../../src/api/keptn/metric.ts';
import { measuredWith } from '../../../src/domain/measurement/measured-with.ts';
import {
  type AtAttempt,
  type Measurement,
  usableValue,
} from '../../../src/domain/measurement/usable-value.ts';
import { boundsFor } from '../../../src/domain/measurement/value-bounds.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import {
  aMetric,
  aMetricsProvider,
  anEvaluation,
  anEvaluationDefinition,
} from '../../support/builders/builders.ts';

const now = Date.UTC(2026, 0, 1, 12);
const spec = { provider: { name: 'prometheus' }, query: 'cpu_load', fetchIntervalSeconds: 10 };
const provider = aMetricsProvider();

const valueOf = (ageMs: number, more: Partial<KeptnMetricStatus> = {}): KeptnMetricStatus => ({
  value: '5',
  rawValue: 'IjUi',
  lastUpdated: rfc3339(now - ageMs),
  measuredWith: measuredWith(spec, provider),
  ...more,
});

function seen(
  status: KeptnMetricStatus,
  change: { spec?: Partial<KeptnMetricSpec>; provider?: typeof provider } = {},
): Measurement {
  const object = aMetric({ spec: { ...spec, ...change.spec }, status });
  return {
    objective: { keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>4' },
    metric: { name: 'cpu', namespaces: ['shop'], object, unread: [] },
    provider: change.provider ?? provider,
  };
}

const at: AtAttempt = { bounds: { maxAgeMs: undefined }, now, judgedAt: undefined };
const reasonOf = (measurement: Measurement, how: Partial<AtAttempt> = {}): string => {
  const usable = usableValue(measurement, { ...at, ...how });
  return usable.type === 'value' ? 'value' : usable.reason;
};

test('no value is taken from a namespace that the evaluation may not read, and why is said', () => {
  const keptnMetricRef = { name: 'cpu', namespace: 'bank' };
  const measurement: Measurement = {
    objective: { keptnMetricRef, evaluationTarget: '>4' },
    metric: { name: 'cpu', namespaces: [], object: undefined, unread: [] },
    provider: undefined,
  };
  expect(usableValue(measurement, at)).toMatchObject({
    reason: 'MetricForbidden',
    message:
      'keptnMetricRef.namespace: "bank" is not read; move KeptnMetric cpu into the namespace of the evaluation or of Sluice',
  });
});

describe('a value counts', () => {
  test('up to two fetch intervals of its metric, or the age that is set', () => {
    expect([0, 20_000, 21_000].map((age) => reasonOf(seen(valueOf(age))))).toEqual([
      'value',
      'value',
      'ValueTooOld',
    ]);
    const bounds = { maxAgeMs: 60_000 };
    expect([60_000, 61_000].map((age) => reasonOf(seen(valueOf(age)), { bounds }))).toEqual([
      'value',
      'ValueTooOld',
    ]);
  });

  test('for two days where a metric is asked for once a day', () => {
    const daily = { fetchIntervalSeconds: 86_400 };
    const hours = (count: number) => reasonOf(seen(valueOf(count * 3_600_000), { spec: daily }));
    expect([hours(47), hours(49)]).toEqual(['value', 'ValueTooOld']);
  });

  test('while a later query fails, and no longer than without the failure', () => {
    const errMsg = 'connection refused';
    expect(reasonOf(seen(valueOf(20_000, { errMsg })))).toBe('value');
    expect(usableValue(seen(valueOf(21_000, { errMsg })), at)).toMatchObject({
      reason: 'QueryFailed',
      failed: true,
      message:
        'the last value of cpu, 5 of 2026-01-01T11:59:39Z, is older than 20s (two fetch intervals) (the last query failed: connection refused)',
    });
  });

  test('only for the query, the range and the provider that it was measured with', () => {
    const elsewhere = aMetricsProvider({ spec: { type: 'prometheus', targetServer: 'http://b' } });
    const range = { interval: '5m' };
    expect(reasonOf(seen(valueOf(0), { spec: { query: 'up' } }))).toBe('ValuePending');
    expect(reasonOf(seen(valueOf(0), { spec: { range } }))).toBe('ValuePending');
    expect(reasonOf(seen(valueOf(0), { provider: elsewhere }))).toBe('ValuePending');
    expect(reasonOf(seen(valueOf(0), { spec: { fetchIntervalSeconds: 60 } }))).toBe('value');
  });

  test('not when Keptn measured it, of which nobody knows with what', () => {
    const { measuredWith: _, ...keptns } = valueOf(0);
    expect(reasonOf(seen(keptns))).toBe('ValuePending');
  });

  test('not when its time is still to come, as the clock of an earlier leader said', () => {
    expect(reasonOf(seen(valueOf(-1_000)))).toBe('ValuePending');
  });

  test('for one attempt, by the second, unless the time of that is still to come', () => {
    expect(reasonOf(seen(valueOf(0)), { judgedAt: rfc3339(now) })).toBe('ValueJudged');
    expect(reasonOf(seen(valueOf(0)), { judgedAt: rfc3339(now - 1_000) })).toBe('value');
    expect(reasonOf(seen(valueOf(0)), { judgedAt: rfc3339(now + 60_000) })).toBe('value');
  });

  test('in a post-deployment evaluation only if it was measured after the start of the deployment', () => {
    const since = (startedAtMs: number, minTimeMs = 0): string => {
      const bounds = { maxAgeMs: undefined, deployment: { startedAtMs, minTimeMs } };
      return reasonOf(seen(valueOf(5_000)), { bounds });
    };
    expect(since(now - 6_000)).toBe('value');
    expect(since(now - 5_000)).toBe('ValueBeforeDeployment');
    expect(since(now - 6_000, 1_000)).toBe('ValueBeforeDeployment');
    expect(since(now, -10_000)).toBe('value');
  });

  test('what waits names both bounds and the earliest moment at which a measurement would do', () => {
    const deployment = { startedAtMs: now - 2_000, minTimeMs: 30_000 };
    const bounds = { maxAgeMs: undefined, deployment };
    expect(usableValue(seen(valueOf(5_000)), { ...at, bounds })).toMatchObject({
      reason: 'ValueBeforeDeployment',
      fromMs: now + 29_000,
      message:
        'the last value of cpu, 5 of 2026-01-01T11:59:55Z, was not measured after the start of the deployment, 2026-01-01T11:59:58Z and 30s (minTimeAfterDeployment)',
    });
  });
});

describe('boundsFor', () => {
  const settings = { maxValueAgeMs: 60_000, minTimeAfterDeploymentMs: 5_000 };
  const from = { settings, deploymentStartedAtMs: now };
  const post = anEvaluation({ spec: { checkType: 'post-eval' } });

  test('takes what the definition says before what the KeptnConfig says', () => {
    const definition = anEvaluationDefinition({
      spec: { maxValueAge: '10s', minTimeAfterDeployment: '-1m' },
    });
    expect(boundsFor(post, definition, from)).toEqual({
      maxAgeMs: 10_000,
      deployment: { startedAtMs: now, minTimeMs: -60_000 },
    });
    expect(boundsFor(post, anEvaluationDefinition(), from)).toEqual({
      maxAgeMs: 60_000,
      deployment: { startedAtMs: now, minTimeMs: 5_000 },
    });
  });

  test('has no start of a deployment for other evaluations, and takes no text that is no duration', () => {
    const definition = anEvaluationDefinition({ spec: { maxValueAge: 'soon' } });
    expect(boundsFor(anEvaluation(), definition, from)).toEqual({ maxAgeMs: 60_000 });
  });
});
