import { ManualClock } from '../../../src/runtime/manual-clock.ts';

/** The clock of tests. What is still set at the end of a test is in `leftovers`. */
export class TestClock extends ManualClock {}

/** Resolves when every promise that can settle without I/O or timers has. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
