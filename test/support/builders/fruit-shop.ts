import {
  aDeployment,
  aMetric,
  anAppContext,
  anEvaluationDefinition,
  aPrometheusProvider,
  aTaskDefinition,
} from './apps.ts';
import type { Manifest } from '../cluster/test-cluster.ts';

/**
 * An application with everything at once: six workloads, tasks of all three runners, evaluations of a metric, promotion. What is
 * shared by several tests; namespaces are left to whoever applies it.
 */
export const fruits = ['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig'] as const;

/** The tasks that one run of the application makes: by their definitions, how often. */
export const tasksPerRun: Readonly<Record<string, number>> = {
  'open-season': 1,
  inventory: 1,
  ripe: 5,
  greet: 1,
  tell: 1,
  promote: 1,
};

/** Definitions, metrics and the app's checks. A task takes `delay`. */
export function fruitShopChecks(prometheusUrl: string, delay = '300ms'): Manifest[] {
  const code = 'console.log("done")';
  return [
    aTaskDefinition('open-season', { delay }),
    aFunction('inventory', delay, {
      python: {
        httpRef: { url: 'https://example.com/inventory.py' },
        parameters: { map: { user: 'gardener' } },
        secureParameters: { secret: 'orchard' },
      },
    }),
    aFunction('ripe', delay, { deno: { inline: { code } } }),
    aTaskDefinition('greet', { delay }),
    aFunction('tell', delay, { deno: { httpRef: { url: 'https://example.com/tell.ts' } } }),
    aFunction('promote', delay, { deno: { inline: { code } } }),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'orchard' },
      stringData: { SECURE_DATA: 'x' },
    },
    aPrometheusProvider(prometheusUrl),
    aMetric('suns'),
    anEvaluationDefinition('sunny', { suns: '>1' }),
    anAppContext({
      preDeploymentTasks: ['open-season', 'inventory'],
      preDeploymentEvaluations: ['sunny'],
      postDeploymentTasks: ['tell'],
      promotionTasks: ['promote'],
    }),
  ];
}

/** The workloads in a version. */
export function fruitShopWorkloads(version = '1.0.0'): Manifest[] {
  return fruits.map((workload) =>
    aDeployment({
      workload,
      version,
      ...(workload === 'apple'
        ? { postDeploymentTasks: ['greet'] }
        : { preDeploymentTasks: ['ripe'] }),
      ...(workload === 'banana' && {
        preDeploymentEvaluations: ['sunny'],
        postDeploymentEvaluations: ['sunny'],
      }),
    }),
  );
}

function aFunction(name: string, delay: string, spec: Record<string, unknown>): Manifest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnTaskDefinition',
    metadata: { name, annotations: { 'sluice.test/delay': delay } },
    spec: { retries: 0, ...spec },
  };
}
