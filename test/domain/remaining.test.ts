import { expect, test } from 'vitest';

import { remainingMs } from '../../src/domain/remaining.ts';

test.each([
  ['has just begun', 0, 30_000],
  ['is half over', -15_000, 15_000],
  ['is over', -40_000, -10_000],
  ['was begun by a clock a little ahead', 5_000, 35_000],
  ['was begun before the clock was set back an hour', 3_600_000, 0],
])('of a wait that %s', (_what, beganMs, left) => {
  expect(remainingMs(1_000_000 + beganMs, 30_000, 1_000_000)).toBe(left);
});
