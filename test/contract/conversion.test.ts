import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { aTaskDefinition } from '../support/builders/apps.ts';
import {
  evaluationDefinitionInProposal,
  queryInProposal,
  taskDefinitionInProposal,
} from '../support/builders/kep-93.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { inVersion } from '../support/observed/in-version.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** Definitions in an old version on a real API server: KEP 93's own documents, and edits in two versions. */

const manifestOf = (yaml: string): Manifest & { readonly spec: unknown } => parse(yaml);

const aProvider = (name: string, targetServer: string): Manifest => ({
  apiVersion: 'metrics.keptn.sh/v1',
  kind: 'KeptnMetricsProvider',
  metadata: { name },
  spec: { type: 'prometheus', targetServer },
});

describe("the KEP's own documents", () => {
  let sluice: RunningSluice;
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
    sluice = await RunningSluice.shared();
  });
  afterAll(async () => {
    await prometheus.close();
  });

  it('define a task whose success and failure are followed up', async () => {
    await using shop = await sluice.namespace();
    const { cluster } = sluice;
    const document = taskDefinitionInProposal('notify', 'roll-back');
    await shop.apply(aTaskDefinition('notify'), aTaskDefinition('roll-back'));
    await cluster.kubectl(['apply', '-n', shop.name, '-f', '-'], document);

    const place = { namespace: shop.name, name: 'promote-staging' };
    const { function: code, ...followUps } = parse(document).spec;
    const inV1 = await cluster.get(KeptnTaskDefinition, place);
    expect(inV1?.spec).toEqual({
      deno: code,
      ...followUps,
      retries: 10,
      timeout: '5m',
      ttlSecondsAfterFinished: 300,
    });
    const asWritten = await cluster.get(inVersion(KeptnTaskDefinition, 'v1alpha2'), place);
    expect(asWritten?.spec).toEqual(parse(document).spec);
    // A second time there is nothing to change.
    const again = await cluster.kubectl(['apply', '-n', shop.name, '-f', '-'], document);
    expect(again).toContain('unchanged');

    await shop.apply({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      metadata: { name: 'by-hand' },
      spec: { taskDefinition: 'promote-staging' },
    });
    const task = await shop.untilTask(
      'promote-staging',
      ({ status }) => status?.status === 'Succeeded',
      30_000,
    );
    const followUp = await shop.untilTask('notify', ({ status }) => status?.status === 'Succeeded');
    expect(followUp.spec.parent).toMatchObject({ name: task.metadata.name, trigger: 'onSuccess' });
    const tasks = await cluster.list(KeptnTask, { namespace: shop.name });
    expect(tasks.map(({ spec }) => spec.taskDefinition).toSorted()).toEqual([
      'notify',
      'promote-staging',
    ]);
  });

  it('define an evaluation that asks the only provider and whose failure is followed up', async () => {
    const { cluster } = sluice;
    const document = evaluationDefinitionInProposal('notify', 'roll-back');
    const namespace = 'podtato-kubectl';
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const here = (manifest: Manifest): Manifest => ({
      ...manifest,
      metadata: { ...manifest.metadata, namespace },
    });
    await cluster.apply(
      here(aTaskDefinition('notify')),
      here(aTaskDefinition('roll-back')),
      here(aProvider('prometheus', prometheus.url)),
    );
    await cluster.kubectl(['apply', '-f', '-'], document);
    const place = { namespace, name: 'app-pre-deploy-eval-1' };
    const asWritten = await cluster.get(inVersion(KeptnEvaluationDefinition, 'v1alpha2'), place);
    expect(asWritten?.spec).toEqual(parse(document).spec);
    const inV1 = await cluster.get(KeptnEvaluationDefinition, place);
    expect(inV1?.spec).toEqual({ ...parse(document).spec, retries: 10, retryInterval: '5s' });

    // "This query should fail": there is less to have than is asked for.
    prometheus.answer(-12, queryInProposal);
    await cluster.apply({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnEvaluation',
      metadata: { name: 'by-hand', namespace },
      spec: {
        workloadVersion: '',
        evaluationDefinition: 'app-pre-deploy-eval-1',
        retries: 2,
        retryInterval: '1s',
      },
    });
    const evaluation = await cluster.until(
      KeptnEvaluation,
      { namespace, name: 'by-hand' },
      ({ status }) => status?.overallStatus === 'Failed',
    );
    expect(evaluation.status).toMatchObject({
      retryCount: 2,
      evaluationStatus: {
        'available-cpus': { value: '-12', message: "value '-12' did not meet objective '>4'" },
      },
    });
    const followUps = await cluster.untilList(KeptnTask, { namespace }, (tasks) =>
      tasks.some(({ status }) => status?.status === 'Succeeded'),
    );
    expect(followUps.map(({ spec }) => spec.taskDefinition)).toEqual(['roll-back']);
    await cluster.untilList(KeptnMetric, { namespace }, (metrics) => metrics.length === 0);
    expect(prometheus.queries).toContain(queryInProposal);
    await cluster.request(`/api/v1/namespaces/${namespace}`, { method: 'DELETE' });
  });
});

