import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import type { KeptnEvaluation, KeptnEvaluationStatus } from '../../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import {
  decideEvaluation,
  type EvaluationObservation,
} from '../../../src/domain/evaluation/evaluation.ts';
import { measuredWith } from '../../../src/domain/measurement/measured-with.ts';
import type { Measurement } from '../../../src/domain/measurement/usable-value.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import { aMetricsProvider } from '../../support/builders/builders.ts';
import { followUpsSeen } from '../../support/observed/follow-ups-seen.ts';

const start = Date.UTC(2026, 0, 1, 12, 0, 0, 250);

const noQueries = { providers: [], metrics: [], refusals: new Map() };

function anEvaluation(
  spec: Partial<KeptnEvaluation['spec']> = {},
  status?: KeptnEvaluationStatus,
): KeptnEvaluation {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnEvaluation',
    metadata: {
      namespace: 'shop',
      name: 'pre-eval-fast',
      uid: 'e1',
      resourceVersion: '5',
      generation: 1,
    },
    spec: {
      appName: 'shop',
      workload: 'shop-cart',
      workloadVersion: '1.0',
      evaluationDefinition: 'fast',
      retries: 3,
      retryInterval: '5s',
      ...spec,
    },
    ...(status && { status }),
  };
}

function aMetric(status: KeptnMetric['status']): KeptnMetric {
  return {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'KeptnMetric',
    metadata: { namespace: 'shop', name: 'cpu' },
    spec: { provider: { name: 'p' }, query: 'up', fetchIntervalSeconds: 5 },
    ...(status && { status }),
  };
}

const provider = aMetricsProvider();

/** A status with this value, measured at this moment with what the metric says. */
const statusWith = (value: string, at = start) => ({
  value,
  rawValue: 'IjQi',
  lastUpdated: rfc3339(at),
  measuredWith: measuredWith(aMetric(undefined).spec, provider),
});

/** An objective on a metric that was measured at this value just now; undefined is a metric that is missing. */
function measured(value: string | undefined, evaluationTarget = '>4', name = 'cpu'): Measurement {
  const object = value === undefined ? undefined : aMetric(statusWith(value));
  return {
    objective: { keptnMetricRef: { name }, evaluationTarget },
    metric: { name, namespaces: ['shop', 'keptn-system'], object, unread: [] },
    provider,
  };
}

/** The measurement as if it were made at this moment. */
function madeAt(now: number, measurement: Measurement): Measurement {
  const { object } = measurement.metric;
  const value = object?.status?.value;
  if (object === undefined || value === undefined) return measurement;
  return {
    ...measurement,
    metric: { ...measurement.metric, object: aMetric(statusWith(value, now)) },
  };
}

function seen(
  evaluation: KeptnEvaluation,
  measurements: readonly Measurement[],
  now = start,
): EvaluationObservation {
  const object: KeptnEvaluationDefinition = {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnEvaluationDefinition',
    metadata: { namespace: 'shop', name: 'fast' },
    spec: { objectives: measurements.map(({ objective }) => objective) },
  };
  return {
    now,
    evaluation,
    definition: { name: 'fast', namespaces: ['shop', 'keptn-system'], object, unread: [] },
    measurements: measurements.map((measurement) => madeAt(now, measurement)),
    bounds: { maxAgeMs: undefined },
    isSuperseded: false,
    isAborted: false,
    queries: noQueries,
    followUps: followUpsSeen(),
  };
}

function missingDefinition(evaluation: KeptnEvaluation, now = start): EvaluationObservation {
  const definition = {
    name: 'fast',
    namespaces: ['shop', 'keptn-system'],
    object: undefined,
    unread: [],
  };
  return {
    now,
    evaluation,
    definition,
    measurements: [],
    bounds: { maxAgeMs: undefined },
    isSuperseded: false,
    isAborted: false,
    queries: noQueries,
    followUps: followUpsSeen(),
  };
}

const statusIn = (plan: Plan): KeptnEvaluationStatus => {
  if (plan.status === undefined) throw new Error('the plan writes no status');
  return plan.status.to as KeptnEvaluationStatus;
};

const after = (evaluation: KeptnEvaluation, plan: Plan): KeptnEvaluation => ({
  ...evaluation,
  status: statusIn(plan),
});

