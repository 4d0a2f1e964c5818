import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Does something to each item without holding the event loop for longer than about `budgetMs` at a time, so that what else
 * this process answers (admission reviews above all) waits no longer than that.
 */
export async function inSlices<T>(
  items: Iterable<T>,
  each: (item: T) => void,
  budgetMs = 5,
): Promise<void> {
  let sliceEndMs = performance.now() + budgetMs;
  for (const item of items) {
    each(item);
    if (performance.now() >= sliceEndMs) {
      await nextTurn();
      sliceEndMs = performance.now() + budgetMs;
    }
  }
}