describe('a definition of v1alpha2', () => {
  it('is edited as v1alpha2 and as v1, and neither takes away what the other has', async () => {
    const sluice = await RunningSluice.shared();
    const { cluster } = sluice;
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('check', { spec: { retries: 3, timeout: '90s' } }));
    const place = { namespace: shop.name, name: 'check' };
    const old = inVersion(KeptnTaskDefinition, 'v1alpha2');
    // A container is nothing v1alpha2 can show; its label and its follow-ups are.
    await cluster.patch(old, place, { metadata: { labels: { team: 'shop' } } });
    await cluster.patch(old, place, { spec: { 'on-failure': 'notify' } });
    const edited = await cluster.get(KeptnTaskDefinition, place);
    expect(edited?.spec).toMatchObject({
      container: { image: 'busybox:1.37.0' },
      retries: 3,
      timeout: '90s',
      'on-failure': 'notify',
    });
    expect(edited?.metadata.labels).toEqual({ team: 'shop' });

    await cluster.patch(old, place, { spec: { function: { runtime: 'python', timeout: 30 } } });
    const replaced = await cluster.get(KeptnTaskDefinition, place);
    expect(replaced?.spec).toMatchObject({ python: {}, retries: 3, timeout: '30s' });
    expect(replaced?.spec.container).toBeUndefined();

    const bash = [
      { op: 'remove', path: '/spec/python' },
      { op: 'add', path: '/spec/bash', value: { inline: { code: 'true' } } },
    ];
    await cluster.patch(KeptnTaskDefinition, { ...place, type: 'json' }, bash);
    const shown = await cluster.get(old, place);
    expect(shown?.spec).toMatchObject({
      function: { runtime: 'bash', inline: { code: 'true' }, timeout: 30 },
    });
  });

  it('is owned field by field under server-side apply, also by those who apply v1', async () => {
    const sluice = await RunningSluice.shared();
    const { cluster } = sluice;
    await using shop = await sluice.namespace();
    const place = { namespace: shop.name, name: 'promote-staging' };
    const { spec, ...document } = manifestOf(taskDefinitionInProposal('notify', 'roll-back'));
    await shop.apply({ ...document, spec });
    await cluster.until(KeptnTaskDefinition, place, ({ status }) => status !== undefined);
    const { apiVersion } = KeptnTaskDefinition;
    const inline = { code: 'console.log(1)' };
    await cluster.kubectl(
      ['apply', '--server-side', '--field-manager=other', '-n', shop.name, '-f', '-'],
      JSON.stringify({
        ...document,
        apiVersion,
        spec: { deno: { args: ['now'] }, ttlSecondsAfterFinished: 5 },
      }),
    );
    // What the first no longer applies goes; what the other owns, and the first cannot even see, stays.
    await shop.apply({ ...document, spec: { function: { inline } } });
    const edited = await cluster.get(KeptnTaskDefinition, place);
    expect(edited?.spec).toEqual({
      deno: { inline, args: ['now'] },
      retries: 10,
      timeout: '5m',
      ttlSecondsAfterFinished: 5,
    });
    await shop.apply({ ...document, spec: { function: { inline } } });
    const again = await cluster.get(KeptnTaskDefinition, place);
    expect(again?.metadata.generation).toBe(edited?.metadata.generation);
  });

  it('is judged like one of v1: without a function there is nothing to run', async () => {
    const sluice = await RunningSluice.shared();
    await using shop = await sluice.namespace();
    const empty = {
      ...manifestOf(taskDefinitionInProposal('a', 'b')),
      metadata: { name: 'empty', namespace: shop.name },
      spec: {},
    };
    const old = inVersion(KeptnTaskDefinition, 'v1alpha2');
    await expect(sluice.cluster.create(old, empty)).rejects.toThrow(
      'Either Container, Python, or Deno field must be defined',
    );
  });
});
