import { PodKind } from '../../src/api/builtin.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { Hops } from './cluster/hops.ts';
import { type Release, releasesIn } from './cluster/releases.ts';
import type { Stage } from './cluster/stage.ts';
import { untilAllOver, writesAllowedInBurst, writesIn } from './cluster/written.ts';
import { atMost, type Measurements } from './figure.ts';
import { cpuSeconds } from './process-usage.ts';
import { median, quantile } from './statistics.ts';

const versions = 50;
const hop =
  'one hop under the same load: a status PATCH until another client’s watch shows it (p50)';

/** Fifty versions whose one check passes at the same moment. */
export const fiftyVersions: Benchmark = {
  name: 'fifty-versions',
  description: `${versions} versions with one task each, whose checks pass at the same moment`,
  figures: [
    {
      key: 'fifty-release-p50',
      target: 'T5',
      quantity: `last check → gate removed, ${versions} at once, p50`,
      unit: 'ms',
      baseline: hop,
      limit: {
        kind: 'ratio',
        text: '≤ 3 × baseline + 20 ms',
        used: (value, baseline) => value / (3 * baseline + 20),
      },
      keptn: '30 s',
    },
    {
      key: 'fifty-release-p99',
      quantity: `last check → gate removed, ${versions} at once, p99`,
      unit: 'ms',
      baseline: hop,
    },
    {
      key: 'fifty-writes',
      target: 'T7',
      quantity: `API writes per version, ${versions} at once, 1 task`,
      unit: '',
      limit: atMost(writesAllowedInBurst(1), 'count'),
      keptn: '50',
    },
    {
      key: 'fifty-pod-writes',
      target: 'T6',
      quantity: `API writes per gated Pod at most, ${versions} at once`,
      unit: '',
      limit: atMost(1, 'count'),
      keptn: 'about 4',
    },
    {
      key: 'fifty-connections',
      target: 'T10',
      quantity: 'connections opened per API request, while 50 are released',
      unit: '',
      limit: atMost(0.01, 'ratio'),
      keptn: '1 (client-node 2.0.1)',
    },
    {
      key: 'fifty-cpu',
      target: 'T15',
      quantity: `CPU of Sluice for ${versions} versions with 1 task`,
      unit: 's',
      limit: atMost(3, 'time', 's'),
      keptn: '10 s',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  await using shop = await stage.namespace();
  const cpuBefore = cpuSeconds(stage.sluice.pid);
  await untilChecksRun(bench, shop);
  // The connections that this load needs are open by now.
  const steady = await stage.requestCounts();
  const hops = Hops.start(stage, 20);
  bench.progress('letting all checks pass');
  await letChecksPass(stage, shop);
  await untilAllOver(shop, versions);
  const made = await hops.stop();
  const cpuAfter = cpuSeconds(stage.sluice.pid);
  const after = await stage.requestCounts();

  const releases = await releasesIn(shop);
  const latencies = releases.map(({ ms }) => ms);
  const baseline = median(made.filter(({ at }) => isDuring(releases, at)).map(({ ms }) => ms));
  const { total, mostPerPod } = writesIn(shop);
  const requests = after.requests - steady.requests;
  const connections = after.connections - steady.connections;
  return {
    'fifty-release-p50': { value: quantile(latencies, 0.5), baseline },
    'fifty-release-p99': { value: quantile(latencies, 0.99), baseline },
    'fifty-writes': { value: total / versions },
    'fifty-pod-writes': { value: mostPerPod },
    'fifty-connections': { value: connections / requests },
    'fifty-cpu': { value: cpuAfter - cpuBefore },
  };
}

/** Brings all versions so far that their task runs and waits to be told to succeed. */
async function untilChecksRun(bench: Bench, shop: EnabledNamespace): Promise<void> {
  await shop.apply(aTaskDefinition('check', { outcome: 'run', spec: { timeout: '1h' } }));
  bench.progress(`applying ${versions} Deployments`);
  const names = Array.from({ length: versions }, (_, at) => `service-${at}`);
  await Promise.all(
    names.map((workload) =>
      shop.apply(aDeployment({ workload, app: 'none', preDeploymentTasks: ['check'] })),
    ),
  );
  await eventually(
    'all checks run',
    async () => {
      const pods = (await podsOfJobs(shop)).filter(({ status }) => status?.phase === 'Running');
      return pods.length === versions;
    },
    120_000,
  );
}

/** Tells the kubelet all at once. */
async function letChecksPass({ api }: Stage, shop: EnabledNamespace): Promise<void> {
  const pods = await podsOfJobs(shop);
  await Promise.all(
    pods.map(({ metadata }) =>
      api.mustSend({
        method: 'PATCH',
        path: `/api/v1/namespaces/${shop.name}/pods/${metadata.name}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { annotations: { 'sluice.test/outcome': 'succeed' } } },
      }),
    ),
  );
}

async function podsOfJobs({ cluster, name }: EnabledNamespace) {
  const pods = await cluster.list(PodKind, { namespace: name });
  return pods.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind }) => kind === 'Job'),
  );
}

/** Whether the releases were under way at this time. */
function isDuring(releases: readonly Release[], at: number): boolean {
  const from = Math.min(...releases.map(({ passedAt }) => passedAt));
  const to = Math.max(...releases.map(({ liftedAt }) => liftedAt));
  return at >= from && at <= to;
}
