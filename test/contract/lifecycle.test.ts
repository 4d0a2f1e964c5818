import { beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import { keptnAnnotations, schedulingGate, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { conditionOf, conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import {
  aDaemonSet,
  aDeployment,
  aStatefulSet,
  aTaskDefinition,
  keptnAnnotationsOf,
} from '../support/builders/apps.ts';
import { isCompleted, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** The main job on a real control plane: held, checked, released, or held for good. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const owners = [
  { kind: 'Deployment', make: aDeployment, pods: 2 },
  { kind: 'StatefulSet', make: aStatefulSet, pods: 2 },
  { kind: 'DaemonSet', make: aDaemonSet, pods: 3 },
] as const;

describe.concurrent.each(owners)('a $kind', ({ kind, make, pods }) => {
  // A StatefulSet makes its second Pod when the first is ready.
  const heldAtOnce = kind === 'StatefulSet' ? 1 : pods;

  it('is held until its pre-deployment task has passed, is released, and completes', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { delay: '2s' }),
      make({ replicas: pods, preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing');
    const held = await shop.untilPods(heldAtOnce, isHeld);
    for (const { metadata } of held) expect(metadata.labels).toHaveProperty([sluiceKeys.watched]);

    const version = await shop.untilVersion({}, isCompleted);
    expect(isTrue(version, conditionTypes.released)).toBe(true);
    expect(conditionOf(version, conditionTypes.released)?.reason).toBe('ChecksPassed');
    const released = await shop.untilPods(pods, isReady);
    for (const { metadata } of released) {
      expect(metadata.labels).not.toHaveProperty([sluiceKeys.watched]);
    }
    // Those that were held carry Keptn's record of it.
    for (const { metadata } of held) {
      const now = released.find((pod) => pod.metadata.uid === metadata.uid);
      expect(now?.metadata.annotations?.[keptnAnnotations.gateRemoved]).toBe('true');
    }
    await eventually('the app version completes', async () =>
      (await shop.appVersions()).every(isCompleted),
    );
  });

  it('stays held when its pre-deployment task fails, and says why (B1, B15)', async () => {
    await using shop = await sluice.namespace();
    const words = 'schema 7 is missing';
    await shop.apply(
      aTaskDefinition('migrate', { outcome: 'fail', message: words }),
      make({ replicas: pods, preDeploymentTasks: ['migrate'] }),
    );
    const version = await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    expect(version.status).toMatchObject({
      currentPhase: 'WorkloadPreDeployTasks',
      preDeploymentStatus: 'Failed',
      deploymentStatus: 'Deprecated',
    });
    expect(isTrue(version, conditionTypes.released)).toBe(false);
    expect(isTrue(version, conditionTypes.stalled)).toBe(true);
    expect(conditionOf(version, conditionTypes.succeeded)?.message).toContain(words);

    const [pod] = await shop.untilPods(
      heldAtOnce,
      ({ metadata }) => metadata.annotations?.[sluiceKeys.explanation]?.includes(words) === true,
    );
    const name = pod?.metadata.name ?? '';
    const description = await eventually(
      `the Event is in kubectl describe pod ${name}`,
      async () => {
        const said = await sluice.cluster.kubectl(['describe', 'pod', name, '-n', shop.name]);
        const [, events = ''] = said.split('Events:');
        return events.includes(words) && said;
      },
    );
    expect(description).toContain(`${sluiceKeys.explanation}:`);
    expect((await shop.pods()).every(isHeld)).toBe(true);
  });
});

describe.concurrent('the Pod webhook', () => {
  const podOf = (described: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'alone', ...described },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  });

  it('leaves nothing behind after a server-side dry run (B6)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ replicas: 0 }));
    const [replicaSet] = await eventually('the ReplicaSet', async () => {
      const all = await shop.replicaSets();
      return all.length === 1 && all;
    });
    const since = Date.now();
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: replicaSet?.metadata.name,
      uid: replicaSet?.metadata.uid,
      controller: true,
    };
    const annotations = keptnAnnotationsOf({ preDeploymentTasks: ['migrate'] });
    const dryRun = await sluice.cluster.create(
      PodKind,
      podOf({ namespace: shop.name, annotations, ownerReferences: [owner] }),
      { dryRun: true },
    );
    expect(dryRun.spec?.schedulingGates).toEqual([{ name: schedulingGate }]);
    // Sluice would have heard of anything that exists by now: a real Pod that comes after is dealt with.
    await shop.apply(aDeployment({ name: 'later', workload: 'later', app: 'later' }));
    await shop.untilVersion({ app: 'later', workload: 'later' }, isCompleted);
    const kinds = ['keptnworkloads', 'keptnworkloadversions', 'keptnapps', 'keptnappversions'];
    const left = await sluice.cluster.kubectl([
      'get',
      `pods,${kinds.join(',')}`,
      `--namespace=${shop.name}`,
      '-o=name',
    ]);
    expect(left.split('\n').filter((name) => name !== '' && !name.includes('later'))).toEqual([]);
    const about = sluice.cluster
      .writes({ since, userAgent: sluice.userAgent })
      .filter(({ namespace, name }) => namespace === shop.name && !name?.includes('later'))
      // Names that the API server makes are not known before; that a Namespace has opted in is on record once, whatever comes.
      .filter(({ resource }) => !resource.startsWith('events') && resource !== 'namespaces');
    expect(about).toEqual([]);
  });

  it('leaves a foreign gate where it is, before the release and after (B5)', async () => {
    await using shop = await sluice.namespace();
    const foreign = { name: 'example.com/quota' };
    await shop.apply(
      aTaskDefinition('migrate', { delay: '1s' }),
      aDeployment({ preDeploymentTasks: ['migrate'], podSpec: { schedulingGates: [foreign] } }),
    );
    const [held] = await shop.untilPods(1, isHeld);
    expect(held?.spec?.schedulingGates).toEqual([foreign, { name: schedulingGate }]);
    const [released] = await shop.untilPods(1, (pod) => !isHeld(pod));
    expect(released?.spec?.schedulingGates).toEqual([foreign]);
    expect(isReady(released ?? held ?? { apiVersion: '', kind: '', metadata: { name: '' } })).toBe(
      false,
    );
  });

  it('does not let a Pod through because its template claims that a gate was removed (B5)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { outcome: 'run' }),
      aDeployment({
        preDeploymentTasks: ['migrate'],
        annotations: { [keptnAnnotations.gateRemoved]: 'true' },
      }),
    );
    const [pod] = await shop.untilPods(1, isHeld);
    expect(pod?.metadata.annotations).not.toHaveProperty([keptnAnnotations.gateRemoved]);
  });
});