describe('decideEvaluation', () => {
  test('met objectives end the evaluation in one write', () => {
    const plan = decideEvaluation(seen(anEvaluation(), [measured('5')]));
    expect(plan.status?.resourceVersion).toBe('5');
    expect(statusIn(plan)).toEqual({
      retryCount: 1,
      overallStatus: 'Succeeded',
      evaluationStatus: {
        cpu: {
          value: '5',
          status: 'Succeeded',
          message: "value '5' met objective '>4'",
          measuredAt: '2026-01-01T12:00:00Z',
        },
      },
      startTime: '2026-01-01T12:00:00Z',
      endTime: '2026-01-01T12:00:00Z',
      attempt: 1,
      observedGeneration: 1,
      conditions: [
        expect.objectContaining({ type: 'Succeeded', status: 'True', reason: 'ObjectivesMet' }),
        expect.objectContaining({ type: 'Reconciling', status: 'False' }),
        expect.objectContaining({ type: 'Stalled', status: 'False' }),
      ],
    });
    expect(plan.wakeAfterMs).toBeUndefined();
  });

  test('a missed objective is measured again after the retry interval, and the status says when and why', () => {
    const plan = decideEvaluation(seen(anEvaluation(), [measured('3')]));
    expect(plan.wakeAfterMs).toBe(5_000);
    expect(statusIn(plan)).toMatchObject({
      retryCount: 1,
      overallStatus: 'Progressing',
      nextAttemptTime: '2026-01-01T12:00:05.250Z',
      evaluationStatus: {
        cpu: { value: '3', status: 'Failed', message: "value '3' did not meet objective '>4'" },
      },
    });
    expect(statusIn(plan).conditions?.[1]).toMatchObject({
      type: 'Reconciling',
      status: 'True',
      reason: 'ObjectivesNotMet',
      message:
        "cpu: value '3' did not meet objective '>4' (attempt 1 of 3, next at 2026-01-01T12:00:05Z)",
    });
  });

  test('nothing is counted or written before the next attempt is due, whatever wakes it', () => {
    const first = decideEvaluation(seen(anEvaluation(), [measured('3')]));
    const waiting = after(anEvaluation(), first);
    expect(decideEvaluation(seen(waiting, [measured('5')], start + 2_000))).toEqual({
      wakeAfterMs: 3_000,
    });
  });

  test('a restart neither loses nor adds an attempt: the next one is due when the status says', () => {
    const waiting = after(anEvaluation(), decideEvaluation(seen(anEvaluation(), [measured('3')])));
    const restored = JSON.parse(JSON.stringify(waiting)) as KeptnEvaluation;
    expect(decideEvaluation(seen(restored, [measured('3')], start + 4_999)).wakeAfterMs).toBe(1);
    expect(
      statusIn(decideEvaluation(seen(restored, [measured('3')], start + 5_000))).retryCount,
    ).toBe(2);
    // Down for an hour: one attempt, not as many as would have fitted.
    expect(
      statusIn(decideEvaluation(seen(restored, [measured('3')], start + 3_600_000))).retryCount,
    ).toBe(2);
  });

  test('a next attempt further away than the interval is due now', () => {
    const waiting = after(anEvaluation(), decideEvaluation(seen(anEvaluation(), [measured('3')])));
    expect(
      statusIn(decideEvaluation(seen(waiting, [measured('3')], start - 3_600_000))).retryCount,
    ).toBe(2);
  });

  test('the last attempt decides at once: Failed, with Keptn’s two Events', () => {
    const before = { retryCount: 2, evaluationStatus: {}, overallStatus: 'Progressing' } as const;
    const plan = decideEvaluation(
      seen(anEvaluation({}, before), [measured('3'), measured('1', '>2', 'mem')]),
    );
    expect(statusIn(plan)).toMatchObject({
      retryCount: 3,
      overallStatus: 'Failed',
      endTime: '2026-01-01T12:00:00Z',
    });
    expect(statusIn(plan)).not.toHaveProperty('nextAttemptTime');
    expect(statusIn(plan).conditions?.map(({ status }) => status)).toEqual([
      'False',
      'False',
      'True',
    ]);
    expect(plan.wakeAfterMs).toBeUndefined();
    expect(plan.events).toMatchObject([
      {
        type: 'Warning',
        reason: 'ReconcileEvaluationReconcileTimeout',
        message: 'Reconcile Evaluation: retryCount exceeded / Namespace: shop, Name: pre-eval-fast',
        reportedBy: 'keptnevaluation-controller',
        annotations: { evaluationName: 'pre-eval-fast', evaluationDefinitionName: 'fast' },
      },
      {
        type: 'Warning',
        reason: 'ReconcileEvaluationFailed',
        message:
          "Reconcile Evaluation: evaluation failed\ncpu: value '3' did not meet objective '>4'\n" +
          "mem: value '1' did not meet objective '>2' / Namespace: shop, Name: pre-eval-fast",
      },
    ]);
  });

  test('what Keptn left with all attempts made and no end fails without another attempt', () => {
    const before = { retryCount: 3, evaluationStatus: {}, overallStatus: 'Progressing' } as const;
    const plan = decideEvaluation(seen(anEvaluation({}, before), [measured('5')]));
    expect(statusIn(plan)).toMatchObject({ retryCount: 3, overallStatus: 'Failed' });
  });

  test('as many attempts are made as the spec says, 10 where it says nothing, one where it says 0', () => {
    const attemptsOf = (first: KeptnEvaluation): number => {
      let evaluation = first;
      let now = start;
      for (;;) {
        const plan = decideEvaluation(seen(evaluation, [measured('3')], now));
        evaluation = after(evaluation, plan);
        if (plan.wakeAfterMs === undefined) return evaluation.status?.retryCount ?? 0;
        now += plan.wakeAfterMs;
      }
    };
    const silent = anEvaluation();
    delete silent.spec.retries;
    expect(attemptsOf(anEvaluation({ retries: 4 }))).toBe(4);
    expect(attemptsOf(silent)).toBe(10);
    expect(attemptsOf(anEvaluation({ retries: 0 }))).toBe(1);
  });

  test('an objective that was met stays met and is not measured again', () => {
    const first = decideEvaluation(
      seen(anEvaluation(), [measured('5'), measured('1', '>2', 'mem')]),
    );
    const waiting = after(anEvaluation(), first);
    const second = decideEvaluation(
      seen(waiting, [measured('0'), measured('3', '>2', 'mem')], start + 5_000),
    );
    expect(statusIn(second)).toMatchObject({
      overallStatus: 'Succeeded',
      retryCount: 2,
      evaluationStatus: { cpu: { value: '5' }, mem: { value: '3' } },
    });
  });

  test('B2: an evaluation that has ended never changes again, whatever is observed later', () => {
    const later = fc.record({
      overallStatus: fc.constantFrom(
        'Succeeded' as const,
        'Failed' as const,
        'Warning' as const,
        'Deprecated' as const,
      ),
      retryCount: fc.nat(20),
      value: fc.string(),
      laterMs: fc.nat(10_000_000),
    });
    fc.assert(
      fc.property(later, ({ overallStatus, retryCount, value, laterMs }) => {
        const ended = anEvaluation({}, { retryCount, evaluationStatus: {}, overallStatus });
        expect(decideEvaluation(seen(ended, [measured(value)], start + laterMs))).toEqual({});
      }),
    );
  });

  test('without objectives there is nothing to miss', () => {
    expect(statusIn(decideEvaluation(seen(anEvaluation(), []))).overallStatus).toBe('Succeeded');
  });

  test('B9: a missing definition is a condition with the places looked in and an Event, and no attempt', () => {
    const plan = decideEvaluation(missingDefinition(anEvaluation()));
    expect(statusIn(plan)).toMatchObject({
      retryCount: 0,
      overallStatus: 'Pending',
      startTime: '2026-01-01T12:00:00Z',
    });
    expect(statusIn(plan).conditions?.[2]).toMatchObject({
      type: 'Stalled',
      status: 'True',
      reason: 'DefinitionNotFound',
      message: 'KeptnEvaluationDefinition fast not found in namespace shop or keptn-system',
    });
    expect(plan.events).toMatchObject([{ reason: 'ReconcileEvaluationNotFound', type: 'Warning' }]);
    const again = decideEvaluation(missingDefinition(after(anEvaluation(), plan), start + 60_000));
    expect(again.status?.to).toEqual(again.status?.from);
  });

  test('what only a cache says is missing is read live before an attempt is counted', () => {
    const unread = [{ kind: KeptnMetric, namespace: 'shop', name: 'cpu' }];
    const missing = measured(undefined);
    const doubtful = { ...missing, metric: { ...missing.metric, unread } };
    expect(decideEvaluation(seen(anEvaluation(), [doubtful]))).toEqual({ look: unread });
    const definition = [{ kind: KeptnEvaluationDefinition, namespace: 'shop', name: 'fast' }];
    const observation = missingDefinition(anEvaluation());
    expect(
      decideEvaluation({
        ...observation,
        definition: { ...observation.definition, unread: definition },
      }),
    ).toEqual({ look: definition });
  });

  test('B9: a missing metric is a condition with the places looked in and an Event, and no attempt', () => {
    const plan = decideEvaluation(seen(anEvaluation(), [measured(undefined)]));
    const message =
      'keptnmetrics.metrics.keptn.sh "cpu" not found in namespace shop or keptn-system';
    expect(statusIn(plan)).toMatchObject({
      retryCount: 0,
      overallStatus: 'Pending',
      evaluationStatus: { cpu: { value: '', status: 'Pending', message } },
    });
    expect(statusIn(plan).conditions?.[2]).toMatchObject({
      status: 'True',
      reason: 'MetricNotFound',
      message: `cpu: ${message}`,
    });
    expect(plan.events).toMatchObject([{ reason: 'ReconcileEvaluationNotFound', type: 'Warning' }]);
  });

  test('a metric without value or raw value is waited for in Keptn’s words, with the metric’s own error', () => {
    const messageFor = (status: KeptnMetric['status']) => {
      const { metric, ...rest } = measured('');
      const measurement = { ...rest, metric: { ...metric, object: aMetric(status) } };
      const observation = { ...seen(anEvaluation(), []), measurements: [measurement] };
      const { retryCount, evaluationStatus } = statusIn(decideEvaluation(observation));
      expect(retryCount).toBe(0);
      return evaluationStatus['cpu']?.message;
    };
    expect(messageFor(undefined)).toBe('empty value for: cpu');
    expect(messageFor({ errMsg: 'no values in query result' })).toBe(
      'empty value for: cpu (the last query failed: no values in query result)',
    );
    expect(messageFor({ value: '5' })).toBe('empty rawValue for: cpu');
  });

  test('objectives that have a value are judged together with those that wait for theirs', () => {
    const plan = decideEvaluation(
      seen(anEvaluation(), [measured('5'), measured(undefined, '>2', 'mem')]),
    );
    expect(statusIn(plan).evaluationStatus).toEqual({
      cpu: { value: '', status: 'Pending', message: 'is judged once each objective has a value' },
      mem: expect.objectContaining({ status: 'Pending' }),
    });
  });

  test('the next attempt waits for a measurement that the last one has not judged, without a write', () => {
    const first = decideEvaluation(seen(anEvaluation(), [measured('3')]));
    const waiting = after(anEvaluation(), first);
    const later = { ...seen(waiting, [measured('3')]), now: start + 5_000 };
    expect(decideEvaluation(later)).toEqual({ wakeAfterMs: 30_000 });
    const fresh = decideEvaluation(seen(waiting, [measured('3')], start + 6_000));
    expect(statusIn(fresh)).toMatchObject({
      retryCount: 2,
      evaluationStatus: { cpu: { measuredAt: '2026-01-01T12:00:06Z' } },
    });
  });

  test('a newer value that does not come is told after half a minute, however old a value may be', () => {
    const first = decideEvaluation(seen(anEvaluation(), [measured('3')]));
    const waiting = after(anEvaluation(), first);
    const measurement = measured('3');
    const { object } = measurement.metric;
    const failing = object && {
      ...object,
      status: { ...object.status, errMsg: 'connection refused' },
    };
    const at = (now: number): EvaluationObservation => ({
      ...seen(waiting, [measurement]),
      bounds: { maxAgeMs: 24 * 3_600_000 },
      measurements: [{ ...measurement, metric: { ...measurement.metric, object: failing } }],
      now,
    });
    expect(decideEvaluation(at(start + 30_000)).status).toBeUndefined();
    const told = statusIn(decideEvaluation(at(start + 36_000)));
    expect(told.retryCount).toBe(1);
    expect(told.conditions?.find(({ type }) => type === 'Reconciling')).toMatchObject({
      status: 'True',
      message:
        'cpu: the next attempt waits until cpu has a newer value than that of 2026-01-01T12:00:00Z, which the last attempt judged; it is asked for one at least once a minute (the last query failed: connection refused)',
    });
  });

  test('a target that cannot be read fails the objective with Go’s words', () => {
    const plan = decideEvaluation(seen(anEvaluation(), [measured('5', '=5')]));
    expect(statusIn(plan).evaluationStatus['cpu']).toMatchObject({
      value: '5',
      message: 'invalid operator',
    });
  });

  test('an evaluation that is being deleted is left alone', () => {
    const evaluation = anEvaluation();
    evaluation.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(decideEvaluation(seen(evaluation, [measured('5')]))).toEqual({});
  });

  test('ends Deprecated without another attempt when its version was superseded (B11)', () => {
    const evaluation = anEvaluation();
    const plan = decideEvaluation({ ...seen(evaluation, [measured('1')]), isSuperseded: true });
    expect(statusIn(plan)).toMatchObject({ overallStatus: 'Deprecated', retryCount: 0 });
    expect(decideEvaluation(seen(after(evaluation, plan), [measured('9')]))).toEqual({});
  });
});
