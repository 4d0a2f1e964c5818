import { expect, it } from 'vitest';

import { Slices } from '../../src/runtime/slices.ts';

function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('work in slices lets the event loop turn, however its parts are cut', async () => {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const slices = new Slices(5);
  const done: number[] = [];
  // Twenty parts of two milliseconds: each is less than a slice, all together are eight.
  for (let part = 0; part < 20; part += 1) {
    await slices.each([part], (item) => {
      hold(2);
      done.push(item);
    });
  }
  isOver = true;
  expect(done).toEqual(Array.from({ length: 20 }, (_, part) => part));
  expect(turns).toBeGreaterThanOrEqual(6);
});
