import { it } from 'vitest';
import { retentionScenario } from '../simulation/retention-scenario.ts';

/** What `npm test` shows with a few seeds. */
it('history is deleted under storms and crashes of a hundred seeds, and nothing else is', async () => {
  for (let seed = 1; seed <= 100; seed += 1) await retentionScenario(seed);
});
