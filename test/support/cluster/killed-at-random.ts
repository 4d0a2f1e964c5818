import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Prometheus } from '../../demo/prometheus.ts';
import { isCompleted, isReady } from './enabled-namespace.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import {
  fruits,
  fruitShopChecks,
  fruitShopWorkloads,
  tasksPerRun,
} from '../builders/fruit-shop.ts';
import type { RunningSluice } from './running-sluice.ts';
import { SeededRandom } from '../clock-and-chance/seeded-random.ts';

export interface RandomKills {
  readonly prometheus: Prometheus;
  readonly times: number;
  readonly seed: number;
  /** The longest time between two kills. */
  readonly withinMs?: number;
}

/**
 * Plays the application of six workloads and kills Sluice at random moments of it, from a seed. The end must be the one it
 * has without that, and no task may have run twice.
 */
export async function killedAtRandom(sluice: RunningSluice, options: RandomKills): Promise<void> {
  try {
    await play(sluice, options);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`with seed ${options.seed}: ${words}`, { cause: error });
  }
}

async function play(
  sluice: RunningSluice,
  { prometheus, times, seed, withinMs = 4_000 }: RandomKills,
): Promise<void> {
  const random = new SeededRandom(seed);
  await using shop = await sluice.namespace();
  await shop.apply(...fruitShopChecks(prometheus.url, '1s'), ...fruitShopWorkloads());
  for (let kills = 0; kills < times; kills += 1) {
    await sleep(random.next() * withinMs);
    await sluice.kill();
    await sluice.start();
  }
  await Promise.all(
    fruits.map((workload) => shop.untilVersion({ workload, withinMs: 90_000 }, isCompleted)),
  );
  await eventually('the app version completes', async () =>
    (await shop.appVersions()).some(isCompleted),
  );
  await shop.untilPods(fruits.length, isReady);
  const tasks = await shop.tasks();
  const counts = Object.fromEntries(
    Object.keys(tasksPerRun).map((name) => [
      name,
      tasks.filter(({ spec }) => spec.taskDefinition === name).length,
    ]),
  );
  expect(counts).toEqual(tasksPerRun);
  expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(tasks.length);
  expect(shop.created('jobs.batch')).toHaveLength(tasks.length);
}
