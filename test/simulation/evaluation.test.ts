import { describe, expect, it } from 'vitest';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { evaluationController } from '../../src/controllers/evaluation.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { metricsActor } from '../../src/cli/played/actors/metrics.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-shared' };

/** What the metrics of each namespace of a simulation are measured at from now on. */
const values = new WeakMap<Simulation, Map<string, string>>();

function evaluations(options: Partial<SimulationOptions> = {}): Simulation {
  const measured = new Map<string, string>();
  const simulation = new Simulation({
    seed: 1,
    controllers: [evaluationController(places)],
    kinds: [KeptnMetric],
    actors: [metricsActor(({ metadata }) => measured.get(metadata.namespace ?? ''))],
    ...options,
  });
  values.set(simulation, measured);
  return simulation;
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

const aMetric = (namespace: string, spec = ''): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: ${namespace}, name: cpu }
spec: { provider: { name: p }, query: up, fetchIntervalSeconds: 5 ${spec} }
`;

const aProvider = (name: string, namespace = 'shop', server = 'http://prometheus'): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: ${namespace}, name: ${name} }
spec: { type: prometheus, targetServer: "${server}" }
`;

/** The metric is measured at this value from now on, and exists if it did not. */
function measure(simulation: Simulation, namespace: string, value: string): void {
  const { store } = simulation;
  values.get(simulation)?.set(namespace, value);
  if (store.get(KeptnMetric, namespace, 'cpu') !== undefined) return;
  simulation.apply(aProvider('p', namespace), aMetric(namespace));
}

const statusOf = ({ store }: Simulation) => store.get(KeptnEvaluation, 'shop', 'fast')?.status;
const isOver = (simulation: Simulation): boolean => statusOf(simulation)?.endTime !== undefined;

describe('an evaluation', () => {
  it('made by hand in any namespace succeeds in one write', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '5');
      await simulation.pass(500);
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
      await simulation.pass(500);
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
      await simulation.pass(500);
      simulation.apply(aDefinition('shop'), anEvaluation);
      for (const value of ['2', '3', '1', '2', '3', '1']) {
        await simulation.pass(2_500);
        measure(simulation, 'shop', value);
      }
      await simulation.until('it is over', () => isOver(simulation), 1_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Failed', retryCount: 4 });
      expect(simulation.writes).toHaveLength(4);
      expect(simulation.notes.map(({ reason }) => reason)).toEqual([
        'ReconcileEvaluationReconcileTimeout',
        'ReconcileEvaluationFailed',
      ]);
    });
  });

  it('waits for its metric, its provider and its first value without an attempt, and begins when the value comes', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      const stated = () =>
        statusOf(simulation)?.conditions?.map(({ status, reason }) => `${status} ${reason}`);
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.pass(60_000);
      expect(stated()).toEqual([
        'Unknown MetricNotFound',
        'False MetricNotFound',
        'True MetricNotFound',
        'True MetricAwaited',
      ]);
      simulation.apply(aMetric('shop'));
      await simulation.pass(60_000);
      expect(stated()).toEqual([
        'Unknown ProviderNotFound',
        'False ProviderNotFound',
        'True ProviderNotFound',
        'True MetricAwaited',
      ]);
      simulation.apply(aProvider('p'));
      await simulation.pass(60_000);
      expect(stated()).toEqual([
        'Unknown QueryFailed',
        'True QueryFailed',
        'False QueryFailed',
        'True MetricAwaited',
      ]);
      expect(statusOf(simulation)).toMatchObject({
        retryCount: 0,
        evaluationStatus: {
          cpu: {
            status: 'Pending',
            message: 'empty value for: cpu (the last query failed: no values in query result)',
          },
        },
      });
      measure(simulation, 'shop', '5');
      await simulation.until('it is over', () => isOver(simulation), 6_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
    });
  });

  it('makes each attempt on a measurement of its own, and waits for the next one without a write', async () => {
    const simulation = evaluations({
      actors: [metricsActor(() => '1')],
    });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aMetric('shop').replace('Seconds: 5', 'Seconds: 20'));
      await simulation.pass(500);
      simulation.apply(aDefinition('shop'), anEvaluation);
      await simulation.pass(19_000);
      expect(statusOf(simulation)).toMatchObject({ retryCount: 1 });
      await simulation.pass(2_000);
      expect(statusOf(simulation)).toMatchObject({ retryCount: 2 });
      await simulation.until('it is over', () => isOver(simulation));
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Failed', retryCount: 4 });
      expect(simulation.writes).toHaveLength(4);
    });
  });

  it('is not judged by what was measured with another query or from another provider', async () => {
    for (const change of [
      aMetric('shop').replace('query: up', 'query: down'),
      aMetric('shop', ', range: { interval: 1h }'),
      aProvider('p', 'shop', 'http://elsewhere'),
    ]) {
      const answers = ['5'];
      const simulation = evaluations({ actors: [metricsActor(() => answers.shift())] });
      await simulation.explained(async () => {
        simulation.start();
        simulation.apply(aProvider('p'), aMetric('shop'));
        await simulation.pass(1_000);
        simulation.apply(change, aDefinition('shop'), anEvaluation);
        await simulation.pass(60_000);
        expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Pending', retryCount: 0 });
        answers.push('6');
        await simulation.until('it is over', () => isOver(simulation), 6_000);
        expect(statusOf(simulation)?.evaluationStatus).toMatchObject({ cpu: { value: '6' } });
      });
    }
  });

  it('takes no value that is older than two fetch intervals, and names bound, age and error', async () => {
    const answers = ['5'];
    const simulation = evaluations({ actors: [metricsActor(() => answers.shift())] });
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aProvider('p'), aMetric('shop'), aDefinition('shop'));
      await simulation.pass(12_000);
      simulation.apply(anEvaluation);
      await simulation.pass(60_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Pending', retryCount: 0 });
      expect(statusOf(simulation)?.conditions?.[1]).toMatchObject({
        status: 'True',
        reason: 'QueryFailed',
        message: expect.stringMatching(
          /^cpu: the last value of cpu, 5 of \S+Z, is older than 10s \(two fetch intervals\) \(the last query failed: no values in query result\)$/,
        ),
      });
      expect(simulation.writes).toHaveLength(1);
      answers.push('6');
      await simulation.until('it is over', () => isOver(simulation), 6_000);
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 1 });
    });
  });

  it('waits for its definition without counting, and begins as soon as it comes', async () => {
    const simulation = evaluations();
    await simulation.explained(async () => {
      simulation.start();
      measure(simulation, 'shop', '5');
      await simulation.pass(500);
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
      await simulation.pass(500);
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
        await simulation.pass(500);
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
      await simulation.pass(500);
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
      // The answer without a value is no measurement, and no attempt is made on it.
      expect(statusOf(simulation)).toMatchObject({ overallStatus: 'Succeeded', retryCount: 3 });
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
