import { beforeAll, describe, expect, it } from 'vitest';
import { DeploymentKind, type Pod, PodKind, StatefulSetKind } from '../../src/api/builtin.ts';
import { keptnAnnotations } from '../../src/api/keptn/annotations.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { conditionOf, conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import { aDeployment, aStatefulSet, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { untilQuiet } from '../support/observed/sluice-writes.ts';

/** Which version is current, what its Pods may do, and what becomes of the others (B4, B10, B11). */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const versionOf = ({ metadata }: Pod): string | undefined =>
  metadata.annotations?.[keptnAnnotations.version];

/** A ready Pod of this version. */
const isReadyIn =
  (version: string) =>
  (pod: Pod): boolean =>
    isReady(pod) && versionOf(pod) === version;

describe.concurrent('Pods of a Released version', () => {
  it('start at once after a scale-up, an eviction, a restart and a rollback, and nothing is checked again', async () => {
    await using shop = await sluice.namespace();
    const cart = { namespace: shop.name, name: 'cart' };
    const inVersion = (version: string) =>
      aDeployment({ version, replicas: 2, preDeploymentTasks: ['migrate'] });
    await shop.apply(aTaskDefinition('migrate'), inVersion('1.0.0'));
    await shop.untilVersion({}, isCompleted);

    await sluice.cluster.patch(DeploymentKind, cart, { spec: { replicas: 3 } });
    await shop.untilPods(3, isReady, 10_000);

    const [evicted] = await shop.pods();
    const { name = '', uid } = evicted?.metadata ?? {};
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name });
    await shop.untilPods(3, (pod) => isReady(pod) && pod.metadata.uid !== uid, 10_000);

    const old = new Set((await shop.pods()).map(({ metadata }) => metadata.uid));
    const restartedAt = { 'kubectl.kubernetes.io/restartedAt': '2024-06-07T08:09:10Z' };
    await sluice.cluster.patch(DeploymentKind, cart, {
      spec: { template: { metadata: { annotations: restartedAt } } },
    });
    await shop.untilPods(3, (pod) => isReady(pod) && !old.has(pod.metadata.uid), 20_000);
    expect(await shop.tasks()).toHaveLength(1);

    await shop.apply(inVersion('2.0.0'));
    await shop.untilVersion({ version: '2.0.0' }, isCompleted);
    expect(await shop.tasks()).toHaveLength(2);
    await shop.apply(inVersion('1.0.0'));
    await shop.untilPods(2, isReadyIn('1.0.0'), 20_000);
    const { spec } =
      (await sluice.cluster.get(KeptnWorkload, { ...cart, name: 'shop-cart' })) ?? {};
    expect(spec?.version).toBe('1.0.0');
    expect(await shop.tasks()).toHaveLength(2);
    expect((await shop.untilVersion({}, isCompleted)).status?.status).toBe('Succeeded');
  });

  it('start at once while a newer version is held, and come back as what they were', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('endless', { outcome: 'run' }), aDeployment({ replicas: 2 }));
    await shop.untilVersion({}, isCompleted);
    await shop.apply(
      aDeployment({ replicas: 2, version: '2.0.0', preDeploymentTasks: ['endless'] }),
    );
    await shop.untilTask('endless', ({ status }) => status?.status === 'Progressing');
    const [old] = (await shop.pods()).filter((pod) => versionOf(pod) === '1.0.0');
    const { name = '', uid } = old?.metadata ?? {};
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name });
    await eventually('the evicted Pod is replaced by one of its own version', async () => {
      const pods = await shop.pods();
      const again = pods.filter(isReadyIn('1.0.0'));
      return again.length === 2 && again.every(({ metadata }) => metadata.uid !== uid);
    });
    const held = (await shop.pods()).filter((pod) => versionOf(pod) === '2.0.0');
    expect(held.length).toBeGreaterThan(0);
    expect(held.every(isHeld)).toBe(true);
  });

  it('lose nothing when their ReplicaSets are pruned (revisionHistoryLimit 1)', async () => {
    await using shop = await sluice.namespace();
    const versions = ['1.0.0', '2.0.0', '3.0.0', '4.0.0'];
    for (const version of versions) {
      await shop.apply(aDeployment({ version, spec: { revisionHistoryLimit: 1 } }));
      await shop.untilVersion({ version }, isCompleted);
    }
    await eventually(
      'old ReplicaSets are pruned',
      async () => (await shop.replicaSets()).length === 2,
    );
    const kept = await shop.workloadVersions();
    expect(kept.map(({ spec }) => spec.version).toSorted()).toEqual(versions);
    expect(kept.every(isCompleted)).toBe(true);
    const [pod] = await shop.pods();
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name: pod?.metadata.name ?? '' });
    await shop.untilPods(1, (now) => isReady(now) && now.metadata.uid !== pod?.metadata.uid);
  });
});

