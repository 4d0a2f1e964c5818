import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { aDeployment, aTaskDefinition } from '../support/apps.ts';
import { isCompleted } from '../support/enabled-namespace.ts';
import { eventually } from '../support/eventually.ts';
import { holdVersions } from '../support/held-versions.ts';
import { killedAtRandom } from '../support/killed-at-random.ts';
import { RunningSluice } from '../support/running-sluice.ts';
import { byKind, untilQuiet } from '../support/sluice-writes.ts';

/** What `npm test` shows in a shorter form, at full length. */

let sluice: RunningSluice;
let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await prometheus.close();
});

const minute = 60_000;

describe('Sluice', () => {
  it('writes nothing at all in a minute in which 50 versions are held and nothing changes', async () => {
    await using shop = await sluice.namespace();
    await holdVersions(shop, 50);
    await untilQuiet(shop, 5_000);
    const since = Date.now();
    await sleep(minute);
    const writes = sluice.cluster
      .writes({ userAgent: sluice.userAgent, since })
      .filter(({ resource }) => !/^(leases|keptnmetrics)/u.test(resource));
    expect(byKind(writes)).toEqual({});
  });

  it('is killed 20 times at random moments, and the end is the same', async () => {
    const given = Number(process.env['SOAK_SEED']);
    const seed = given > 0 ? given : randomInt(1, 2 ** 31);
    process.stdout.write(`random kills: SOAK_SEED=${seed}\n`);
    // Four roll-outs of five kills each: one alone would be over before the twentieth.
    for (let round = 0; round < 4; round += 1) {
      await killedAtRandom(sluice, { prometheus, times: 5, seed: seed + round });
    }
  });

  it('brings each of 1,000 workloads that come in a burst to Completed', async () => {
    const count = 1_000;
    await using shop = await sluice.namespace();
    await shop.apply(aTaskDefinition('migrate'));
    const waiting = Array.from({ length: count }, (_, at) => `burst-${at}`);
    const startedAt = Date.now();
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let workload = waiting.pop(); workload !== undefined; workload = waiting.pop()) {
          // A quarter each: with a task or without, an application of its own or one of a hundred.
          const at = Number(workload.slice('burst-'.length));
          await shop.apply(
            aDeployment({
              workload,
              app: at % 2 === 0 ? 'none' : `app-${at % 100}`,
              ...(at % 4 < 2 && { preDeploymentTasks: ['migrate'] }),
            }),
          );
        }
      }),
    );
    await eventually(
      `${count} workload versions complete`,
      async () => {
        await sleep(2_000);
        const [versions, apps] = await Promise.all([shop.workloadVersions(), shop.appVersions()]);
        return (
          versions.length === count &&
          versions.every(isCompleted) &&
          apps.filter(({ status }) => status?.status !== 'Deprecated').every(isCompleted)
        );
      },
      20 * minute,
    );
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    process.stdout.write(`${count} workloads Completed after ${seconds} s\n`);
    const created = shop.created('keptnworkloadversions.lifecycle.keptn.sh');
    expect(created).toHaveLength(count);
    expect(shop.created('jobs.batch')).toHaveLength(count / 2);
  });
});
