import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../../src/api/released-versions.ts';
import { aDeployment, aTaskDefinition, keptnAnnotationsOf } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isReady,
} from '../support/cluster/enabled-namespace.ts';
import { podMadeBy } from '../support/cluster/pod-made-by.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  flags,
  mustRunSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';

/** With all replicas gone, Pods of Released versions start, those of others do not, and nothing else notices. */

let sluice: RunningSluice;
let process: SluiceProcess | undefined;

async function install(backstop: boolean): Promise<void> {
  const { kubeconfig } = sluice.cluster.controlPlane;
  const { port, caFile, namespace } = sluice.installation;
  const url = `https://127.0.0.1:${port}`;
  await mustRunSluice([
    'install',
    '--force-conflicts',
    ...flags({ kubeconfig, namespace, url, 'ca-file': caFile, backstop: String(backstop) }),
  ]);
}

async function start(): Promise<void> {
  const { args, port, caFile, directory } = sluice.installation;
  const more = flags({
    backstop: 'true',
    'lease-duration': '4s',
    'lease-renew-deadline': '3s',
    'lease-retry-period': '500ms',
  });
  process = await startSluice({
    args: [...args, ...more],
    port,
    caFile,
    logFile: `${directory}/backstop.log`,
    signal: new AbortController().signal,
  });
}

beforeAll(async () => {
  sluice = await RunningSluice.shared();
  await sluice.stop();
  await install(true);
  await start();
});

afterAll(async () => {
  await process?.stop();
  await install(false);
  await sluice.start();
});

interface Failing extends KubernetesObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly message?: string }[];
  };
}
const ReplicaSetKind: Kind<Failing> = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
};

/** What the API server said to the ReplicaSets of a Namespace that could not make Pods. */
async function refusals(shop: EnabledNamespace): Promise<string> {
  const sets = await sluice.cluster.list(ReplicaSetKind, { namespace: shop.name });
  const conditions = sets.flatMap(({ status }) => status?.conditions ?? []);
  return conditions
    .filter(({ type }) => type === 'ReplicaFailure')
    .map(({ message }) => message)
    .join();
}

const podsOf = async (shop: EnabledNamespace, version: string) =>
  (await shop.pods()).filter(
    ({ metadata }) =>
      metadata.labels?.['app'] === 'cart' && metadata.annotations?.['keptn.sh/version'] === version,
  );
const checked = (version: string, replicas = 1) =>
  aDeployment({ version, replicas, preDeploymentTasks: ['check'] });
/** As people write it who annotate the Deployment and not its Pods. */
const ownerAnnotated = (version: string, replicas = 1) => {
  const { metadata, ...rest } = aDeployment({ name: 'tea', workload: 'tea', version, replicas });
  const template = {
    metadata: { labels: { app: 'tea', round: version } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  };
  return {
    ...rest,
    metadata: {
      ...metadata,
      annotations: {
        'keptn.sh/workload': 'tea',
        'keptn.sh/app': 'shop',
        'keptn.sh/version': version,
      },
    },
    spec: { replicas, selector: { matchLabels: { app: 'tea' } }, template },
  };
};
const plain = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
    },
  },
});

