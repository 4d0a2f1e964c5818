import { answering } from '../../support/observed/answering.ts';
import { describe, expect, test } from 'vitest';
import type { Objective } from '../../../src/api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { refOf } from '../../../src/api/object.ts';
import {
  discarded,
  isMadeBy,
  metricNameOf,
  preparation,
  type QueriesSeen,
  type QueryingEvaluation,
} from '../../../src/domain/evaluation/evaluation-queries.ts';
import { isLegalName } from '../../../src/domain/names.ts';
import type { Refusal } from '../../../src/domain/plan.ts';
import { anEvaluation } from '../../support/builders/builders.ts';

const evaluation = anEvaluation({ metadata: { name: 'pre-eval-fast', uid: 'e1' } });
const cpus: Objective = { name: 'cpus', query: 'sum(cpu)', evaluationTarget: '>4' };
const owner = {
  apiVersion: KeptnEvaluation.apiVersion,
  kind: KeptnEvaluation.kind,
  name: 'pre-eval-fast',
  uid: 'e1',
  controller: true,
  blockOwnerDeletion: true,
};

function metricOf(objective: Objective, status?: KeptnMetric['status']): KeptnMetric {
  return {
    apiVersion: KeptnMetric.apiVersion,
    kind: KeptnMetric.kind,
    metadata: {
      name: metricNameOf(evaluation, objective),
      namespace: 'shop',
      uid: `uid of ${objective.query ?? ''}`,
      ownerReferences: [owner],
    },
    spec: { provider: { name: 'p' }, query: objective.query ?? '', fetchIntervalSeconds: 5 },
    ...(status && { status }),
  };
}

function seen(
  objectives: readonly Objective[],
  queries: Partial<QueriesSeen> = {},
): QueryingEvaluation {
  const metrics = queries.metrics ?? [];
  return {
    evaluation,
    measurements: objectives.map((objective) => {
      const name = metricNameOf(evaluation, objective);
      const object = metrics.find(({ metadata }) => metadata.name === name);
      const metric = { name, namespaces: ['shop'], object, unread: [] };
      return { objective, metric, provider: undefined };
    }),
    queries: { providers: ['p'], refusals: new Map(), ...queries, metrics },
  };
}

const asked = { lastUpdated: '2026-01-01T12:00:00Z', errMsg: 'no such series' };
const first = { statuses: {}, fetchIntervalSeconds: 5 };
const met = { cpus: { value: '5', status: 'Succeeded' as const } };

