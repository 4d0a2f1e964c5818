import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { holdVersions } from '../support/builders/held-versions.ts';
import { isCounted, sluiceWrites, untilQuiet } from '../support/observed/sluice-writes.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Benchmark } from './benchmark.ts';
import type { Stage } from './cluster/stage.ts';
import { untilAllOver, writesAllowed, writesIn } from './cluster/written.ts';
import { atMost, type Measurements } from './figure.ts';

const keptn: Readonly<Record<number, string>> = { 0: '40', 2: '58' };
const held = 50;

/** What Sluice writes to the API server: for one version, and while versions wait. */
export const writes: Benchmark = {
  name: 'writes',
  description: 'API writes of one version, and of fifty that are held, from the audit log',
  figures: [
    ...[0, 2].map((tasks) => ({
      key: `writes-${tasks}`,
      target: 'T7',
      quantity: `API writes for one version, ${tasks} tasks`,
      unit: '' as const,
      limit: atMost(writesAllowed(tasks), 'count'),
      ...(keptn[tasks] !== undefined && { keptn: keptn[tasks] }),
    })),
    {
      key: 'pod-writes',
      target: 'T6',
      quantity: 'API writes per gated Pod at most, 5 Pods',
      unit: '',
      limit: atMost(1, 'count'),
      keptn: 'about 4',
    },
    {
      key: 'held-writes',
      target: 'T7',
      quantity: `API writes in 60 s, ${held} versions held`,
      unit: '',
      limit: atMost(0, 'count'),
      keptn: '1,496',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  const without = await ofOneVersion(stage, {});
  const checks = { preDeploymentTasks: ['check'], postDeploymentTasks: ['check'] };
  const withTwo = await ofOneVersion(stage, checks);
  return {
    'writes-0': { value: without.total },
    'writes-2': { value: withTwo.total },
    'pod-writes': { value: await perPod(stage) },
    'held-writes': { value: await whileHeld(bench, stage) },
  };
}

async function ofOneVersion(stage: Stage, described: Parameters<typeof aDeployment>[0]) {
  await using shop = await stage.namespace();
  await shop.apply(aTaskDefinition('check', { delay: '500ms' }));
  await shop.apply(aDeployment({ ...described, app: 'none' }));
  await untilAllOver(shop, 1);
  return writesIn(shop);
}

async function perPod(stage: Stage): Promise<number> {
  await using shop = await stage.namespace();
  await shop.apply(aTaskDefinition('check', { delay: '500ms' }));
  await shop.apply(aDeployment({ app: 'none', replicas: 5, preDeploymentTasks: ['check'] }));
  await untilAllOver(shop, 1);
  return writesIn(shop).mostPerPod;
}

async function whileHeld(bench: Bench, stage: Stage): Promise<number> {
  const seconds = bench.isQuick ? 10 : 60;
  await using shop = await stage.namespace();
  bench.progress(`holding ${held} versions`);
  await holdVersions(shop, held);
  await untilQuiet(shop, 3_000);
  const since = Date.now();
  bench.progress(`counting writes for ${seconds} s`);
  await sleep(seconds * 1_000, undefined, { signal: bench.signal });
  return sluiceWrites(shop, { since }).filter(isCounted).length;
}
