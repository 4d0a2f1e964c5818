import { beforeAll, describe, expect, it } from 'vitest';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { sluice as runSluice } from '../support/cluster/command-line.ts';
import { type EnabledNamespace, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { Tenant } from '../support/cluster/tenant.ts';
import type { TestCluster } from '../support/cluster/test-cluster.ts';

/** Steering by annotations on a real API server: who asked, whether they may, and what becomes of it. */

let sluice: RunningSluice;
let cluster: TestCluster;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  ({ cluster } = sluice);
});

const key = (name: string) => `sluice.keptn.sh/${name}`;
const name = 'shop-cart-1.0.0';
const lifecycle = ['lifecycle.keptn.sh'];
const mayPatch = { apiGroups: lifecycle, resources: ['*'], verbs: ['get', 'patch'] };

/** A version whose check has failed, with its Pod held. */
async function failedVersion(shop: EnabledNamespace): Promise<void> {
  await shop.apply(
    aTaskDefinition('check', { outcome: 'fail' }),
    aDeployment({ preDeploymentTasks: ['check'] }),
  );
  await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
  await shop.untilPods(1, isHeld);
}

const annotating =
  (who: TestCluster, shop: EnabledNamespace) => (annotations: Record<string, string | null>) =>
    who.patch(KeptnWorkloadVersion, { namespace: shop.name, name }, { metadata: { annotations } });

const steeringOf = ({ status }: KeptnWorkloadVersion) => status?.steering ?? [];

describe.concurrent('a held version', () => {
  it('is released by hand by somebody with the verb, within moments, and says who, why and until when', async () => {
    await using shop = await sluice.namespace();
    await failedVersion(shop);
    const tenant = new Tenant(cluster, shop.name);
    await tenant.grant(mayPatch);
    const annotate = annotating(tenant.cluster, shop);
    const release = { [key('release')]: 'hotfix INC-1', [key('release-for')]: '30m' };
    await expect(annotate(release)).rejects.toThrow(
      `${tenant.user} lacks the verb release on KeptnWorkloadVersion ${name} in namespace ${shop.name}`,
    );
    await tenant.grant({
      apiGroups: lifecycle,
      resources: ['keptnworkloadversions'],
      resourceNames: [name],
      verbs: ['release'],
    });
    await annotate(release);
    const version = await shop.untilVersion({}, (one) => steeringOf(one).length > 0);
    expect(conditionOf(version, 'Released')).toMatchObject({
      status: 'True',
      reason: 'ReleasedByHand',
      message: expect.stringContaining(`${tenant.user} released it by hand until`),
    });
    await shop.untilPods(1, isReady);
    const events = await shop.events('KeptnWorkloadVersion');
    expect(events.map(({ reason }) => reason)).toContain('ReleasedByHand');
  });

  it('takes no stamp that came along, and no verb but the one that is asked for', async () => {
    await using shop = await sluice.namespace();
    await failedVersion(shop);
    const tenant = new Tenant(cluster, shop.name);
    await tenant.grant(mayPatch, {
      apiGroups: lifecycle,
      resources: ['keptnworkloadversions'],
      verbs: ['abort'],
    });
    const annotate = annotating(tenant.cluster, shop);
    const forged = { id: 'x', user: 'root', time: '2026-01-01T00:00:00Z', value: 'x', for: '1h' };
    const { metadata } = await annotate({ [key('release-requests')]: JSON.stringify([forged]) });
    expect(metadata.annotations?.[key('release-requests')]).toBeUndefined();
    await annotate({ [key('abort')]: 'x', [key('abort-requests')]: JSON.stringify([forged]) });
    const version = await shop.untilVersion({}, (one) => steeringOf(one).length > 0);
    expect(steeringOf(version)).toMatchObject([
      { verb: 'abort', user: tenant.user, outcome: 'Refused', reason: 'NothingRuns' },
    ]);
    await expect(annotate({ [key('retry')]: 'failed' })).rejects.toThrow(
      `${tenant.user} lacks the verb retry`,
    );
    await expect(annotate({ [key('abort-requests')]: null, other: 'y' })).resolves.toMatchObject({
      metadata: { annotations: { [key('abort-requests')]: expect.stringContaining(tenant.user) } },
    });
  });

  it('is tried again by the line that admission prints, and released', async () => {
    await using shop = await sluice.namespace();
    await failedVersion(shop);
    await shop.apply(aTaskDefinition('check'));
    // The mended definition alone would have it checked again: whatever comes first, nothing runs twice.
    await annotating(cluster, shop)({ [key('retry')]: 'failed' });
    await shop.untilVersion({}, ({ status }) => status?.status === 'Succeeded');
    await shop.untilPods(1, isReady);
    const tasks = await shop.tasks();
    expect(new Set(tasks.map(({ spec }) => spec.attempt))).toEqual(new Set([1, 2]));
    expect(tasks).toHaveLength(2);
  });

  it('does not pass its gate while its workload is paused, which carries who paused it', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('check'), aDeployment({ preDeploymentTasks: ['check'] }));
    const place = { namespace: shop.name, name: 'shop-cart' };
    await cluster.until(KeptnWorkload, place, () => true);
    const pause = (value: string | null) =>
      cluster.patch(KeptnWorkload, place, {
        metadata: { annotations: { [key('paused')]: value } },
      });
    const { metadata } = await pause('incident');
    expect(metadata.annotations?.[key('paused-by')]).toMatch(/"user":".+","time":"/u);
    await shop.untilVersion({}, (one) => conditionOf(one, 'Stalled')?.reason === 'PausedByHand');
    await shop.untilPods(1, isHeld);
    await pause(null);
    await shop.untilPods(1, isReady);
  });
});