describe('a query that was never asked', () => {
  test('is asked by a metric of the evaluation, of the only provider, at the interval of the attempts', () => {
    const prepared = preparation(seen([cpus]), first);
    expect(prepared).toEqual({
      effects: [
        {
          type: 'create',
          kind: KeptnMetric,
          object: {
            apiVersion: 'metrics.keptn.sh/v1',
            kind: 'KeptnMetric',
            metadata: {
              name: metricNameOf(evaluation, cpus),
              namespace: 'shop',
              ownerReferences: [owner],
            },
            spec: { provider: { name: 'p' }, query: 'sum(cpu)', fetchIntervalSeconds: 5 },
          },
        },
      ],
      progress: {
        kind: 'waiting',
        reason: 'QueryPending',
        message: 'objective cpus: the provider has not answered the query yet',
      },
    });
  });

  test('needs nothing more once it has its metric', () => {
    expect(preparation(seen([cpus], { metrics: [metricOf(cpus)] }), first)).toBeUndefined();
  });

  test('is left alone once its objective is met', () => {
    expect(preparation(seen([cpus]), { ...first, statuses: met })).toBeUndefined();
  });

  test.each([
    [[], 'ProviderNotFound', 'objective cpus: there is no KeptnMetricsProvider in namespace shop'],
    [
      ['q', 'p'],
      'ProviderAmbiguous',
      'objective cpus: it names no provider, and namespace shop has several: p, q; name one in provider.name (source in v1alpha2)',
    ],
  ])('needs a provider: of %j it says %s', (providers, reason, message) => {
    expect(preparation(seen([cpus], { providers }), first)).toEqual({
      effects: [],
      progress: { kind: 'stalled', reason, message },
    });
  });

  test('asks the provider it names, and says which there are if that one is missing', () => {
    const named: Objective = { ...cpus, provider: { name: 'q' } };
    const providers = ['p', 'q'];
    expect(preparation(seen([named], { providers }), first)?.effects).toMatchObject([
      { object: { spec: { provider: { name: 'q' } } } },
    ]);
    expect(preparation(seen([named]), first)).toEqual({
      effects: [],
      progress: {
        kind: 'stalled',
        reason: 'ProviderNotFound',
        message: 'objective cpus: KeptnMetricsProvider q not found in namespace shop; there are p',
      },
    });
  });

  test('does not keep the others waiting for a provider, and the provider is what is told', () => {
    const named: Objective = {
      name: 'x',
      query: 'x',
      provider: { name: 'q' },
      evaluationTarget: '>1',
    };
    const prepared = preparation(seen([cpus, named]), first);
    expect(prepared?.effects).toHaveLength(1);
    expect(prepared?.progress).toMatchObject({ kind: 'stalled', reason: 'ProviderNotFound' });
  });

  test('keeps its provider when others come later', () => {
    const metrics = [metricOf(cpus, asked)];
    expect(preparation(seen([cpus], { metrics, providers: ['p', 'q'] }), first)).toBeUndefined();
  });

  test.each([
    ['NameTaken', 'stalled', 'NameTaken'],
    ['Forbidden', 'stalled', 'MetricNotCreated'],
    ['Unavailable', 'waiting', 'MetricNotCreated'],
  ] as const)('says why its metric could not be made: %s', (refused, kind, reason) => {
    const refusal = (): Refusal => ({
      effect: { type: 'create', kind: KeptnMetric, object: metricOf(cpus) },
      reason: refused,
      message: 'no',
    });
    expect(preparation(seen([cpus], { refusals: answering(refusal) }), first)).toMatchObject({
      effects: [{ type: 'create' }],
      progress: { kind, reason, message: expect.stringContaining('could not be created: no') },
    });
  });
});

describe('the metric of a query', () => {
  test('goes when the evaluation has ended, the objective is met, or the definition asks something else', () => {
    const metric = metricOf(cpus, asked);
    const other: Objective = { ...cpus, query: 'sum(memory)' };
    const deletion = {
      type: 'delete',
      ref: refOf(KeptnMetric, metric),
      uid: 'uid of sum(cpu)',
    };
    const has = { metrics: [metric] };
    expect(discarded(seen([cpus], has), { isOpen: true, statuses: {} })).toEqual([]);
    expect(discarded(seen([cpus], has), { isOpen: false, statuses: {} })).toEqual([deletion]);
    expect(discarded(seen([cpus], has), { isOpen: true, statuses: met })).toEqual([deletion]);
    expect(discarded(seen([other], has), { isOpen: true, statuses: {} })).toEqual([deletion]);
  });

  test('has a name of its own for each question of each evaluation, and one for the same question', () => {
    const names = [
      metricNameOf(evaluation, cpus),
      metricNameOf(anEvaluation({ metadata: { name: 'pre-eval-fast', uid: 'e2' } }), cpus),
      metricNameOf(evaluation, { ...cpus, query: 'up' }),
      metricNameOf(evaluation, { ...cpus, provider: { name: 'p' } }),
    ];
    expect(new Set(names).size).toBe(4);
    expect(names.filter((name) => !isLegalName(name))).toEqual([]);
    const lower: Objective = { ...cpus, name: 'lower', evaluationTarget: '<9' };
    expect(metricNameOf(evaluation, lower)).toBe(names[0]);
    // Frozen: another name would ask again and leave the first behind until the end.
    expect(names[0]).toBe('pre-eval-fast-b2muyq7aem');
  });

  test('belongs to the evaluation that made it, not to one of the same name', () => {
    expect(isMadeBy(evaluation, metricOf(cpus))).toBe(true);
    const again = anEvaluation({ metadata: { name: 'pre-eval-fast', uid: 'e2' } });
    expect(isMadeBy(again, metricOf(cpus))).toBe(false);
  });
});