describe.concurrent('two Deployments with the same app and workload', () => {
  it.each([
    { versions: ['1.0.0', '1.0.0'], what: 'one version' },
    { versions: ['1.0.0', '2.0.0'], what: 'two versions' },
  ])('neither fight nor supersede each other in $what', async ({ versions }) => {
    await using shop = await sluice.namespace();
    const [blue = '', green = ''] = versions;
    await shop.apply(
      aDeployment({ name: 'blue', version: blue }),
      aDeployment({ name: 'green', version: green }),
    );
    const awaited = [...new Set(versions)];
    await Promise.all(awaited.map((version) => shop.untilVersion({ version }, isCompleted)));
    await shop.untilPods(2, isReady);
    const workload = await sluice.cluster.until(
      KeptnWorkload,
      { namespace: shop.name, name: 'shop-cart' },
      (object) => isTrue(object, conditionTypes.severalOwners),
    );
    const { message } = conditionOf(workload, conditionTypes.severalOwners) ?? {};
    expect(message).toContain('Deployment blue');
    expect(message).toContain('Deployment green');
    await untilQuiet(shop, 3_000);
    expect((await shop.workloadVersions()).every(isCompleted)).toBe(true);
  });
});

describe.concurrent('a StatefulSet', () => {
  const place = (namespace: string) => ({ namespace, name: 'cart' });

  it('with a partition is deployed when the Pods that are due are, and the others stay what they are', async () => {
    await using shop = await sluice.namespace();
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    await shop.apply(aStatefulSet({ replicas: 2, spec: { updateStrategy } }));
    await shop.untilVersion({}, isCompleted);
    await shop.apply(
      aTaskDefinition('migrate', { delay: '1s' }),
      aStatefulSet({
        replicas: 2,
        version: '2.0.0',
        preDeploymentTasks: ['migrate'],
        spec: { updateStrategy },
      }),
    );
    await shop.untilVersion({ version: '2.0.0' }, isCompleted);
    const versions = async () =>
      Object.fromEntries((await shop.pods()).map((pod) => [pod.metadata.name, versionOf(pod)]));
    expect(await versions()).toEqual({ 'cart-0': '1.0.0', 'cart-1': '2.0.0' });

    const [first] = await shop.pods();
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name: 'cart-0' });
    await shop.untilPods(
      2,
      (pod) => isReady(pod) && pod.metadata.uid !== first?.metadata.uid,
      20_000,
    );
    expect(await versions()).toEqual({ 'cart-0': '1.0.0', 'cart-1': '2.0.0' });
  });

  it('with OnDelete waits until a Pod is deleted, comes back in the new version and is available', async () => {
    await using shop = await sluice.namespace();
    const spec = { updateStrategy: { type: 'OnDelete' } };
    await shop.apply(aStatefulSet({ replicas: 2, spec }));
    await shop.untilVersion({}, isCompleted);
    await shop.apply(aStatefulSet({ replicas: 2, version: '2.0.0', spec }));
    await shop.untilVersion(
      { version: '2.0.0' },
      (version) => conditionOf(version, conditionTypes.succeeded)?.reason === 'NothingUpdatedYet',
    );
    expect((await shop.pods()).map(versionOf)).toEqual(['1.0.0', '1.0.0']);
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name: 'cart-1' });
    await sluice.cluster.until(
      PodKind,
      { namespace: shop.name, name: 'cart-1' },
      isReadyIn('2.0.0'),
    );
    await shop.untilVersion({ version: '2.0.0' }, isCompleted);
  });

  it('whose first Pod is held in an old revision gets that Pod replaced (B11)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('endless', { outcome: 'run' }),
      aStatefulSet({ replicas: 2, preDeploymentTasks: ['endless'] }),
    );
    await shop.untilTask('endless', ({ status }) => status?.status === 'Progressing');
    await shop.untilPods(1, isHeld);
    await shop.apply(aStatefulSet({ replicas: 2, version: '2.0.0' }));
    await shop.untilVersion({ version: '2.0.0' }, isCompleted);
    await shop.untilPods(2, isReadyIn('2.0.0'));
    const set = await sluice.cluster.get(StatefulSetKind, place(shop.name));
    expect(set?.status?.currentRevision).toBe(set?.status?.updateRevision);
  });
});

