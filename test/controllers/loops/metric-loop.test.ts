import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NamespaceKind } from '../../../src/api/builtin.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../../src/api/keptn/metrics-provider.ts';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import {
  definitionsByMetric,
  openEvaluationsByDefinition,
} from '../../../src/controllers/gathering/evaluated-values.ts';
import type { EventNote } from '../../../src/domain/plan.ts';
import type { MetricSource } from '../../../src/controllers/loops/metric-query.ts';
import type { Turns } from '../../../src/controllers/engine/controller-run.ts';
import { MetricLoop, metricsByProvider } from '../../../src/controllers/loops/metric-loop.ts';
import { clearWeather, MemoryCaches } from '../../support/memory/memory-caches.ts';
import { type Call, type Fault, MemoryCluster } from '../../support/memory/memory-cluster.ts';
import { MemoryStore } from '../../../src/cli/played/memory-store.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

type Query = Parameters<MetricSource['query']>[0];

let clock: TestClock;
let store: MemoryStore;
let asked: { readonly query: Query; readonly at: number }[];
let writes: Call[];
let complaints: string[];
let notes: EventNote[];
let answer: (query: Query, signal: AbortSignal) => Promise<readonly string[]>;
let fault: (call: Call) => Fault | undefined;
let mayWrite: boolean;
let loop: MetricLoop;

