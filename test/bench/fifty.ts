import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { Hops } from './cluster/hops.ts';
import { noContextWindow } from './cluster/no-context-window.ts';
import { PodWatch, type PodTimes } from './cluster/pod-times.ts';
import type { Stage } from './cluster/stage.ts';
import { shown, timeLines } from './cluster/time-line.ts';
import { untilAllOver, writesAllowedInBurst, writesIn } from './cluster/written.ts';
import { atMost, type Figure, type Measurements } from './figure.ts';
import { cpuSeconds } from './process-usage.ts';
import { median, quantile } from './statistics.ts';

const versions = 50;
const hop =
  'one hop in the same minute: a status PATCH until another client’s watch shows it (p50)';

const releases: readonly Figure[] = [
  { key: 'burst-none', count: versions, tasks: 'no checks', ms: 300 },
  { key: 'burst-many', count: 200, tasks: 'no checks', ms: 1_200 },
  { key: 'burst-task', count: versions, tasks: 'one instant task', ms: 1_200 },
].map(({ key, count, tasks, ms }) => ({
  key,
  quantity: `Pod there → gate lifted, ${count} applied at once, ${tasks}, p50`,
  unit: 'ms' as const,
  baseline: hop,
  limit: atMost(ms, 'time', 'ms'),
}));

/** Versions that are applied at once: what people do with a whole environment. */
export const fifty: Benchmark = {
  name: 'fifty',
  description: `${versions} and 200 versions applied at once, without checks and with one instant task each`,
  figures: [
    ...releases,
    ...[0, 1].map((tasks) => ({
      key: `burst-writes-${tasks}`,
      target: 'T7',
      quantity: `API writes per version, ${versions} applied at once, ${tasks} tasks`,
      unit: '' as const,
      limit: atMost(writesAllowedInBurst(tasks), 'count'),
    })),
    {
      key: 'burst-cpu',
      target: 'T15',
      quantity: `CPU of Sluice for ${versions} versions with one instant task`,
      unit: 's',
      limit: atMost(1.2, 'time', 's'),
      keptn: '10 s',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  await using stack = new AsyncDisposableStack();
  stack.use(await noContextWindow(stage));
  const many = bench.isQuick ? versions : 200;
  const none = await burst(bench, stage, { count: versions, tasks: [] });
  const all = await burst(bench, stage, { count: many, tasks: [] });
  const task = await burst(bench, stage, { count: versions, tasks: ['check'] });
  return {
    'burst-none': none.release,
    'burst-many': all.release,
    'burst-task': task.release,
    'burst-writes-0': { value: none.writes / versions },
    'burst-writes-1': { value: task.writes / versions },
    'burst-cpu': { value: task.cpu },
  };
}

async function burst(
  bench: Bench,
  stage: Stage,
  { count, tasks }: { readonly count: number; readonly tasks: readonly string[] },
) {
  await using shop = await stage.namespace();
  await using pods = await PodWatch.start(stage, shop.name);
  await shop.apply(aTaskDefinition('check'));
  bench.progress(`applying ${count} Deployments, tasks: ${tasks.join(', ') || 'none'}`);
  const cpuBefore = cpuSeconds(stage.sluice.pid);
  await deploy(stage, shop, { count, tasks });
  await untilAllOver(shop, count);
  const cpu = cpuSeconds(stage.sluice.pid) - cpuBefore;
  const latencies = pods.ofWorkloads.map(releasedAfter);
  if (latencies.length !== count) throw new Error(`${latencies.length} Pods of ${count} were seen`);
  if (bench.isTimeLineWanted) process.stdout.write(`${shown(await timeLines(shop, pods))}\n\n`);
  const baseline = median((await Hops.first(25, stage, 20)).map(({ ms }) => ms));
  const release = { value: quantile(latencies, 0.5), baseline };
  return { release, cpu, writes: writesIn(shop).total };
}

function releasedAfter({ createdAt, liftedAt = Number.NaN }: PodTimes): number {
  return liftedAt - createdAt;
}

async function deploy(
  { api }: Stage,
  shop: EnabledNamespace,
  { count, tasks }: { readonly count: number; readonly tasks: readonly string[] },
): Promise<void> {
  const checks = tasks.length > 0 ? { preDeploymentTasks: tasks } : {};
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      api.mustSend({
        method: 'POST',
        path: `/apis/apps/v1/namespaces/${shop.name}/deployments`,
        body: aDeployment({ workload: `service-${at}`, app: 'none', ...checks }),
      }),
    ),
  );
}
