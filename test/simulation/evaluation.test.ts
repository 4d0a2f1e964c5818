import { describe, expect, it } from 'vitest';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import {
  evaluationController,
  evaluationsAwaitingProvider,
  openEvaluationsByDefinition,
} from '../../src/controllers/evaluation.ts';
import { evaluationsAwaitingFollowUp } from '../../src/controllers/follow-ups.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { metricsActor } from './actors/metrics.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-shared' };

function evaluations(options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({
    seed: 1,
    controllers: [evaluationController(places)],
    indexes: [
      openEvaluationsByDefinition,
      evaluationsAwaitingFollowUp,
      evaluationsAwaitingProvider,
    ],
    kinds: [KeptnMetric],
    ...options,
  });
}

const anEvaluation = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluation
metadata: { namespace: shop, name: fast }
spec: { workloadVersion: "", evaluationDefinition: fast, retries: 4, retryInterval: 5s }
`;

const aDefinition = (namespace: string, target = '>4'): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: ${namespace}, name: fast }
spec: { objectives: [{ keptnMetricRef: { name: cpu }, evaluationTarget: "${target}" }] }
`;

const aMetric = (namespace: string): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: ${namespace}, name: cpu }
spec: { provider: { name: p }, query: up, fetchIntervalSeconds: 5 }
`;

/** The metric has this value from now on, and exists if it did not. */
function measure(simulation: Simulation, namespace: string, value: string): void {
  const { store } = simulation;
  if (store.get(KeptnMetric, namespace, 'cpu') === undefined) simulation.apply(aMetric(namespace));
  const version = store.get(KeptnMetric, namespace, 'cpu')?.metadata.resourceVersion ?? '';
  const ref = { kind: KeptnMetric, namespace, name: 'cpu' };
  store.writeStatus(ref, version, { value, rawValue: btoa(`"${value}"`) });
}

const statusOf = ({ store }: Simulation) => store.get(KeptnEvaluation, 'shop', 'fast')?.status;
const isOver = (simulation: Simulation): boolean => statusOf(simulation)?.endTime !== undefined;

describe('an evaluation', () => {
  it('made by hand in any namespace succeeds in one write', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '5');
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
      await simulation.pass(60_000);
      expect(simulation.writes).toHaveLength(1);
    });
  });

  it('finds definition and metric in the shared namespaces after its own', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'keptn-system', '5');
      simulation.apply(aDefinition('keptn-shared'), anEvaluation);
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded' });
    });
  });

  it('fails after its attempts, each of them one write, however often the metric changes', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '1');
      simulation.apply(aDefinition('shop'), anEvaluation);
      for (const value of ['2', '3', '1', '2', '3', '1']) {
        await simulation.pass(2_500);
        measure(simulation, 'shop', value);
      }
      expect(isOver(simulation)).toBe(true);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Failed', retryCount: 4 });
      expect(simulation.writes).toHaveLength(4);
      expect(simulation.notes.map(({ reason }) => reason)).toEqual([
        'ReconcileEvaluationReconcileTimeout',
        'ReconcileEvaluationFailed',
      ]);
    });
  });

  it('notices at the next attempt that its metric has come', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.pass(6_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Progressing', retryCount: 2 });
      measure(simulation, 'shop', '5');
      await simulation.until('it is over', () => isOver(simulation), 5_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 3 });
    });
  });

  it('waits for its definition without counting, and begins as soon as it comes', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '5');
      simulation.apply(anEvaluation);
      await simulation.pass(300_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Pending', retryCount: 0 });
      expect(simulation.writes).toHaveLength(1);
      simulation.apply(aDefinition('keptn-shared'));
      await simulation.until('it is over', () => isOver(simulation), 100);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
    });
  });

  it('is judged by its own namespace’s definition even if the cache knows only the shared one yet', async () => {
    const simulation = evaluations({
      weather: () => ({
        lagMs: ({ object }) =>
          object.metadata.namespace === 'shop' && object.kind === 'KeptnEvaluationDefinition'
            ? 9_000
            : 0,
      }),
    });
    await simulation.explained(async () => {
      measure(simulation, 'shop', '5');
      simulation.apply(aDefinition('keptn-shared', '>100'));
      simulation.start();
      await simulation.pass(1_000);
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
      expect(simulation.store.list(KeptnEvaluationDefinition)).toHaveLength(2);
    });
  });

  it('B2: ends the same whichever write the process is killed after, with no attempt more or less', async () => {
    for (let write = 1; write <= 4; write += 1) {
      const simulation = evaluations({ seed: write, crashAfterWrites: [write], latencyMs: 5 });
      await simulation.explained(async () => {
        simulation.start();
        measure(simulation, 'shop', '1');
        simulation.apply(aDefinition('shop'), anEvaluation);
        await simulation.until('it is over', () => isOver(simulation));
        await simulation.pass(60_000);
        expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Failed', retryCount: 4 });
        expect(simulation.writes).toHaveLength(4);
      });
    }
  });

  it('B2: that passed with its last attempt stays passed over any number of restarts', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '1');
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.pass(14_000);
      measure(simulation, 'shop', '5');
      await simulation.until('it is over', () => isOver(simulation));
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 4 });
      for (let restart = 0; restart < 3; restart += 1) {
        simulation.processes.at(-1)?.kill();
        simulation.start();
        await simulation.pass(60_000);
      }
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 4 });
      expect(simulation.writes).toHaveLength(4);
    });
  });
});

const aQuery = (more = '', target = '>4'): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: fast }
spec: { objectives: [{ name: cpus, query: sum(cpu), ${more} evaluationTarget: "${target}" }] }
`;