beforeEach(() => {
  clock = new TestClock();
  store = new MemoryStore(clock);
  store.create(NamespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  asked = [];
  writes = [];
  complaints = [];
  notes = [];
  answer = () => Promise.resolve(['4']);
  fault = () => undefined;
  mayWrite = true;
  start();
});

afterEach(async () => {
  await loop.stop();
  expect(clock.leftovers).toEqual([]);
});

const noTurns: Turns = { isOver: false, turn: () => Promise.resolve() };

function start(turns = noTurns): void {
  const caches = new MemoryCaches({
    store,
    clock,
    watched: [
      KeptnMetric,
      KeptnMetricsProvider,
      KeptnEvaluation,
      KeptnEvaluationDefinition,
      KeptnWorkloadVersion,
      KeptnConfig,
    ].map((kind) => ({ kind })),
    weather: clearWeather,
    indexes: [metricsByProvider, definitionsByMetric, openEvaluationsByDefinition],
  });
  caches.start();
  const cluster = new MemoryCluster({
    store,
    clock,
    fault: (call) => fault(call),
    written: (call) => writes.push(call),
  });
  const complain = (_: object, message: string) => void complaints.push(message);
  const source: MetricSource = {
    query(query, signal) {
      asked.push({ query, at: clock.now() });
      return answer(query, signal);
    },
  };
  loop = new MetricLoop({
    cluster,
    caches,
    source,
    events: { record: (note) => void notes.push(note) },
    clock,
    log: { debug: complain, info: complain, warn: complain, error: complain },
    places: { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' },
    random: () => 0,
    mayWrite: () => mayWrite,
    turns,
  });
  loop.start();
}

function aMetric(spec: Partial<KeptnMetric['spec']> = {}): KeptnMetric {
  return {
    apiVersion: KeptnMetric.apiVersion,
    kind: KeptnMetric.kind,
    metadata: { namespace: 'shop', name: 'cpu' },
    spec: { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 5, ...spec },
  };
}

function aProvider(targetServer = 'http://prometheus:9090'): KeptnMetricsProvider {
  return {
    apiVersion: KeptnMetricsProvider.apiVersion,
    kind: KeptnMetricsProvider.kind,
    metadata: { namespace: 'shop', name: 'prometheus' },
    spec: { type: 'prometheus', targetServer },
  };
}

const statusNow = () => store.get(KeptnMetric, 'shop', 'cpu')?.status;
const secondsAsked = () => asked.map(({ at }) => (at - Date.UTC(2026, 0, 1)) / 1000);

/** A user changes the spec. */
function change(spec: Partial<KeptnMetric['spec']>): void {
  const { resourceVersion: _, ...metadata } = store.get(KeptnMetric, 'shop', 'cpu')?.metadata ?? {};
  store.update(KeptnMetric, { ...aMetric(spec), metadata: { name: 'cpu', ...metadata } });
}

describe('MetricLoop', () => {
  test('goes through the metrics that are there in slices when it starts', async () => {
    await loop.stop();
    store.create(KeptnMetricsProvider, aProvider());
    for (const name of ['cpu', 'memory', 'disk']) {
      store.create(KeptnMetric, { ...aMetric(), metadata: { namespace: 'shop', name } });
    }
    let given = 0;
    start({ isOver: true, turn: () => Promise.resolve(void (given += 1)) });
    expect(given).toBe(1);
    await clock.advanceAsync(1_000);
    expect(given).toBe(3);
    expect(asked).toHaveLength(3);
  });

  test('asks at the interval, below ten seconds too, and writes what it learns', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(16_000);
    expect(secondsAsked()).toEqual([0, 5, 10, 15]);
    expect(asked[0]?.query).toMatchObject({ query: 'up', provider: aProvider() });
    expect(statusNow()).toMatchObject({ value: '4', rawValue: 'IjQi' });
    expect(writes).toHaveLength(1);
  });

  test('writes an unchanged value once a minute, and a changed one at once', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(179_000);
    expect(writes).toHaveLength(3);
    answer = () => Promise.resolve(['5']);
    await clock.advanceAsync(5_000);
    expect(statusNow()).toMatchObject({ value: '5' });
    expect(writes).toHaveLength(4);
  });

  test('writes every answer of a metric that an evaluation has made, which waits for it', async () => {
    const { apiVersion, kind } = KeptnEvaluation;
    const owner = { apiVersion, kind, name: 'pre-eval-fast', uid: 'e1', controller: true };
    store.create(KeptnMetricsProvider, aProvider());
    const { metadata, ...metric } = aMetric();
    store.create(KeptnMetric, { ...metric, metadata: { ...metadata, ownerReferences: [owner] } });
    await clock.advanceAsync(16_000);
    expect(writes).toHaveLength(4);
    expect(statusNow()?.lastUpdated).toBe('2026-01-01T00:00:15Z');
  });

  test('a clock that is set back or ahead by an hour neither delays nor hastens a query', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(1_000);
    for (const step of [-3_600_000, 3_600_000]) {
      const before = asked.length;
      clock.setTimeOfDay(clock.now() + step);
      await clock.advanceAsync(20_000);
      expect(asked.length - before).toBe(4); // every five seconds
    }
  });

  test('a changed spec takes effect at once', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 3600 }));
    await clock.advanceAsync(1_000);
    change({ query: 'other', fetchIntervalSeconds: 3600 });
    await clock.advanceAsync(1_000);
    expect(asked.map(({ query }) => query.query)).toEqual(['up', 'other']);
  });

  test('a missing provider is a condition and an error, stalled only after a while, and asked as soon as it comes', async () => {
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 3600 }));
    await clock.advanceAsync(1_000);
    expect(statusNow()).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'False', reason: 'ProviderNotFound' },
        { type: 'Reconciling', status: 'True' },
        { type: 'Stalled', status: 'False' },
      ],
    });
    await clock.advanceAsync(30_000);
    expect(statusNow()).toMatchObject({
      errMsg: 'KeptnMetricsProvider prometheus not found in namespace shop',
      conditions: [
        { type: 'Ready', status: 'False', reason: 'ProviderNotFound' },
        {},
        { type: 'Stalled', status: 'True' },
      ],
    });
    store.create(KeptnMetricsProvider, aProvider());
    await clock.advanceAsync(1_000);
    expect(statusNow()).toMatchObject({
      value: '4',
      conditions: [{ status: 'True' }, {}, { status: 'False' }],
    });
    expect(statusNow()).not.toHaveProperty('errMsg');
  });

  test('a failed query is told by the kind of its error and asked again at the interval', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    answer = () =>
      Promise.reject(
        Object.assign(new Error('provider x not supported'), { name: 'ProviderUnsupported' }),
      );
    await clock.advanceAsync(6_000);
    expect(secondsAsked()).toEqual([0, 5]);
    expect(writes).toHaveLength(1);
    expect(statusNow()).toMatchObject({
      errMsg: 'provider x not supported',
      conditions: [{ reason: 'ProviderUnsupported' }, {}, { status: 'True' }],
    });
  });

  test('a window that cannot be asked for is an error, and nobody is asked', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric({ range: { interval: 'soon' } }));
    await clock.advanceAsync(1_000);
    expect(statusNow()).toMatchObject({ conditions: [{ reason: 'RangeInvalid' }, {}, {}] });
    expect(asked).toEqual([]);
  });

  test('a restart keeps the rhythm that the status tells', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 20 }));
    await clock.advanceAsync(4_000);
    await loop.stop();
    start();
    await clock.advanceAsync(15_000);
    expect(secondsAsked()).toEqual([0]);
    await clock.advanceAsync(2_000);
    expect(secondsAsked()).toEqual([0, 20]);
  });

  test('a query that hangs keeps no other metric waiting', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    const slow = aMetric({ query: 'slow' });
    store.create(KeptnMetric, { ...slow, metadata: { namespace: 'shop', name: 'slow' } });
    store.create(KeptnMetric, aMetric());
    answer = ({ query }, signal) =>
      query === 'slow'
        ? new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('stopping')), { once: true });
          })
        : Promise.resolve(['4']);
    await clock.advanceAsync(11_000);
    expect(asked.filter(({ query }) => query.query === 'up')).toHaveLength(3);
  });

  test('a namespace with a hundred metrics whose provider never answers delays no other namespace’s by a moment', async () => {
    const hundred = Array.from({ length: 100 }, (_, index) => `slow-${index}`);
    for (const namespace of ['tarpit', 'second-tarpit']) {
      store.create(NamespaceKind, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      });
      for (const name of hundred) {
        const slow = aMetric({ query: 'slow' });
        store.create(KeptnMetric, { ...slow, metadata: { namespace, name } });
      }
      store.create(KeptnMetricsProvider, {
        ...aProvider('http://tarpit'),
        metadata: { namespace, name: 'prometheus' },
      });
    }
    let hanging = 0;
    answer = ({ query }, signal) => {
      if (query !== 'slow') return Promise.resolve(['4']);
      hanging += 1;
      return new Promise((_, reject) => {
        const giveUp = (): void => {
          timer.cancel();
          hanging -= 1;
          reject(new Error('no answer within 20 s'));
        };
        const timer = clock.after(20_000, giveUp);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    };
    await clock.advanceAsync(30_000);
    expect(hanging).toBe(10);
    asked.length = 0;
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(31_000);
    const seconds = asked
      .filter(({ query }) => query.query === 'up')
      .map(({ at }) => (at - Date.UTC(2026, 0, 1)) / 1000);
    expect(seconds).toEqual([30, 35, 40, 45, 50, 55, 60]);
  });

  test('a status somebody else has changed meanwhile is written on what is there then', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    let conflicts = 0;
    fault = ({ verb }) => (verb === 'writeStatus' && conflicts++ === 0 ? '409' : undefined);
    await clock.advanceAsync(1_000);
    expect(statusNow()).toMatchObject({ value: '4' });
    expect(asked).toHaveLength(1);
  });

  test('a server that fails is tried again soon, and told to the log', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 3600 }));
    let failures = 0;
    fault = ({ verb }) => (verb === 'writeStatus' && failures++ < 2 ? '500' : undefined);
    await clock.advanceAsync(10_000);
    expect(statusNow()).toMatchObject({ value: '4' });
    expect(complaints).toHaveLength(2);
  });

  test('one on which something of ours throws is told, and keeps no other from its value', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, { ...aMetric(), metadata: { namespace: 'shop', name: 'hostile' } });
    store.create(KeptnMetric, aMetric());
    fault = ({ verb, name }) => {
      if (verb === 'writeStatus' && name === 'hostile') throw new TypeError('boom');
      return undefined;
    };
    await clock.advanceAsync(2_000);
    expect(statusNow()).toMatchObject({ value: '4' });
    expect(notes[0]).toMatchObject({
      about: { metadata: { name: 'hostile' } },
      type: 'Warning',
      reason: 'DecisionFailed',
      message: expect.stringContaining('boom'),
    });
    expect(notes.every(({ about }) => about.metadata.name === 'hostile')).toBe(true);
    expect(complaints).toHaveLength(notes.length);
  });

  test('an answer for a spec that has changed meanwhile is thrown away', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    const held: ((samples: string[]) => void)[] = [];
    answer = ({ query }) =>
      query === 'up' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve(['7']);
    await clock.advanceAsync(1_000);
    change({ query: 'other' });
    held[0]?.(['4']);
    await clock.advanceAsync(1_000);
    expect(statusNow()).toMatchObject({ value: '7' });
    expect(writes).toHaveLength(1);
  });

  test('a process that no longer leads writes nothing', async () => {
    mayWrite = false;
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(10_000);
    expect(writes).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('a metric that is gone is asked for no more', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    const { metadata } = store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(1_000);
    store.delete(
      { kind: KeptnMetric, namespace: 'shop', name: 'cpu' },
      { uid: metadata.uid ?? '' },
    );
    await clock.advanceAsync(60_000);
    expect(asked).toHaveLength(1);
  });

  test('a changed query has no value before its own answer, and a provider that fails gives the old one back to nobody', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(1_000);
    answer = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopping')), { once: true });
      });
    change({ query: 'other' });
    await clock.advanceAsync(1_000);
    expect(statusNow()).not.toHaveProperty('value');
    expect(statusNow()).toMatchObject({
      conditions: [{ reason: 'ValuePending' }, { status: 'True' }, { status: 'False' }],
    });
  });

  test('a value is of the moment it was asked for, and an error keeps that and has its own time', async () => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnMetric, aMetric());
    await clock.advanceAsync(16_000);
    expect(statusNow()?.lastUpdated).toBe('2026-01-01T00:00:00Z');
    answer = () => Promise.reject(new Error('down'));
    await clock.advanceAsync(5_000);
    expect(statusNow()).toMatchObject({
      value: '4',
      lastUpdated: '2026-01-01T00:00:15Z',
      errMsg: 'down',
      lastErrorTime: '2026-01-01T00:00:20Z',
    });
  });
});