describe.concurrent('a Deployment', () => {
  it('whose version was never Released is superseded by the next, and its Job runs no more (B11)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('endless', { outcome: 'run', spec: { onSupersede: 'stop' } }),
      aTaskDefinition('migrate'),
      aDeployment({ preDeploymentTasks: ['endless'] }),
    );
    await shop.untilTask('endless', ({ status }) => status?.status === 'Progressing');
    await shop.apply(aDeployment({ version: '2.0.0', preDeploymentTasks: ['migrate'] }));
    const [old] = await Promise.all([
      shop.untilVersion({}, ({ status }) => status?.status === 'Deprecated'),
      shop.untilVersion({ version: '2.0.0' }, isCompleted),
    ]);
    expect(conditionOf(old, conditionTypes.succeeded)?.reason).toBe('Superseded');
    const task = await shop.untilTask('endless', ({ status }) => status?.status === 'Deprecated');
    await eventually('the stopped Job is deleted', async () =>
      (await shop.jobs()).every(({ metadata }) => metadata.name !== task.status?.jobName),
    );
    await shop.untilPods(1, isReadyIn('2.0.0'));
  });

  it('that is paused in the middle of its roll-out says so, until it is resumed', async () => {
    await using shop = await sluice.namespace();
    const cart = { namespace: shop.name, name: 'cart' };
    await shop.apply(aDeployment({ annotations: { 'sluice.test/outcome': 'not-ready' } }));
    const reason = (awaited: string) =>
      shop.untilVersion(
        {},
        (version) => conditionOf(version, conditionTypes.succeeded)?.reason === awaited,
      );
    await reason('WaitingForPods');
    await sluice.cluster.patch(DeploymentKind, cart, { spec: { paused: true } });
    await reason('Paused');
    await sluice.cluster.patch(DeploymentKind, cart, { spec: { paused: false } });
    await reason('WaitingForPods');
  });

  it('without replicas counts as deployed, and its Pods start at once when they come (B10)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ replicas: 1 }));
    await shop.untilVersion({}, isCompleted);
    await shop.apply(aDeployment({ replicas: 0, version: '2.0.0' }));
    await shop.untilPods(0, isReady);
    const cart = { namespace: shop.name, name: 'cart' };
    await shop.untilVersion({ version: '2.0.0' }, isCompleted);
    await sluice.cluster.patch(DeploymentKind, cart, { spec: { replicas: 2 } });
    await shop.untilPods(2, isReadyIn('2.0.0'));
  });
});
