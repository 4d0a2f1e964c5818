import fc from 'fast-check';
import { expect, it } from 'vitest';

import { backoffMs, waitMs } from '../../src/runtime/backoff.ts';

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

it.each([
  ['asked for nothing', undefined, 100],
  ['asked for 0, which would be a loop', 0, 100],
  ['asked for less than the back-off', 50, 100],
  ['asked for more', 7_000, 7_000],
])('a server that has %s is asked again after the larger wait', (_what, askedMs, ms) => {
  expect(waitMs(askedMs, 1, { shape, random: () => 0 })).toBe(ms);
});

it('what a server asked for is made longer by chance, never shorter', () => {
  expect(waitMs(10_000, 1, { shape, random: () => 0.999 })).toBeGreaterThan(10_900);
  expect(waitMs(10_000, 1, { shape, random: () => 0.999 })).toBeLessThanOrEqual(11_000);
});