describe('with the backstop, and all replicas stopped', () => {
  it('Released versions scale and come back, even if all were killed at once; others are refused and go on later, and nothing else notices', async () => {
    await using shop = await sluice.namespace();
    await using elsewhere = await sluice.cluster.namespace();
    await shop.apply(aTaskDefinition('check'), checked('1.0.0'), ownerAnnotated('1.0.0'));
    await shop.untilVersion({}, isCompleted);
    await shop.untilVersion({ workload: 'tea' }, isCompleted);
    const list = { namespace: shop.name, name: releasedVersionsName };
    await shop.untilPods(2, isReady);

    // What runs is listed already: no gate was lifted before. So all may be killed at this moment.
    await process?.kill();
    const seen = await sluice.cluster.get(ReleasedVersionsKind, list);
    const entries = Object.keys(seen?.spec.entries ?? {});
    expect(entries).toEqual(
      expect.arrayContaining([
        'version/shop-cart/1.0.0',
        'version/shop-tea/1.0.0',
        'owner/ReplicaSet/tea',
      ]),
    );
    expect(entries.filter((entry) => entry.startsWith('revision/'))).toHaveLength(2);
    expect(seen?.status?.conditions).toMatchObject([{ type: 'Complete', status: 'True' }]);
    const labels = (await sluice.cluster.get(NamespaceKind, { name: shop.name }))?.metadata.labels;
    expect(labels).toMatchObject({ 'sluice.keptn.sh/listed': 'true' });

    // A Released version scales.
    await shop.apply(checked('1.0.0', 5), ownerAnnotated('1.0.0', 3));
    await shop.untilPods(8, isReady, 60_000);
    // An unannotated Deployment here, and one in a Namespace that takes no part, start.
    await shop.apply(plain('plain'));
    await sluice.cluster.apply({
      ...plain('plain'),
      metadata: { name: 'plain', namespace: elsewhere.name },
    });
    await shop.untilPods(9, isReady);
    await sluice.cluster.untilList(
      PodKind,
      { namespace: elsewhere.name },
      (pods) => pods.length === 1 && pods.every(isReady),
    );
    // A new version does not, whether its Pods or their owner say so.
    await shop.apply(checked('2.0.0', 5), ownerAnnotated('2.0.0', 3));
    await eventually(
      'both ReplicaSets were refused',
      async () => {
        const words = await refusals(shop);
        return (
          words.includes('not on the list of those that are released') &&
          words.split('denied request').length > 2
        );
      },
      60_000,
    );
    expect(await podsOf(shop, '2.0.0')).toEqual([]);
    // A rollback to a Released version runs.
    await shop.apply(checked('1.0.0', 5), ownerAnnotated('1.0.0', 3));
    const [gone] = await podsOf(shop, '1.0.0');
    await sluice.cluster.delete(PodKind, { namespace: shop.name, name: gone?.metadata.name ?? '' });
    await eventually(
      'another Pod has taken its place',
      async () => {
        const pods = await podsOf(shop, '1.0.0');
        return (
          pods.length === 5 &&
          pods.every(isReady) &&
          pods.every(({ metadata }) => metadata.name !== gone?.metadata.name)
        );
      },
      60_000,
    );
    // Nobody else writes the list, and with it the word of what is released.
    await expect(
      sluice.cluster.as('mallory', 'system:masters').patch(ReleasedVersionsKind, list, {
        spec: { entries: { 'version/shop-cart/2.0.0': true } },
      }),
    ).rejects.toThrow('written by Sluice alone');
    await expect(
      sluice.cluster
        .as('mallory', 'system:masters')
        .request(`/apis/sluice.keptn.sh/v1/namespaces/${shop.name}/releasedversions/released`, {
          method: 'DELETE',
        }),
    ).rejects.toThrow('written by Sluice alone');

    // Sluice comes back, and what was refused goes on.
    await shop.apply(checked('2.0.0', 2));
    await start();
    await shop.untilVersion({ version: '2.0.0', withinMs: 90_000 }, isCompleted);
    await eventually(
      'the Pods of the new version run',
      async () => {
        const pods = await podsOf(shop, '2.0.0');
        return pods.length === 2 && pods.every(isReady);
      },
      60_000,
    );
  }, 400_000);

  it('a Pod that names a version starts by that version, whatever revision it is of; one that names none by its revision', async () => {
    await process?.stop();
    await start();
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('check'), checked('1.0.0'), ownerAnnotated('1.0.0'));
    await shop.untilVersion({}, isCompleted);
    await shop.untilVersion({ workload: 'tea' }, isCompleted);
    await shop.apply(checked('1.1.0'));
    await shop.untilVersion({ version: '1.1.0' }, isCompleted);
    await shop.untilPods(2, isReady, 60_000);
    await process?.kill();

    const sets = await sluice.cluster.list(ReplicaSetKind, { namespace: shop.name });
    const names = (version: string) => keptnAnnotationsOf({ version });
    const setOf = (text: string): KubernetesObject => {
      const found = sets.find((set) => JSON.stringify(set).includes(text));
      if (found === undefined) throw new Error(`there is a ReplicaSet with ${text}`);
      return found;
    };
    const old = setOf('"keptn.sh/version":"1.0.0"');
    const tea = setOf('"app":"tea"');
    const notListed = 'not on the list of those that are released';
    // The older version is Released, and its ReplicaSet scales.
    await expect(podMadeBy(old, names('1.0.0'), shop)).resolves.toBeDefined();
    // The ReplicaSet changed in place to another version, and to none.
    await expect(podMadeBy(old, names('9.9.9'), shop)).rejects.toThrow(notListed);
    const { 'keptn.sh/version': _, ...unversioned } = names('1.0.0');
    await expect(podMadeBy(old, unversioned, shop)).rejects.toThrow(notListed);
    // Where only the Deployment is annotated, Pods name nothing.
    await expect(podMadeBy(tea, {}, shop)).resolves.toBeDefined();
    await expect(podMadeBy(tea, names('9.9.9'), shop)).rejects.toThrow(notListed);
    // The roll-back runs.
    await shop.apply(checked('1.0.0', 3));
    await eventually(
      'the older version runs',
      async () => {
        const pods = await podsOf(shop, '1.0.0');
        return pods.length === 3 && pods.every(isReady);
      },
      60_000,
    );
    await start();
  }, 300_000);

  it('a Namespace without a list yet lets plain Pods start and refuses annotated ones', async () => {
    await process?.stop();
    await using shop = await sluice.namespace();
    await sluice.cluster.patch(
      NamespaceKind,
      { name: shop.name },
      { metadata: { labels: { 'sluice.keptn.sh/enabled': 'true' } } },
    );
    await shop.apply(plain('plain'), checked('1.0.0'));
    await shop.untilPods(1, isReady, 60_000);
    await eventually(
      'the annotated one was refused',
      async () => (await refusals(shop)).includes('not on the list'),
      60_000,
    );
    await start();
    await shop.apply(aTaskDefinition('check'));
    await shop.untilVersion({ withinMs: 90_000 }, isCompleted);
  }, 300_000);
});

describe('sluice emergency-stop', () => {
  it('takes away what holds and refuses, and an installation brings it back', async () => {
    const { kubeconfig } = sluice.cluster.controlPlane;
    await process?.stop();
    const said = await mustRunSluice(['emergency-stop', ...flags({ kubeconfig })]);
    expect(said).toContain('New Pods start without being held or refused');
    await using shop = await sluice.namespace();
    await shop.apply(checked('1.0.0'));
    await shop.untilPods(1, isReady, 60_000);
    expect(await mustRunSluice(['emergency-stop', ...flags({ kubeconfig })])).toContain(
      'nothing was there',
    );
    await install(true);
    await start();
  }, 200_000);
});
