import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { Hops } from './cluster/hops.ts';
import { releasesIn } from './cluster/releases.ts';
import { untilAllOver } from './cluster/written.ts';
import { atMost, type Measurements } from './figure.ts';
import { median, quantile } from './statistics.ts';

const hop = 'one hop: a status PATCH until another client’s watch shows it (p50)';

/** How soon after its last check a Pod is released, when there is nothing else to do. */
export const oneVersion: Benchmark = {
  name: 'one-version',
  description: 'last check passed → gate removed, one version after the other',
  figures: [
    {
      key: 'release-p50',
      target: 'T5',
      quantity: 'last check → gate removed, p50',
      unit: 'ms',
      baseline: hop,
      limit: atMost(50, 'time', 'ms'),
      keptn: '20 s without checks, 30 s with one task',
    },
    {
      key: 'release-p99',
      target: 'T5',
      quantity: 'last check → gate removed, p99',
      unit: 'ms',
      baseline: hop,
      limit: atMost(250, 'time', 'ms'),
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  const versions = bench.isQuick ? 4 : 25;
  await using shop = await stage.namespace();
  await shop.apply(aTaskDefinition('check', { delay: '300ms' }));
  const hops = Hops.start(stage, 100);
  for (let at = 0; at < versions; at += 1) {
    bench.signal.throwIfAborted();
    if (at % 5 === 0) bench.progress(`version ${at + 1} of ${versions}`);
    const workload = `service-${at}`;
    await shop.apply(aDeployment({ workload, app: 'none', preDeploymentTasks: ['check'] }));
    await shop.untilVersion({ app: workload, workload }, isCompleted);
  }
  await untilAllOver(shop, versions);
  const baseline = median((await hops.stop()).map(({ ms }) => ms));
  const latencies = (await releasesIn(shop)).map(({ ms }) => ms);
  return {
    'release-p50': { value: quantile(latencies, 0.5), baseline },
    'release-p99': { value: quantile(latencies, 0.99), baseline },
  };
}
