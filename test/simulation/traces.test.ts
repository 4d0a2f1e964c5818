import { describe, expect, it } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import { KeptnAppCreationRequest } from '../../src/api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { isCompleted, stateOf } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import type { SpanRecord } from '../../src/api/span.ts';
import { traceparentOf } from '../../src/domain/trace/traceparent.ts';
import { allCompleted } from './oracles.ts';
import { expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { SimulatedExport, tracing } from './spans.ts';
import { storm } from './weather.ts';

const follow = (name: string, outcome: string, followUps: string): string =>
  `${aTaskDefinition(name, outcome)}  ${followUps}\n`;

/** Two workloads, one of which fails and is followed by two tasks, the second a follow-up of the first. */
const shop = [
  aShopNamespace,
  tracing,
  follow('check', 'succeed', 'onSuccess: [tell]'),
  follow('load', 'fail', 'onFailure: [undo]'),
  follow('undo', 'succeed', 'onSuccess: [tell]'),
  aTaskDefinition('tell'),
  `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  retries: 3
  retryInterval: 5s
  objectives: [{ keptnMetricRef: { name: cpus }, evaluationTarget: ">1" }]
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "4", fetchIntervalSeconds: 10 }
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: p }
spec: { type: prometheus, targetServer: "http://prometheus" }
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: shop }
spec: { preDeploymentTasks: [check], preDeploymentEvaluations: [enough], onFailure: [tell] }
`,
  aWorkload('cart', { annotations: { 'keptn.sh/pre-deployment-tasks': 'check' } }),
  aWorkload('pay', { annotations: { 'keptn.sh/post-deployment-tasks': 'load' } }),
].join('---');

function isOver({ store }: Simulation): boolean {
  const tasks = store.list(KeptnTask);
  const of = (definition: string) =>
    tasks.filter(({ spec }) => spec.taskDefinition === definition).length;
  return (
    tasks.every(({ status }) => isCompleted(stateOf(status?.status))) &&
    of('undo') === 1 &&
    of('tell') === 4
  );
}

/** Ids of the spans that what is stored must have: of versions and their phases, of tasks and evaluations. */
function expectNoneMissing({ store }: Simulation, spans: ReadonlyMap<string, SpanRecord>): void {
  const names = [...spans.values()].map(({ name }) => name);
  const objects: readonly KubernetesObject[] = [
    ...store.list(KeptnAppVersion),
    ...store.list(KeptnWorkloadVersion),
    ...store.list(KeptnTask),
    ...store.list(KeptnEvaluation),
  ];
  for (const { metadata } of objects) expect(names).toContain(metadata.name);
  for (const { status } of store.list(KeptnAppVersion)) {
    expect(names).toEqual(expect.arrayContaining(Object.keys(status?.phaseRecords ?? {})));
  }
  for (const { spec, status } of store.list(KeptnWorkloadVersion)) {
    const phases = Object.keys(status?.phaseRecords ?? {});
    const wanted = phases.map((phase) => `${spec.workloadName}/${phase}`);
    expect(names).toEqual(expect.arrayContaining(wanted));
  }
}

/** Every span but the root hangs on one that was sent, and begins no earlier than that. */
function expectWhole(spans: ReadonlyMap<string, SpanRecord>): void {
  for (const { parent, name, startMs, traceId } of spans.values()) {
    if (parent === undefined) continue;
    const above = spans.get(parent.spanId);
    expect(above, `what ${name} hangs on`).toBeDefined();
    expect(above?.traceId).toBe(traceId);
    expect(startMs, `the start of ${name} below ${above?.name}`).toBeGreaterThanOrEqual(
      above?.startMs ?? 0,
    );
  }
}

/** What functions were told is the span of their task. */
function expectTold({ store }: Simulation, spans: ReadonlyMap<string, SpanRecord>): void {
  const jobs = store.history.filter(
    ({ type, kind }) => type === 'added' && kind.kind === JobKind.kind,
  );
  expect(jobs.length).toBeGreaterThan(0);
  for (const { object } of jobs) {
    const told = JSON.stringify(object).match(/\d\d-[0-9a-f]{32}-[0-9a-f]{16}-01/gu) ?? [];
    const [task] = object.metadata.ownerReferences ?? [];
    const span = [...spans.values()].find(({ name }) => name === task?.name);
    expect(new Set(told)).toEqual(new Set(span === undefined ? [] : [traceparentOf(span)]));
    // At the top and in the metadata.
    expect(told).toHaveLength(2);
  }
}

function deaths() {
  let left = 3;
  return (_: unknown, random: { chance(share: number): boolean }) => {
    if (left === 0 || !random.chance(0.02)) return undefined;
    left -= 1;
    return random.chance(0.5) ? ('crash-before' as const) : ('crash-after' as const);
  };
}

describe('the spans of a run with two workloads, a failure and follow-ups', () => {
  it('are whole and the same, wherever processes die', { timeout: 240_000 }, async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const isCalm = seed === 1;
      const simulation = sluice({
        seed,
        ...(!isCalm && { weather: storm, latencyMs: 10, fault: deaths() }),
      });
      await simulation.explained(async () => {
        const { store } = simulation;
        const collector = new SimulatedExport(simulation);
        simulation.apply(shop);
        simulation.start();
        await simulation.until(
          'everything has ended',
          // A process that begins with old caches asks for the application once more.
          () =>
            allCompleted(simulation) &&
            isOver(simulation) &&
            store.list(KeptnAppCreationRequest).length === 0,
          3_600_000,
        );
        await simulation.until(
          'everything is marked',
          () => collector.pending.length === 0,
          3_600_000,
        );

        const spans = collector.received;
        expectNoneMissing(simulation, spans);
        expectWhole(spans);
        expectTold(simulation, spans);
        const [app] = store.list(KeptnAppVersion);
        expect(new Set([...spans.values()].map(({ traceId }) => traceId)).size).toBe(1);
        expect(app?.status?.phaseTraceIDs?.['AppDeploy']?.['traceparent']).toBe(
          traceparentOf(
            [...spans.values()].find(({ name }) => name === 'AppDeploy') ?? {
              traceId: '',
              spanId: '',
            },
          ),
        );
        // A process that starts with caches that lag may ask for the application once more; the request ends with its window.
        await simulation.until(
          'no application is asked for any more',
          () => store.list(KeptnAppCreationRequest).length === 0,
          60_000,
        );
        // What follows an end, as the time to live of its Job, is done by the next process if this one has died.
        await simulation.pass(60_000);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(simulation.writes.slice(before)).toEqual([]);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('the spans of a version that came back', () => {
  it('are those of both attempts', { timeout: 120_000 }, async () => {
    const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
    const cart = (version: string) => aWorkload('cart', { app: 'cart', version, annotations });
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        const collector = new SimulatedExport(simulation);
        const endless = `${aTaskDefinition('check', 'run')}  onSupersede: stop\n`;
        simulation.apply(aShopNamespace, tracing, endless, cart('1'));
        simulation.start();
        await simulation.until('the task runs', () => store.list(JobKind).length === 1);
        simulation.apply(`${aTaskDefinition('check')}  onSupersede: stop\n`, cart('2'));
        await versionBecomes(simulation, 'cart-cart-2', 'Succeeded');
        await versionBecomes(simulation, 'cart-cart-1', 'Deprecated');
        simulation.apply(cart('1'));
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        await simulation.until(
          'everything is marked',
          () => collector.pending.length === 0,
          3_600_000,
        );

        const spans = collector.received;
        expectNoneMissing(simulation, spans);
        expectWhole(spans);
        const attempts = [...spans.values()].filter(({ name }) => name === 'cart-cart-1');
        expect(attempts.map(({ outcome }) => outcome).toSorted()).toEqual(['ok', 'unset']);
        const version = store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
        expect(version?.status?.attempts).toMatchObject([{ attempt: 1, exported: true }]);
      });
    }
  });
});

describe('while no collector is configured', () => {
  it('nothing of traces is written anywhere', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(shop.replace('OTelCollectorUrl: "collector:4317"', ''));
      simulation.start();
      await simulation.until(
        'everything has ended',
        () => allCompleted(simulation) && isOver(simulation),
      );
      const written = JSON.stringify(simulation.store.history.map(({ object }) => object));
      expect(written).not.toMatch(/traceparent|phaseTraceIDs|Exported/u);
      expect(JSON.stringify(simulation.notes)).not.toContain('traceparent');
    });
  });
});