it('steering a task is refused with the version to steer', async () => {
  await using shop = await sluice.namespace();
  await failedVersion(shop);
  const [task] = await shop.tasks();
  await expect(
    cluster.patch(
      {
        apiVersion: 'lifecycle.keptn.sh/v1',
        kind: 'KeptnTask',
        plural: 'keptntasks',
        namespaced: true,
      },
      { namespace: shop.name, name: task?.metadata.name ?? '' },
      { metadata: { annotations: { [key('retry')]: 'failed' } } },
    ),
  ).rejects.toThrow(`write it on KeptnWorkloadVersion ${name}`);
});

it('is done by the command line in the same way, which waits for the answer and says what became of it', async () => {
  await using shop = await sluice.namespace();
  await failedVersion(shop);
  const { kubeconfig } = cluster.controlPlane;
  const run = (...args: readonly string[]) =>
    runSluice([...args, '-n', shop.name, '--kubeconfig', kubeconfig]);
  expect(await run('abort', 'deployment/cart')).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('it is over (Failed), so that nothing of it runs'),
  });
  const release = ['release', 'deployment', 'cart', '--reason', 'hotfix', '--for', '5m'] as const;
  expect(await run(...release, '--dry-run')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('may release it; nothing was changed'),
  });
  await shop.untilPods(1, isHeld);
  const { exitCode, output } = await run(...release, '-o', 'json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    kind: 'KeptnWorkloadVersion',
    name,
    outcome: 'answered',
    done: true,
    record: { verb: 'release', reason: 'ReleasedByHand', value: 'hotfix', for: '5m' },
  });
  await shop.untilPods(1, isReady);
  expect(await run('pause', 'deployment/cart', '--reason', 'incident')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('keptnworkload/shop-cart'),
  });
  expect(await run('resume', 'deployment/cart')).toMatchObject({ exitCode: 0 });
  const place = { namespace: shop.name, name: 'shop-cart' };
  const { metadata } = await cluster.until(KeptnWorkload, place, () => true);
  expect(metadata.annotations?.[key('paused')]).toBeUndefined();
  await shop.apply(aTaskDefinition('check'));
  expect(await run('retry', 'deployment/cart', '--what', 'nothing')).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('it has no failed check nothing'),
  });
  await shop.untilVersion({}, ({ status }) => status?.status === 'Succeeded');
  expect(await run('retry', 'deployment/cart')).toMatchObject({ exitCode: 0 });
});
