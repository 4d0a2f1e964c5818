import { afterAll, beforeAll, expect, it } from 'vitest';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { askForPods } from '../support/cluster/asked-pods.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { TwoReplicas } from '../support/cluster/two-replicas.ts';

/**
 * 10,000 Pods at 50 a second, through a rotation of the authority, rolling restarts of both replicas and kills of the leader. What
 * `npm test` shows with 500. SLUICE_SOAK_PODS says how many.
 */

const pods = Number(process.env['SLUICE_SOAK_PODS'] ?? 10_000);
const minute = 60_000;

let sluice: RunningSluice;
let two: TwoReplicas;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  two = await TwoReplicas.of(sluice);
});
afterAll(() => two[Symbol.asyncDispose]());

it(
  `of ${pods} Pods none is refused and none passes ungated, and no Job runs twice`,
  async () => {
    await using shop = await sluice.namespace();
    await eventually('the API server goes by the caBundles', () =>
      shop.apply(aTaskDefinition('check')).then(
        () => true,
        () => false,
      ),
    );
    await shop.apply(
      aDeployment({ preDeploymentTasks: ['check'], postDeploymentTasks: ['check'] }),
    );
    const reviews = askForPods(shop, { everyMs: 20, areStored: true });
    await two.rotated();
    await two.trustNewAuthority();
    let rounds = 0;
    while (reviews.answers.asked < pods) {
      rounds += 1;
      await two.restartOneByOne((end) => reviews.whileEnding(end));
      const first = await two.leader();
      await reviews.whileEnding(() => two.kill(first));
      await eventually('the other one leads', async () => (await two.leader()) !== first, minute);
      await two.start(first);
    }
    const { asked, held, repeated, failed } = await reviews.stop();
    const said = `${asked} Pods asked for, ${held} held, ${failed.length} failed; ${rounds} rolling restarts and kills, with which ${repeated} were lost and asked for again\n`;
    process.stdout.write(said);
    expect(failed).toEqual([]);
    expect(held).toBe(asked);
    // What an end cuts off is a moment's: two or three of each.
    expect(repeated).toBeLessThanOrEqual(rounds * 30);
    await shop.untilVersion({ withinMs: 2 * minute }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(2);
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(2);
  },
  60 * minute,
);
