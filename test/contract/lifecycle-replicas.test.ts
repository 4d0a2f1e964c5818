import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { freePorts } from '../control-plane/ports.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { keptnAnnotationsOf } from '../support/builders/apps.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isHeld,
  isReady,
} from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { fruits, fruitShopChecks, fruitShopWorkloads } from '../support/builders/fruit-shop.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { SluiceProcess } from '../support/cluster/sluice-process.ts';
import { TcpForwarder } from '../support/api-server/tcp-forwarder.ts';

/** Two processes behind what stands for a Service: both answer reviews, one leads. */

let sluice: RunningSluice;
let prometheus: Prometheus;
let forwarder: TcpForwarder;
const replicas: { process: SluiceProcess; port: number }[] = [];

beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  sluice = await RunningSluice.shared();
  await sluice.stop();
  forwarder = await TcpForwarder.on(sluice.installation.port);
  const { server: one, etcd: other } = await freePorts();
  for (const port of [one, other]) {
    replicas.push({ process: await sluice.startAnother(port), port });
  }
  forwarder.to(one, other);
});

afterAll(async () => {
  await Promise.all(replicas.map(({ process }) => process.stop()));
  await forwarder[Symbol.asyncDispose]();
  await prometheus.close();
  await sluice.start();
});

interface Lease extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string };
}

const LeaseKind: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** The process that leads: its id is in the name it takes the Lease by. */
async function leader(): Promise<SluiceProcess> {
  const { namespace } = sluice.installation;
  return eventually('one of the two leads', async () => {
    const lease = await sluice.cluster.get(LeaseKind, { namespace, name: 'sluice' });
    const holder = lease?.spec?.holderIdentity ?? '';
    return replicas.find(({ process }) => holder.includes(`_${process.pid}_`))?.process;
  });
}

/** Whether a Pod would be held now. */
async function isGated(shop: EnabledNamespace): Promise<boolean> {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-1', uid: 'not-there' };
  const pod = await sluice.cluster.create(
    PodKind,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'asked',
        namespace: shop.name,
        annotations: keptnAnnotationsOf({}),
        ownerReferences: [owner],
      },
      spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
    },
    { dryRun: true },
  );
  return isHeld(pod);
}

describe('two processes', () => {
  it('both answer reviews, and killing the one that leads loses and repeats nothing', async () => {
    await using shop = await sluice.namespace();
    const ports = replicas.map(({ port }) => port);
    for (const port of ports) {
      forwarder.to(port);
      expect(await isGated(shop)).toBe(true);
    }
    forwarder.to(...ports);
    const first = await leader();
    await shop.apply(...fruitShopChecks(prometheus.url, '1s'), ...fruitShopWorkloads());
    await shop.untilTask('ripe', ({ status }) => status?.status === 'Progressing');
    await first.kill();
    const asked = isGated(shop);

    await Promise.all(
      fruits.map((workload) => shop.untilVersion({ workload, withinMs: 60_000 }, isCompleted)),
    );
    await eventually('the app version completes', async () =>
      (await shop.appVersions()).some(isCompleted),
    );
    await shop.untilPods(fruits.length, isReady);
    expect((await leader()).pid).not.toBe(first.pid);
    expect(await asked).toBe(true);
    const tasks = await shop.tasks();
    expect(tasks).toHaveLength(10);
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(10);
    expect(shop.created('jobs.batch')).toHaveLength(10);
  });
});
