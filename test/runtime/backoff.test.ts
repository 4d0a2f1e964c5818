import fc from 'fast-check';
import { expect, it } from 'vitest';

import { backoffMs } from '../../src/runtime/backoff.ts';

const shape = { baseMs: 100, capMs: 10_000, jitter: 0.5 };

it('doubles with every failure up to the cap', () => {
  const waits = [1, 2, 3, 7, 8, 9, 1_000_000].map((failures) =>
    backoffMs(failures, shape, () => 0),
  );
  expect(waits).toEqual([100, 200, 400, 6400, 10_000, 10_000, 10_000]);
});

it('lets chance take away at most its share', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const longest = backoffMs(failures, shape, () => 0);
        const wait = backoffMs(failures, shape, () => chance);
        expect(wait).toBeLessThanOrEqual(longest);
        expect(wait).toBeGreaterThanOrEqual(longest / 2);
      },
    ),
  );
});