describe('an evaluation that waits for a value', () => {
  beforeEach(() => {
    store.create(KeptnMetricsProvider, aProvider());
    store.create(KeptnEvaluationDefinition, {
      apiVersion: KeptnEvaluationDefinition.apiVersion,
      kind: KeptnEvaluationDefinition.kind,
      metadata: { namespace: 'shop', name: 'fast' },
      spec: { objectives: [{ keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>4' }] },
    });
  });

  function evaluate(spec: Partial<KeptnEvaluation['spec']> = {}): void {
    store.create(KeptnEvaluation, {
      apiVersion: KeptnEvaluation.apiVersion,
      kind: KeptnEvaluation.kind,
      metadata: { namespace: 'shop', name: 'fast' },
      spec: { evaluationDefinition: 'fast', workloadVersion: '', ...spec },
    });
  }

  test('is told when the value was confirmed last, without another query', async () => {
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 10 }));
    await clock.advanceAsync(42_000);
    expect(statusNow()?.lastUpdated).toBe('2026-01-01T00:00:00Z');
    evaluate();
    await clock.advanceAsync(1);
    expect(statusNow()?.lastUpdated).toBe('2026-01-01T00:00:40Z');
    expect(asked).toHaveLength(5);
  });

  test('has a daily metric asked at once for a value from after the deployment, and then left alone', async () => {
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 86_400 }));
    await clock.advanceAsync(60_000);
    evaluate({ checkType: 'post-eval' });
    await clock.advanceAsync(60_000);
    expect(secondsAsked()).toEqual([0, 61]);
    expect(statusNow()?.lastUpdated).toBe('2026-01-01T00:01:01Z');
  });

  test('never has a metric asked more often than every five seconds, and less and less often while that fails', async () => {
    answer = () => Promise.reject(new Error('down'));
    store.create(KeptnMetric, aMetric({ fetchIntervalSeconds: 86_400 }));
    await clock.advanceAsync(1_000);
    evaluate();
    await clock.advanceAsync(200_000);
    expect(secondsAsked()).toEqual([0, 10, 30, 70, 130, 190]);
  });
});
