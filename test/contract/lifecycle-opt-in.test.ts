import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { enabledValue, keptnAnnotations, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import {
  aDeployment,
  aMetric,
  anEvaluationDefinition,
  aPrometheusProvider,
  aTaskDefinition,
} from '../support/builders/apps.ts';
import { isCompleted, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** What is Sluice's concern: namespaces that opt in, and what is made by hand in any. */

let sluice: RunningSluice;
let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await prometheus.close();
});

const optIn = (value: string | null) => ({
  metadata: { annotations: { [keptnAnnotations.lifecycleToolkit]: value } },
});

describe.concurrent('a namespace', () => {
  it('is labelled in the very request that annotates it', async () => {
    await using plain = await sluice.cluster.namespace();
    const { name } = plain;
    const enabled = await sluice.cluster.patch(NamespaceKind, { name }, optIn(enabledValue));
    expect(enabled.metadata.labels?.[sluiceKeys.enabled]).toBe('true');
    const disabled = await sluice.cluster.patch(NamespaceKind, { name }, optIn(null));
    expect(disabled.metadata.labels).not.toHaveProperty([sluiceKeys.enabled]);
  });

  it('that has not opted in is left alone, whatever its Pods are annotated with', async () => {
    await using plain = await sluice.cluster.namespace();
    const { name } = plain;
    const deployment = aDeployment({ preDeploymentTasks: ['migrate'] });
    await sluice.cluster.apply({ ...deployment, metadata: { name: 'cart', namespace: name } });
    const [pod] = await sluice.cluster.untilList(PodKind, { namespace: name }, (pods) =>
      pods.some(isReady),
    );
    expect(pod?.metadata.annotations).not.toHaveProperty([sluiceKeys.explanation]);
    const written = sluice.cluster.writes({ userAgent: sluice.userAgent });
    expect(written.filter(({ namespace }) => namespace === name)).toEqual([]);
  });

  it('that withdraws its opt-in gets its gates lifted', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ replicas: 2, preDeploymentTasks: ['missing'] }));
    await shop.untilPods(2, isHeld);
    await sluice.cluster.patch(NamespaceKind, { name: shop.name }, optIn(null));
    const pods = await shop.untilPods(2, isReady);
    for (const { metadata } of pods) {
      expect(metadata.labels).not.toHaveProperty([sluiceKeys.watched]);
    }
  });
});

describe.concurrent('a namespace that withdraws its opt-in while a version has failed', () => {
  it('holds new Pods of that version, lets all others in, and is left alone once released', async () => {
    await using shop = await sluice.namespace();
    const { name } = shop;
    const place = { name };
    await shop.apply(
      aTaskDefinition('bad', { outcome: 'fail' }),
      aDeployment({ preDeploymentTasks: ['bad'] }),
    );
    await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    const [before] = await shop.untilPods(1, isHeld);
    await sluice.cluster.patch(NamespaceKind, place, optIn(null));
    const labelIs = (value: string | undefined) =>
      sluice.cluster.until(
        NamespaceKind,
        place,
        ({ metadata }) => metadata.labels?.[sluiceKeys.enabled] === value,
      );
    await labelIs('withdrawn');

    await sluice.cluster.delete(PodKind, { namespace: name, name: before?.metadata.name ?? '' });
    await shop.untilPods(
      1,
      (pod) =>
        isHeld(pod) &&
        pod.metadata.uid !== before?.metadata.uid &&
        pod.metadata.annotations?.[sluiceKeys.heldAfterOptOut] !== undefined,
    );

    const other = aDeployment({ workload: 'pay', preDeploymentTasks: ['bad'] });
    await shop.apply(other);
    const pods = await sluice.cluster.untilList(PodKind, { namespace: name }, (all) =>
      all.some(isReady),
    );
    const started = pods.find(isReady);
    expect(started?.metadata.annotations?.[keptnAnnotations.workload]).toBe('pay');
    expect(started?.metadata.annotations).not.toHaveProperty([keptnAnnotations.gateRemoved]);

    await sluice.cluster.patch(NamespaceKind, place, {
      metadata: { annotations: { [sluiceKeys.releaseHeld]: 'true' } },
    });
    await labelIs(undefined);
    await shop.untilPods(2, isReady);
  });
});

describe.concurrent('in a namespace that has not opted in', () => {
  const byHand = (kind: string, namespace: string, spec: object): Manifest => ({
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind,
    metadata: { name: 'by-hand', namespace },
    spec,
  });

  it('a task made by hand runs', async () => {
    await using plain = await sluice.cluster.namespace();
    const namespace = plain.name;
    const definition = aTaskDefinition('migrate', { message: 'all good' });
    await sluice.cluster.apply(
      { ...definition, metadata: { ...definition.metadata, namespace } },
      byHand('KeptnTask', namespace, { taskDefinition: 'migrate' }),
    );
    const task = await sluice.cluster.until(
      KeptnTask,
      { namespace, name: 'by-hand' },
      ({ status }) => status?.status === 'Succeeded',
    );
    expect(task.status?.jobName).toBeDefined();
  });

  it('an evaluation made by hand runs', async () => {
    await using plain = await sluice.cluster.namespace();
    const namespace = plain.name;
    const manifests = [
      aPrometheusProvider(prometheus.url),
      aMetric('suns'),
      anEvaluationDefinition('sunny', { suns: '>1' }),
    ];
    await sluice.cluster.apply(
      ...manifests.map((one) => ({ ...one, metadata: { ...one.metadata, namespace } })),
      byHand('KeptnEvaluation', namespace, { evaluationDefinition: 'sunny', workloadVersion: '' }),
    );
    const evaluation = await sluice.cluster.until(
      KeptnEvaluation,
      { namespace, name: 'by-hand' },
      ({ status }) => status?.overallStatus === 'Succeeded',
    );
    expect(evaluation.status?.evaluationStatus).toMatchObject({ suns: { value: '3' } });
  });
});

describe('a Pod with our gate that lost our label', () => {
  it('is found when Sluice starts', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ preDeploymentTasks: ['migrate'] }));
    const [pod] = await shop.untilPods(1, isHeld);
    const place = { namespace: shop.name, name: pod?.metadata.name ?? '' };
    await sluice.stop();
    await sluice.cluster.patch(PodKind, place, {
      metadata: { labels: { [sluiceKeys.watched]: null } },
    });
    await sluice.start();
    await shop.untilPods(1, ({ metadata }) => metadata.labels?.[sluiceKeys.watched] !== undefined);
    await shop.apply(aTaskDefinition('migrate'));
    await shop.untilVersion({}, isCompleted);
    await shop.untilPods(1, isReady);
  });
});
