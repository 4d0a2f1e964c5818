import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** Everything at once (T14). Keptn loses about one workload in 400 to a race in discovery. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  await sluice.stop();
  await sluice.start({ lease: 'usual' });
});
afterAll(async () => {
  await sluice.stop();
  await sluice.start();
});

const count = 1_000;
const minute = 60_000;

describe('1,000 workloads created in a burst', () => {
  it('each reach Completed, and each task runs once', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('migrate'));
    const waiting = Array.from({ length: count }, (_, at) => at);
    const startedAt = Date.now();
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
          // Half with a task; half each an application of its own, the others in fifty applications.
          await shop.apply(
            aDeployment({
              workload: `burst-${at}`,
              app: at % 2 === 0 ? 'none' : `app-${at % 100}`,
              ...(at % 4 < 2 && { preDeploymentTasks: ['migrate'] }),
            }),
          );
        }
      }),
    );
    let completed = 0;
    await eventually(
      `${count} workload versions complete`,
      async () => {
        await sleep(5_000);
        const [versions, apps] = await Promise.all([shop.workloadVersions(), shop.appVersions()]);
        completed = versions.filter(isCompleted).length;
        const current = apps.filter(({ status }) => status?.status !== 'Deprecated');
        return completed === count && versions.length === count && current.every(isCompleted);
      },
      20 * minute,
    ).finally(() => {
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      process.stdout.write(`${completed} of ${count} workloads Completed after ${seconds} s\n`);
    });
    expect(shop.created('keptnworkloadversions.lifecycle.keptn.sh')).toHaveLength(count);
    expect(shop.created('jobs.batch')).toHaveLength(count / 2);
  });
});
