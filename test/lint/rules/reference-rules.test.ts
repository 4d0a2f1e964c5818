import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { referencesOf } from '../../../src/lint/base/references.ts';
import {
  anAppContext,
  anEvaluation,
  anEvaluationDefinition,
  aMetric,
  aMetricsProvider,
  aTask,
  aTaskDefinition,
} from '../../support/builders/builders.ts';
import { lintContext, problemLines } from '../../support/memory/lint-context.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'shared' };

const stated = (object: KubernetesObject) =>
  referencesOf(object, places).map(
    ({ path, kind, name, namespaces }) =>
      `${path}: ${kind.kind} ${name} in ${namespaces.join(', ')}`,
  );

describe('the names in a spec', () => {
  test('of a KeptnTaskDefinition: functions, ConfigMaps, ServiceAccount, follow-ups in both spellings', () => {
    const volumes = [
      { name: 'a', configMap: { name: 'files' } },
      { name: 'b', configMap: { name: 'perhaps', optional: true } },
      { name: 'c', projected: { sources: [{ configMap: { name: 'part' } }] } },
    ];
    const definition = {
      ...aTaskDefinition(),
      spec: {
        deno: { functionRef: { name: 'base' }, configMapRef: { name: 'code' }, inline: {} },
        serviceAccount: { name: 'runner' },
        job: {
          envFrom: [{ configMapRef: { name: 'env' } }, { secretRef: { name: 'never' } }],
          volumes,
        },
        onSuccess: ['notify', 'promote'],
        'on-failure': 'page',
      },
    };
    expect(stated(definition)).toEqual([
      'spec.deno.functionRef.name: KeptnTaskDefinition base in shop, shared',
      'spec.deno.configMapRef.name: ConfigMap code in shop',
      'spec.job.envFrom[0].configMapRef.name: ConfigMap env in shop',
      'spec.job.volumes[0].configMap.name: ConfigMap files in shop',
      'spec.job.volumes[2].projected.sources[0].configMap.name: ConfigMap part in shop',
      'spec.serviceAccount.name: ServiceAccount runner in shop',
      'spec.onSuccess[0]: KeptnTaskDefinition notify in shop, shared',
      'spec.onSuccess[1]: KeptnTaskDefinition promote in shop, shared',
      'spec.on-failure: KeptnTaskDefinition page in shop, shared',
    ]);
  });

  test('of a container: the ConfigMaps of its environment', () => {
    const container = {
      name: 'c',
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'one', key: 'a' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'never', key: 'a' } } },
      ],
      envFrom: [{ configMapRef: { name: 'all' } }],
    };
    expect(stated(aTaskDefinition({ spec: { container } }))).toEqual([
      'spec.container.env[0].valueFrom.configMapKeyRef.name: ConfigMap one in shop',
      'spec.container.envFrom[0].configMapRef.name: ConfigMap all in shop',
    ]);
  });

  test('of a shared definition: what is found where it is used has no place', () => {
    const metadata = { namespace: 'shared' };
    const spec = { serviceAccount: { name: 'runner' }, onFailure: ['page'] };
    expect(stated(aTaskDefinition({ metadata, spec }))).toEqual([
      'spec.serviceAccount.name: ServiceAccount runner in ',
      'spec.onFailure[0]: KeptnTaskDefinition page in shared',
    ]);
    const objectives = [{ keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>1' }];
    expect(stated(anEvaluationDefinition({ metadata, spec: { objectives } }))).toEqual([
      'spec.objectives[0].keptnMetricRef.name: KeptnMetric cpu in ',
    ]);
  });

  test('of all other kinds', () => {
    const objectives = [
      { keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>1' },
      { keptnMetricRef: { name: 'cpu', namespace: 'metrics' }, evaluationTarget: '>1' },
      { query: 'up', name: 'up', provider: { name: 'prometheus' }, evaluationTarget: '>1' },
    ];
    expect(stated(anEvaluationDefinition({ spec: { objectives } }))).toEqual([
      'spec.objectives[0].keptnMetricRef.name: KeptnMetric cpu in shop, keptn-system',
      'spec.objectives[1].keptnMetricRef.name: KeptnMetric cpu in ',
      'spec.objectives[2].provider.name: KeptnMetricsProvider prometheus in shop',
    ]);
    const lists = {
      preDeploymentTasks: ['a'],
      postDeploymentEvaluations: ['b'],
      promotionTasks: ['c', 'd'],
      onSuccess: ['e'],
    };
    expect(stated(anAppContext({ spec: lists }))).toEqual([
      'spec.preDeploymentTasks[0]: KeptnTaskDefinition a in shop, shared',
      'spec.postDeploymentEvaluations[0]: KeptnEvaluationDefinition b in shop, shared',
      'spec.promotionTasks[0]: KeptnTaskDefinition c in shop, shared',
      'spec.promotionTasks[1]: KeptnTaskDefinition d in shop, shared',
      'spec.onSuccess[0]: KeptnTaskDefinition e in shop, shared',
    ]);
    const [task, evaluation] = [
      aTask({ spec: { taskDefinition: 'a' } }),
      anEvaluation({ spec: { evaluationDefinition: 'b' } }),
    ];
    expect(stated(task)).toEqual(['spec.taskDefinition: KeptnTaskDefinition a in shop, shared']);
    expect(stated(evaluation)).toEqual([
      'spec.evaluationDefinition: KeptnEvaluationDefinition b in shop, shared',
    ]);
    expect(stated(aMetric({ spec: { provider: { name: 'p' } } }))).toEqual([
      'spec.provider.name: KeptnMetricsProvider p in shop',
    ]);
    expect(stated(aMetricsProvider())).toEqual([]);
  });
});

describe('a name in a spec', () => {
  const context = anAppContext({ spec: { promotionTasks: ['promote'] } });
  const missing =
    'missing reference-missing spec.promotionTasks[0]: KeptnTaskDefinition promote does not exist in shop or keptn-system; create it, or correct the name';

  test('may be that of something that does not exist yet', () => {
    expect(problemLines(context, lintContext())).toEqual([missing]);
  });

  test('is found in the own namespace and among the shared definitions, nowhere else', () => {
    const promote = (namespace: string) =>
      aTaskDefinition({ metadata: { name: 'promote', namespace } });
    expect(problemLines(context, lintContext([promote('shop')]))).toEqual([]);
    expect(problemLines(context, lintContext([promote('keptn-system')]))).toEqual([]);
    expect(problemLines(context, lintContext([promote('other')]))).toEqual([missing]);
  });

  test('is not claimed to be missing while not everything is known', () => {
    expect(problemLines(context, lintContext([], { isComplete: () => false }))).toEqual([]);
  });

  test('must not be that of something of another kind', () => {
    const promote = anEvaluationDefinition({
      metadata: { name: 'promote' },
      spec: { objectives: [] },
    });
    expect(problemLines(context, lintContext([promote]))).toEqual([
      'error reference-wrong-kind spec.promotionTasks[0]: promote is a KeptnEvaluationDefinition; name a KeptnTaskDefinition here, or create the one of this name first',
    ]);
    const both = [promote, aTaskDefinition({ metadata: { name: 'promote' } })];
    expect(problemLines(context, lintContext(both))).toEqual([]);
  });

  test('may be that of something of another kind, too: one that is named beside it, or names it itself', () => {
    const named = anAppContext({
      spec: { preDeploymentTasks: ['load'], preDeploymentEvaluations: ['load'] },
    });
    const load = (spec: object) =>
      anEvaluationDefinition({ metadata: { name: 'load' }, spec: { objectives: [], ...spec } });
    expect(problemLines(named, lintContext([load({})]))).toEqual([
      'missing reference-missing spec.preDeploymentTasks[0]: KeptnTaskDefinition load does not exist in shop or keptn-system; create it, or correct the name',
    ]);
    const alone = anAppContext({ spec: { preDeploymentTasks: ['load'] } });
    expect(problemLines(alone, lintContext([load({ onFailure: ['load'] })]))).toEqual([
      'missing reference-missing spec.preDeploymentTasks[0]: KeptnTaskDefinition load does not exist in shop or keptn-system; create it, or correct the name',
    ]);
  });

  test('is no mistake where a metric is called like the provider that it waits for', () => {
    const metric = aMetric({
      metadata: { name: 'prometheus' },
      spec: { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 5 },
    });
    expect(problemLines(metric, lintContext([]))).toEqual([
      'missing reference-missing spec.provider.name: KeptnMetricsProvider prometheus does not exist in shop; create it, or correct the name',
    ]);
  });

  test('must be there where a metric is to be measured', () => {
    const unnamed = anEvaluationDefinition({
      spec: { objectives: [{ keptnMetricRef: { name: '' }, evaluationTarget: '>1' }] },
    });
    expect(problemLines(unnamed, lintContext())).toEqual([
      'error reference-illegal spec.objectives[0].keptnMetricRef.name: "" cannot be the name of anything; name a KeptnMetric',
    ]);
  });

  test('must be one that something can have', () => {
    const bad = anAppContext({ spec: { preDeploymentTasks: ['Check DB', ''] } });
    expect(problemLines(bad, lintContext())).toEqual([
      'error reference-illegal spec.preDeploymentTasks[0]: "Check DB" cannot be the name of anything; name a KeptnTaskDefinition',
      'error reference-illegal spec.preDeploymentTasks[1]: "" cannot be the name of anything; name a KeptnTaskDefinition',
    ]);
  });

  test('of the ServiceAccount that every namespace has is never missing', () => {
    const definition = (name: string) => aTaskDefinition({ spec: { serviceAccount: { name } } });
    expect(problemLines(definition('default'), lintContext())).toEqual([]);
    expect(problemLines(definition('runner'), lintContext())).toEqual([
      'missing reference-missing spec.serviceAccount.name: ServiceAccount runner does not exist in shop; create it, or correct the name',
    ]);
  });
});
