import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  KeptnEvaluationDefinition,
  type KeptnEvaluationDefinitionSpec,
} from '../../../src/api/keptn/evaluation-definition.ts';
import type { KeptnEvaluation, KeptnEvaluationStatus } from '../../../src/api/keptn/evaluation.ts';
import { keptnStates } from '../../../src/api/keptn/states.ts';
import {
  decideEvaluation,
  type EvaluationObservation,
} from '../../../src/domain/evaluation/evaluation.ts';
import { measuredWith } from '../../../src/domain/measurement/measured-with.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import {
  aMetricsProvider,
  anEvaluation,
  anEvaluationDefinition,
} from '../../support/builders/builders.ts';
import { followUpsSeen, type FollowUpsGiven } from '../../support/observed/follow-ups-seen.ts';
import { reasons, stored } from '../../support/observed/lifecycle-seen.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const now = Date.UTC(2026, 0, 1, 12);
const namespaces = ['shop', 'sluice-system'];
const undo = aTaskDefinition('undo').with({ container: { name: 'main' } });

const metricSpec = { provider: { name: 'p' }, query: 'up', fetchIntervalSeconds: 5 };
const provider = aMetricsProvider();

/** An evaluation of one metric that has this value and should be above 4. */
function seen(
  given: Partial<EvaluationObservation> & { readonly value?: string },
  followUps: FollowUpsGiven = {},
): EvaluationObservation {
  const { value = '1', ...rest } = given;
  return {
    now,
    evaluation: anEvaluation({ spec: { retries: 1 } }),
    definition: defined({ 'on-success': ['celebrate'], onFailure: ['undo'] }),
    isSuperseded: false,
    isAborted: false,
    queries: { providers: [], metrics: [], refusals: new Map() },
    measurements: [
      {
        objective: { keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>4' },
        metric: {
          name: 'cpu',
          namespaces,
          unread: [],
          object: {
            apiVersion: 'metrics.keptn.sh/v1',
            kind: 'KeptnMetric',
            metadata: { namespace: 'shop', name: 'cpu' },
            spec: metricSpec,
            status: {
              value,
              rawValue: 'IjQi',
              lastUpdated: rfc3339(now),
              measuredWith: measuredWith(metricSpec, provider),
            },
          },
        },
        provider,
      },
    ],
    bounds: { maxAgeMs: undefined },
    followUps: followUpsSeen(followUps),
    ...rest,
  };
}

function defined(spec: Partial<KeptnEvaluationDefinitionSpec>) {
  return { name: 'cpu-free', namespaces, unread: [], object: anEvaluationDefinition({ spec }) };
}

const after = (plan: Plan, evaluation = anEvaluation()): Partial<KeptnEvaluationStatus> =>
  stored(evaluation, plan).status ?? {};

describe('the end of an evaluation', () => {
  test('is written together with what it starts', () => {
    expect(after(decideEvaluation(seen({ value: '5' })))).toMatchObject({
      overallStatus: 'Succeeded',
      followUps: [{ trigger: 'onSuccess', definitionName: 'celebrate', status: 'Pending' }],
    });
    expect(after(decideEvaluation(seen({})))).toMatchObject({
      overallStatus: 'Failed',
      followUps: [{ trigger: 'onFailure', definitionName: 'undo', status: 'Pending' }],
    });
  });

  test('is the last attempt; the others start nothing', () => {
    const evaluation = anEvaluation({ spec: { retries: 2 } });
    const status = after(decideEvaluation(seen({ evaluation })));
    expect(status).toMatchObject({ overallStatus: 'Progressing', retryCount: 1 });
    expect(status).not.toHaveProperty('followUps');
  });

  test('by being superseded starts nothing', () => {
    const status = after(decideEvaluation(seen({ isSuperseded: true })));
    expect(status.overallStatus).toBe('Deprecated');
    expect(status).not.toHaveProperty('followUps');
  });

  test('adds no field where nothing follows', () => {
    const status = after(decideEvaluation(seen({ definition: defined({}) })));
    expect(status.overallStatus).toBe('Failed');
    expect(status).not.toHaveProperty('followUps');
  });

  test('that a predecessor did not write any more is written after a live look at the definition', () => {
    const evaluation = anEvaluation({
      spec: { retries: 1 },
      status: { retryCount: 1, evaluationStatus: {}, overallStatus: 'Progressing' },
    });
    const ref = { kind: KeptnEvaluationDefinition, namespace: 'shop', name: 'cpu-free' };
    const definition = { name: 'cpu-free', namespaces, object: undefined, unread: [ref] };
    expect(decideEvaluation(seen({ evaluation, definition }))).toEqual({ look: [ref] });
    const gone = decideEvaluation(seen({ evaluation, definition: { ...definition, unread: [] } }));
    expect(after(gone).overallStatus).toBe('Failed');
    expect(after(gone)).not.toHaveProperty('followUps');
  });

  test('says in a condition that its definition names follow-ups it cannot read', () => {
    const definition = defined({ 'on-failure': { name: 'undo' } });
    expect(after(decideEvaluation(seen({ definition }))).conditions).toContainEqual(
      expect.objectContaining({
        type: 'FollowUps',
        status: 'False',
        reason: 'FollowUpsInvalid',
        message: expect.stringContaining(
          'KeptnEvaluationDefinition cpu-free: spec.on-failure: is an object;',
        ),
      }),
    );
  });

  test('beyond the limit names itself in the chain', () => {
    const plan = decideEvaluation(seen({}, { limit: 0 }));
    expect(after(plan).followUps?.[0]?.message).toContain(
      'KeptnEvaluationDefinition cpu-free → undo',
    );
    expect(reasons(plan)).toEqual([
      'ReconcileEvaluationReconcileTimeout',
      'ReconcileEvaluationFailed',
      'FollowUpNotStarted',
    ]);
  });
});

describe('an evaluation that has ended', () => {
  const ended = (status: Partial<KeptnEvaluationStatus>): KeptnEvaluation =>
    anEvaluation({
      spec: { appName: 'shop', workload: 'shop-cart', workloadVersion: '1.0.0', attempt: 2 },
      status: { retryCount: 3, evaluationStatus: {}, overallStatus: 'Failed', ...status },
    });
  const pending = { trigger: 'onFailure', definitionName: 'undo', status: 'Pending' } as const;

  test('tells its follow-ups what it was about, with the metadata of its version', () => {
    const evaluation = ended({ followUps: [pending] });
    const given = { definitions: [undo], metadata: { commit: 'abc' } };
    const plan = decideEvaluation(seen({ evaluation }, given));
    const { name, uid } = evaluation.metadata;
    expect(plan.effects).toMatchObject([
      {
        object: {
          metadata: { ownerReferences: [{ kind: 'KeptnEvaluation', uid, controller: true }] },
          spec: {
            attempt: 2,
            context: {
              appName: 'shop',
              workloadName: 'shop-cart',
              workloadVersion: '1.0.0',
              objectType: 'Workload',
              taskType: 'on-failure',
              metadata: { commit: 'abc' },
              trigger: { kind: 'KeptnEvaluation', name, status: 'Failed', attempts: 3 },
            },
            parent: { kind: 'KeptnEvaluation', name, uid, depth: 1 },
          },
        },
      },
    ]);
  });

  test('before its definition named any starts nothing', () => {
    expect(decideEvaluation(seen({ evaluation: ended({}) }))).toEqual({});
  });

  const anyWorld = fc.record({
    end: fc.constantFrom('Succeeded' as const, 'Failed' as const, 'Deprecated' as const),
    item: fc.constantFrom(...keptnStates),
    name: fc.constantFrom('', 'child'),
    child: fc.option(fc.constantFrom(...keptnStates), { nil: undefined }),
  });

  test('stays as it is in everything but that list, whatever becomes of its follow-ups', () => {
    fc.assert(
      fc.property(anyWorld, ({ end, item, name, child }) => {
        const followUps = [{ ...pending, status: item, name }];
        const evaluation = ended({ overallStatus: end, followUps });
        const task = aTask({ metadata: { name: 'child' }, status: { status: child ?? 'Pending' } });
        const plan = decideEvaluation(
          seen(
            { evaluation },
            {
              tasks: child === undefined ? [] : [task],
              live: { 'KeptnTask shop/child': 'absent' },
              definitions: [undo],
            },
          ),
        );
        expect(after(plan, evaluation)).toEqual({
          ...evaluation.status,
          followUps: after(plan, evaluation).followUps,
        });
      }),
    );
  });
});
