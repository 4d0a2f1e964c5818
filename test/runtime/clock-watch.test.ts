import { expect, it } from 'vitest';

import { ClockWatch } from '../../src/runtime/clock-watch.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

it('a clock that is set is noticed in both directions; one that runs, or is nudged, is not', () => {
  const clock = new TestClock();
  const watch = new ClockWatch(clock);
  clock.advance(7_200_000);
  clock.setTimeOfDay(clock.now() + 1_000);
  expect(watch.steps()).toEqual([]);
  const fromMs = clock.now();
  clock.setTimeOfDay(fromMs + 3_600_000);
  expect(watch.steps()).toEqual([{ fromMs: fromMs - 1_000, toMs: fromMs + 3_600_000 }]);
  expect(watch.steps()).toBe(watch.steps());
  clock.setTimeOfDay(fromMs);
  expect(watch.steps()[1]).toEqual({ fromMs: fromMs + 3_600_000, toMs: fromMs });
});

it('the steps that are kept are few', () => {
  const clock = new TestClock();
  const watch = new ClockWatch(clock);
  for (let time = 0; time < 100; time += 1) {
    clock.setTimeOfDay(clock.now() + 10_000);
    watch.steps();
  }
  expect(watch.steps()).toHaveLength(16);
});
