import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NamespaceKind, type Pod, PodKind, ReplicaSetKind } from '../../src/api/builtin.ts';
import { aDeployment, aTaskDefinition, keptnAnnotationsOf } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isHeld,
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

/** With the gate in the API server itself, what is not Released is held while no Sluice answers, and goes on when one is back. */

let sluice: RunningSluice;
let process: SluiceProcess | undefined;

async function install(webhookMode: string): Promise<void> {
  const { kubeconfig } = sluice.cluster.controlPlane;
  const { port, caFile, namespace } = sluice.installation;
  const url = `https://127.0.0.1:${port}`;
  await mustRunSluice([
    'install',
    '--force-conflicts',
    ...flags({ kubeconfig, namespace, url, 'ca-file': caFile, 'webhook-mode': webhookMode }),
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
    logFile: `${directory}/gate-policy.log`,
    signal: new AbortController().signal,
  });
}

beforeAll(async () => {
  sluice = await RunningSluice.shared();
  await sluice.stop();
  await install('admissionPolicy');
  await start();
});
afterAll(async () => {
  await process?.stop();
  await install('webhook');
  await sluice.start();
});

const checked = (version: string, replicas = 1) =>
  aDeployment({ version, replicas, preDeploymentTasks: ['check'] });
const plain = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'plain' },
  spec: {
    selector: { matchLabels: { app: 'plain' } },
    template: {
      metadata: { labels: { app: 'plain' } },
      spec: {
        containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
        // One of somebody else's, which stays.
        schedulingGates: [{ name: 'example.org/other' }],
      },
    },
  },
};

const hasNoGateOfOurs = (pod: Pod): boolean => !isHeld(pod);

const podsOf = async (shop: EnabledNamespace, version: string) =>
  (await shop.pods()).filter(
    ({ metadata }) => metadata.annotations?.['keptn.sh/version'] === version,
  );

describe('with the gate of the API server, and all replicas stopped', () => {
  it('a new version is held and goes on when Sluice is back; Released ones and plain Pods start', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('check'), checked('1.0.0'));
    await shop.untilVersion({}, isCompleted);
    await shop.untilPods(1, isReady);

    await process?.kill();

    await shop.apply(checked('1.0.0', 3));
    await shop.untilPods(3, isReady, 60_000);
    await shop.apply(plain);
    await shop.untilPods(4, hasNoGateOfOurs);
    await shop.apply(checked('2.0.0', 3));
    await eventually('a Pod of the new version was made', async () => {
      const pods = await podsOf(shop, '2.0.0');
      return pods.length > 0 && pods.every(isHeld);
    });
    const [held] = await podsOf(shop, '2.0.0');
    expect(held?.metadata.labels).toMatchObject({ 'sluice.keptn.sh/watched': 'true' });
    expect(held?.metadata.annotations?.['sluice.keptn.sh/explanation']).toContain('Held by Sluice');
    // A ReplicaSet changed in place is not the revision that is Released.
    const sets = await sluice.cluster.list(ReplicaSetKind, { namespace: shop.name });
    const old = sets.find((set) => JSON.stringify(set).includes('"keptn.sh/version":"1.0.0"'));
    if (old === undefined) throw new Error('the older ReplicaSet is there');
    const made = (version: string) => podMadeBy(old, keptnAnnotationsOf({ version }), shop);
    expect(isHeld(await made('1.0.0'))).toBe(false);
    expect(isHeld(await made('9.9.9'))).toBe(true);
    // Plain Pods carry nothing of ours.
    const others = (await shop.pods()).filter(
      ({ metadata }) => metadata.labels?.['app'] === 'plain',
    );
    expect(
      JSON.stringify(others.map(({ metadata, spec }) => [metadata.labels, spec])),
    ).not.toContain('keptn');

    await start();
    await shop.untilVersion({ version: '2.0.0', withinMs: 90_000 }, isCompleted);
    await eventually('the Pods of the new version run', async () => {
      const pods = await podsOf(shop, '2.0.0');
      return pods.length === 3 && pods.every(isReady);
    });
  }, 300_000);

  it('so it is in a Namespace that has no list yet, and a Pod of a Job is left alone', async () => {
    await process?.stop();
    await using shop = await sluice.namespace();
    await sluice.cluster.patch(
      NamespaceKind,
      { name: shop.name },
      { metadata: { labels: { 'sluice.keptn.sh/enabled': 'true' } } },
    );
    const annotations = { 'keptn.sh/workload': 'report', 'keptn.sh/version': '1.0.0' };
    await shop.apply(checked('1.0.0'), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'report' },
      spec: {
        template: {
          metadata: { annotations },
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
          },
        },
      },
    });
    const all = () => sluice.cluster.list(PodKind, { namespace: shop.name });
    await eventually('both have a Pod', async () => (await all()).length === 2);
    const ofJob = (pod: { metadata: { ownerReferences?: { kind: string }[] } }): boolean =>
      pod.metadata.ownerReferences?.[0]?.kind === 'Job';
    const pods = await all();
    expect(new Set(pods.map((pod) => `${ofJob(pod)} ${isHeld(pod)}`))).toEqual(
      new Set(['false true', 'true false']),
    );
    await start();
    await shop.apply(aTaskDefinition('check'));
    await shop.untilVersion({ withinMs: 90_000 }, isCompleted);
  }, 300_000);

  it('the emergency stop takes this gate away, too', async () => {
    const { kubeconfig } = sluice.cluster.controlPlane;
    await process?.stop();
    expect(await mustRunSluice(['emergency-stop', ...flags({ kubeconfig })])).toContain(
      'MutatingAdmissionPolicyBinding listed.gate.sluice.keptn.sh removed',
    );
    await using shop = await sluice.namespace();
    await shop.apply(checked('1.0.0'));
    await shop.untilPods(1, isReady, 60_000);
    await install('admissionPolicy');
    await start();
  }, 200_000);
});
