import { describe, expect, it } from 'vitest';

import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { allRun, expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const cart = (annotations: Record<string, string> = {}): string =>
  aWorkload('cart', { app: 'cart', annotations });

const config = (repeatFailedChecks: boolean): string => `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: settings }
spec: { repeatFailedChecks: ${repeatFailedChecks} }
`;

const evaluation = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  retries: 1
  retryInterval: 1s
  objectives: [{ keptnMetricRef: { name: cpus }, evaluationTarget: ">1" }]
`;

const metric = (value: number): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "${value}", fetchIntervalSeconds: 5 }
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: p }
spec: { type: prometheus, targetServer: "http://prometheus" }
`;

const context = (...tasks: string[]): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: cart }
spec: { preDeploymentTasks: [${tasks.join(', ')}] }
`;

const base = (code: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { namespace: shop, name: base }
spec: { deno: { inline: { code: "${code}" } } }
`;

const derived = (outcome: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { namespace: shop, name: check, annotations: { sluice.test/outcome: ${outcome} } }
spec: { retries: 0, deno: { functionRef: { name: base } } }
`;

const preTask = { 'keptn.sh/pre-deployment-tasks': 'check' };
const preEvaluation = { 'keptn.sh/pre-deployment-evaluations': 'enough' };

/** Runs it in fair and foul weather; in foul weather nobody leads while the cause is mended. */
async function whateverTheWeather(scenario: {
  readonly fails: readonly string[];
  readonly failed: (simulation: Simulation) => boolean;
  readonly mended: readonly string[];
}): Promise<void> {
  for (let seed = 1; seed <= 6; seed += 1) {
    const simulation = sluice({ seed, ...(seed > 2 && { weather: storm }) });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...scenario.fails);
      const first = simulation.start();
      await simulation.until('it has failed', () => scenario.failed(simulation));
      await simulation.pass(60_000);
      const isAway = seed % 2 === 0;
      if (isAway) first.kill();
      simulation.apply(...scenario.mended);
      if (isAway) simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      await simulation.until('its app completes', () => appStatus(simulation) === 'Succeeded');
      await simulation.pass(900_000);
      const before = simulation.writes.filter(({ kind }) => kind !== KeptnMetric).length;
      await simulation.pass(900_000);
      expect(simulation.writes.filter(({ kind }) => kind !== KeptnMetric).slice(before)).toEqual(
        [],
      );
      expectNoHarm(simulation);
    });
  }
}

function appStatus({ store }: Simulation): string | undefined {
  const versions = store.list(KeptnAppVersion).filter(({ spec }) => spec.appName === 'cart');
  return versions.at(-1)?.status?.status;
}

const isFailed = (simulation: Simulation): boolean => appStatus(simulation) === 'Failed';

describe('failed checks are repeated when what they name has changed', () => {
  it('the KeptnMetric of an evaluation', () =>
    whateverTheWeather({
      fails: [evaluation, metric(0), cart(preEvaluation)],
      failed: isFailed,
      mended: [metric(4)],
    }));

  it('the definition that a functionRef leads to', () =>
    whateverTheWeather({
      fails: [base('1'), derived('fail'), cart(preTask)],
      failed: isFailed,
      mended: [derived('succeed'), base('2')],
    }));

  it('the definition of a check of the application', () =>
    whateverTheWeather({
      fails: [context('check'), aTaskDefinition('check', 'fail'), cart()],
      failed: isFailed,
      mended: [aTaskDefinition('check').replace('timeout: 5m', 'timeout: 6m')],
    }));

  it('the KeptnAppContext of an application', () =>
    whateverTheWeather({
      fails: [context('check'), aTaskDefinition('check', 'fail'), aTaskDefinition('other'), cart()],
      failed: isFailed,
      mended: [context('other')],
    }));

  it('also if that was switched off when it was changed, and is switched on later', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, config(false), context('check'));
      simulation.apply(aTaskDefinition('check', 'fail'), aTaskDefinition('own', 'fail'));
      simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'own' }));
      simulation.start();
      await simulation.until('it has failed', () => isFailed(simulation));
      simulation.apply(aTaskDefinition('check').replace('timeout: 5m', 'timeout: 6m'));
      await simulation.pass(60_000);
      expect(simulation.store.list(KeptnTask)).toHaveLength(1);
      simulation.apply(config(true));
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      simulation.apply(config(false));
      simulation.apply(aTaskDefinition('own').replace('timeout: 5m', 'timeout: 6m'));
      await simulation.pass(60_000);
      expect(simulation.store.list(KeptnTask)).toHaveLength(3);
      simulation.apply(config(true));
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
    });
  });

  it('and not when a metric or definition came only after the check had begun', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, evaluation, cart(preEvaluation));
      simulation.start();
      await simulation.pass(30_000);
      simulation.apply(metric(0));
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      await simulation.pass(600_000);
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
    });
  });
});