const aProvider = (name: string): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: ${name} }
spec: { type: prometheus, targetServer: "http://prometheus" }
`;

describe('an evaluation with a query of its own', () => {
  const metricsIn = ({ store }: Simulation) => store.list(KeptnMetric);

  it('asks the only provider, is judged by the first answer, and leaves no metric behind', async () => {
    const asked: string[] = [];
    const simulation = evaluations({ actors: [metricsActor(() => '5', asked)] });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aQuery(), anEvaluation);
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({
        overallStatus: 'Succeeded',
        retryCount: 1,
        evaluationStatus: { cpus: { value: '5', status: 'Succeeded' } },
      });
      await simulation.until('the metric is gone', () => metricsIn(simulation).length === 0, 100);
      await simulation.pass(60_000);
      expect(asked).toEqual(['p sum(cpu)']);
    });
  });

  it('makes each attempt on an answer of its own, also on one that is late or without a value', async () => {
    const answers = ['1', undefined, '1', '5'];
    const simulation = evaluations({ actors: [metricsActor(() => answers.shift())] });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aQuery(), anEvaluation);
      await simulation.until('it is over', () => isOver(simulation), 30_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 4 });
      const made = simulation.writes.filter(
        ({ kind, verb }) => kind === KeptnMetric && verb === 'create',
      );
      expect(made).toHaveLength(1);
    });
  });

  it('names the choices, uncounted, until one is named or left', async () => {
    const simulation = evaluations({ actors: [metricsActor(() => '5')] });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aProvider('q'), aQuery(), anEvaluation);
      await simulation.pass(300_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Pending', retryCount: 0 });
      const stalled = statusOf(simulation)?.conditions?.find(({ type }) => type === 'Stalled');
      expect(stalled).toMatchObject({ status: 'True', reason: 'ProviderAmbiguous' });
      expect(stalled?.message).toContain('p, q');
      expect(simulation.writes).toHaveLength(1);
      simulation.store.delete({ kind: KeptnMetricsProvider, namespace: 'shop', name: 'q' });
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
    });
  });

  it('begins as soon as the provider comes that it names', async () => {
    const simulation = evaluations({ actors: [metricsActor(() => '5')] });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aQuery('provider: { name: q },'), anEvaluation);
      await simulation.pass(60_000);
      expect(statusOf(simulation)).toMatchObject({ retryCount: 0 });
      simulation.apply(aProvider('q'));
      await simulation.until('it is over', () => isOver(simulation), 1_000);
    });
  });

  it('ends the same whichever write the process is killed after, and leaves no metric behind', async () => {
    for (let write = 1; write <= 6; write += 1) {
      const actors = [metricsActor(() => '1')];
      const simulation = evaluations({
        seed: write,
        crashAfterWrites: [write],
        latencyMs: 5,
        actors,
      });
      await simulation.explained(async () => {
        simulation.start();
        simulation.apply(aProvider('p'), aQuery(), anEvaluation);
        await simulation.until('it is over', () => isOver(simulation));
        await simulation.pass(60_000);
        expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Failed', retryCount: 4 });
        expect(metricsIn(simulation)).toEqual([]);
      });
    }
  });
});
