import { expect, it } from 'vitest';
import { manyFollowUps, runOut, tasksIn } from '../simulation/follow-up-flood.ts';
import { aShopNamespace } from '../simulation/shop.ts';
import { sluice } from '../simulation/sluice.ts';
import { storm } from '../simulation/weather.ts';

/** What `npm test` shows with a few seeds. */
it('the follow-ups of one task are 32 in all under storms and crashes of a hundred seeds', async () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const crashAfterWrites = [10 + ((3 * seed) % 50), 70 + ((5 * seed) % 90)];
    const simulation = sluice({ seed, weather: storm, crashAfterWrites });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...manyFollowUps({ levels: [6, 5, 4] }));
      await runOut(simulation);
      expect(tasksIn(simulation)).toHaveLength(33);
    });
  }
});
