import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { Hops } from './cluster/hops.ts';
import { noContextWindow } from './cluster/no-context-window.ts';
import { PodWatch } from './cluster/pod-times.ts';
import type { Stage } from './cluster/stage.ts';
import { shown, timeLines } from './cluster/time-line.ts';
import { untilAllOver } from './cluster/written.ts';
import { atMost, type Measurements } from './figure.ts';
import { median, quantile } from './statistics.ts';

const hop = 'one hop: a status PATCH until another client’s watch shows it (p50)';

/** What Sluice adds to the time that the Pods of checks take, when there is nothing else to do. */
export const oneTask: Benchmark = {
  name: 'one-task',
  description:
    'one version after the other, with one instant task, and with one before and one after the deployment',
  figures: [
    {
      key: 'one-task',
      quantity: 'Pod there → gate lifted, one instant task, p50',
      unit: 'ms',
      baseline: hop,
      limit: atMost(150, 'time', 'ms'),
      keptn: '30 s',
    },
    {
      key: 'one-pre-post',
      quantity: 'Pod there → version completed, pre- and post-task, over what the Pods took, p50',
      unit: 'ms',
      baseline: hop,
      limit: atMost(400, 'time', 'ms'),
      keptn: '45.6 s',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  await using stack = new AsyncDisposableStack();
  stack.use(await noContextWindow(stage));
  const one = await versions(bench, stage, { postDeploymentTasks: [] });
  const both = await versions(bench, stage, { postDeploymentTasks: ['check'] });
  const baseline = median((await Hops.first(25, stage, 20)).map(({ ms }) => ms));
  return {
    'one-task': {
      value: quantile(
        one.map(({ releasedMs }) => releasedMs),
        0.5,
      ),
      baseline,
    },
    'one-pre-post': {
      value: quantile(
        both.map(({ addedMs }) => addedMs),
        0.5,
      ),
      baseline,
    },
  };
}

interface Taken {
  /** From the Pod of the version to the lifting of its gate. */
  readonly releasedMs: number;
  /** From the Pod of the version to its completion, without what Pods took to end and to get ready. */
  readonly addedMs: number;
}

async function versions(
  bench: Bench,
  stage: Stage,
  described: { readonly postDeploymentTasks: readonly string[] },
): Promise<Taken[]> {
  const count = bench.isQuick ? 3 : 15;
  await using shop = await stage.namespace();
  await using pods = await PodWatch.start(stage, shop.name);
  await shop.apply(aTaskDefinition('check'));
  const { postDeploymentTasks: after } = described;
  const checks = after.length > 0 ? { postDeploymentTasks: after } : {};
  for (let at = 0; at < count; at += 1) {
    bench.signal.throwIfAborted();
    const workload = `service-${at}`;
    const manifest = aDeployment({
      workload,
      app: 'none',
      preDeploymentTasks: ['check'],
      ...checks,
    });
    await shop.apply(manifest);
    await shop.untilVersion({ app: workload, workload }, isCompleted);
  }
  await untilAllOver(shop, count);
  const lines = await timeLines(shop, pods);
  if (bench.isTimeLineWanted) process.stdout.write(`${shown(lines)}\n\n`);
  return lines.map(({ releasedAfter, completedAfter, ofPods }) => ({
    releasedMs: releasedAfter,
    addedMs: completedAfter - ofPods,
  }));
}
