import { busyboxImage } from '../node/base-images.ts';
import { aDeployment, type DescribedApp } from '../support/builders/apps.ts';
import { EnabledNamespace, isReady } from '../support/cluster/enabled-namespace.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';
import { helm, rolledOut } from '../support/real/install-in-cluster.ts';
import { nodeWithImages } from '../support/real/node-with-images.ts';
import { installFromCheckout } from '../support/real/readme-install.ts';
import { aBashFunction } from '../support/real/web.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import type { Measurements } from './figure.ts';
import { quantile } from './statistics.ts';

const without = 'the same Deployment on the same node, before Sluice is installed';

/** What a check costs a roll-out where containers really run: a kubelet starts the check's Pod, then the workload's. */
export const real: Benchmark = {
  name: 'real',
  description: 'create of a Deployment → its Pod ready, on a real node (Linux, root)',
  onlyByName: true,
  figures: [
    {
      key: 'real-ready-p50',
      quantity: 'create → ready with one bash task, p50',
      unit: 's',
      baseline: without,
    },
    {
      key: 'real-ready-p90',
      quantity: 'create → ready with one bash task, p90',
      unit: 's',
      baseline: without,
    },
    {
      key: 'real-no-checks-p50',
      quantity: 'create → ready, annotated, without checks, p50',
      unit: 's',
      baseline: without,
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  await using world = await nodeWithImages({ say: (line) => bench.progress(line) });
  const cluster = new TestCluster(world.controlPlane, { 'user-agent': 'bench' });
  const count = bench.isQuick ? 3 : 10;
  const timesOf = async (what: string, described: DescribedApp): Promise<number[]> => {
    bench.progress(`${count} Deployments ${what}`);
    const times: number[] = [];
    for (let at = 0; at < count; at += 1) {
      bench.signal.throwIfAborted();
      times.push(await secondsToReady(cluster, described));
    }
    return times;
  };
  const plain = await timesOf('without Sluice', {});
  bench.progress('installing Sluice by Helm');
  await helm(cluster, installFromCheckout());
  await rolledOut(cluster);
  const annotated = await timesOf('with Sluice, without checks', {});
  const checked = await timesOf('with one bash task', { preDeploymentTasks: ['check'] });
  return {
    'real-ready-p50': { value: quantile(checked, 0.5), baseline: quantile(plain, 0.5) },
    'real-ready-p90': { value: quantile(checked, 0.9), baseline: quantile(plain, 0.9) },
    'real-no-checks-p50': { value: quantile(annotated, 0.5), baseline: quantile(plain, 0.5) },
  };
}

/** From the request that creates the Deployment until its Pod is ready, looked at every 50 ms. */
async function secondsToReady(cluster: TestCluster, described: DescribedApp): Promise<number> {
  await using namespace = await EnabledNamespace.create(cluster);
  // Without Sluice there is no such kind, and nothing asks for the task.
  if (described.preDeploymentTasks !== undefined) {
    await namespace.apply(aBashFunction('check', 'true'));
  }
  const containers = [{ name: 'main', image: busyboxImage, command: ['sleep', '3600'] }];
  const podSpec = { terminationGracePeriodSeconds: 0, containers };
  const from = performance.now();
  await namespace.apply(aDeployment({ app: 'none', ...described, podSpec }));
  await namespace.untilPods(1, isReady, 120_000);
  return (performance.now() - from) / 1000;
}
