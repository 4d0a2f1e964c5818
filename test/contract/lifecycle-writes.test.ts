import { beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import {
  aDeployment,
  anApp,
  aTaskDefinition,
  keptnAnnotationsOf,
} from '../support/builders/apps.ts';
import {
  isCompleted,
  isHeld,
  isReady,
  type EnabledNamespace,
} from '../support/cluster/enabled-namespace.ts';
import type { Write } from '../support/observed/audit-log.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { holdVersions } from '../support/builders/held-versions.ts';
import {
  byKind,
  isCounted,
  patchesOfPods,
  sluiceWrites,
  untilQuiet,
} from '../support/observed/sluice-writes.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** What Sluice costs the API server (targets T4, T6, T7), counted from its audit log. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const writesPerVersion = (tasks: number): number => 11 + 6 * tasks;
/** Where many are applied at once, a version may have waited for long enough to say so in its status, once. */
const writesInBurst = (tasks: number): number => writesPerVersion(tasks) + 1;

/** What was written, if that was too much. */
function overspent(writes: readonly Write[], allowed: number): Record<string, number> {
  const counted = writes.filter(isCounted);
  return counted.length > allowed ? byKind(counted) : {};
}

/** Waits until everything of so many single-service versions has come to its end, the TTL of the Jobs included. */
async function untilAllOver(shop: EnabledNamespace, versions: number): Promise<void> {
  await eventually(
    `${versions} versions in ${shop.name} complete`,
    async () => {
      const [workloads, apps] = await Promise.all([shop.workloadVersions(), shop.appVersions()]);
      const all = [...workloads, ...apps];
      return all.length === 2 * versions && all.every(isCompleted);
    },
    90_000,
  );
  await untilQuiet(shop, 1_500);
}

describe('the writes of Sluice', () => {
  it.each([
    { tasks: 0, lists: {} },
    {
      tasks: 2,
      lists: { preDeploymentTasks: ['before'], postDeploymentTasks: ['after'] },
    },
  ])(
    'for a new version of a single-service app with $tasks tasks are at most 11 + 6 per task, one for the Pod',
    async ({ tasks, lists }) => {
      await using shop = await sluice.namespace();
      await shop.apply(aTaskDefinition('before', { delay: '1s' }), aTaskDefinition('after'));
      await untilQuiet(shop, 1_000);
      const since = Date.now();
      await shop.apply(aDeployment({ app: 'none', ...lists }));
      await untilAllOver(shop, 1);
      const writes = sluiceWrites(shop, { since });
      expect(overspent(writes, writesPerVersion(tasks))).toEqual({});
      const [pod] = await shop.untilPods(1, isReady);
      expect(Object.fromEntries(patchesOfPods(writes))).toEqual({ [pod?.metadata.name ?? '']: 1 });
    },
  );

  it('for 50 new versions at once are 50 times as many and at most a word on the wait each, one for each Pod', async () => {
    const versions = 50;
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('before', { delay: '1s' }));
    await untilQuiet(shop, 1_000);
    const names = Array.from({ length: versions }, (_, at) => `service-${at}`);
    const since = Date.now();
    await Promise.all(
      names.map((workload) =>
        shop.apply(aDeployment({ workload, app: 'none', preDeploymentTasks: ['before'] })),
      ),
    );
    await untilAllOver(shop, versions);
    const writes = sluiceWrites(shop, { since });
    expect(overspent(writes, versions * writesInBurst(1))).toEqual({});
    const patches = patchesOfPods(writes);
    expect(patches.size).toBe(versions);
    expect([...patches.values()].filter((count) => count !== 1)).toEqual([]);
  });

  it('B8: are none while 50 versions are held and nothing changes', async () => {
    await using shop = await sluice.namespace();
    await holdVersions(shop, 50);
    await untilQuiet(shop, 3_000);
    const since = Date.now();
    await eventually('10 s are over', () => Date.now() - since > 10_000);
    expect(byKind(sluiceWrites(shop, { since }))).toEqual({});
  });
});

describe('the admission of Pods', () => {
  const podOf = (shop: EnabledNamespace, owner: { name: string; uid: string }): Manifest => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'cart-',
      namespace: shop.name,
      // A reference that does not control: the ReplicaSet controller leaves these Pods alone.
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', ...owner }],
      annotations: keptnAnnotationsOf({ app: 'none', preDeploymentTasks: ['before'] }),
    },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  });

  async function replicaSetIn(shop: EnabledNamespace): Promise<{ name: string; uid: string }> {
    await shop.apply(aDeployment({ app: 'none', preDeploymentTasks: ['before'], replicas: 0 }));
    const { metadata } = await eventually('the ReplicaSet', async () => {
      const [replicaSet] = await shop.replicaSets();
      return replicaSet;
    });
    return { name: metadata.name, uid: metadata.uid ?? '' };
  }

  it('writes nothing: 50 dry runs leave no request of Sluice behind (T4)', async () => {
    await using shop = await sluice.namespace();
    const owner = await replicaSetIn(shop);
    await untilQuiet(shop, 1_000);
    const since = Date.now();
    const dryRuns = Array.from({ length: 50 }, () =>
      sluice.cluster.create(PodKind, podOf(shop, owner), { dryRun: true }),
    );
    expect((await Promise.all(dryRuns)).every(isHeld)).toBe(true);
    // Whatever a review had caused would be seen before what comes after it is over.
    await shop.apply(aDeployment({ workload: 'later', app: 'none' }));
    await shop.untilVersion({ app: 'later', workload: 'later' }, isCompleted);
    const causes = sluiceWrites(shop, { since }).filter(({ name }) => !name?.includes('later'));
    expect(byKind(causes.filter(isCounted))).toEqual({});
  });

  it('refuses none of 200 Pods of a new workload created ten at a time, and each is gated and released (B18)', async () => {
    const count = 200;
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('before'), anApp('cart', []));
    const owner = await replicaSetIn(shop);
    const since = Date.now();
    const waiting = Array.from({ length: count }, (_, at) => at);
    const gated: boolean[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        while (waiting.pop() !== undefined) {
          gated.push(isHeld(await sluice.cluster.create(PodKind, podOf(shop, owner))));
        }
      }),
    );
    expect(gated).toEqual(Array.from({ length: count }, () => true));
    // Only now may it go on: none could be released before all were there.
    await shop.apply(anApp('cart', [{ name: 'cart', version: '1.0.0' }]));
    await shop.untilPods(count, isReady, 60_000);
    await untilQuiet(shop, 1_000);
    const workloads = await sluice.cluster.list(KeptnWorkload, { namespace: shop.name });
    expect(workloads.map(({ metadata }) => metadata.name)).toEqual(['cart-cart']);
    const patches = patchesOfPods(sluiceWrites(shop, { since }));
    expect(patches.size).toBe(count);
    expect([...patches.values()].filter((times) => times !== 1)).toEqual([]);
  });
});
