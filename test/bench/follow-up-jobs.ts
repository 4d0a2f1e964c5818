import { manyFollowUps, runOut } from '../simulation/follow-up-flood.ts';
import { aShopNamespace } from '../simulation/shop.ts';
import { sluice } from '../simulation/sluice.ts';
import type { Benchmark } from './benchmark.ts';
import { atMost } from './figure.ts';

/** What one task makes of itself when its definitions follow each other 32 at a time: Jobs, in a simulated cluster. */
export const followUpJobs: Benchmark = {
  name: 'follow-up-jobs',
  description:
    'one task, and 97 definitions of which each of a level is followed by all of the next',
  figures: [
    {
      key: 'follow-up-jobs.created',
      quantity: 'Jobs created by one task with 97 definitions of follow-ups (33,825 paths)',
      unit: '',
      limit: atMost(33, 'count'),
    },
  ],
  async run() {
    const simulation = sluice({ seed: 1 });
    let created = 0;
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...manyFollowUps({ levels: [32, 32, 32] }));
      await runOut(simulation);
      created = simulation.store.history.filter(
        ({ type, object }) => type === 'added' && object.kind === 'Job',
      ).length;
    });
    return { 'follow-up-jobs.created': { value: created } };
  },
};
