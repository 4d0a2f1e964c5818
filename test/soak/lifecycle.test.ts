import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { holdVersions } from '../support/builders/held-versions.ts';
import { killedAtRandom } from '../support/cluster/killed-at-random.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { byKind, untilQuiet } from '../support/observed/sluice-writes.ts';

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
});
