import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Long work in slices: after about `budgetMs` of it the event loop gets a turn, so that what else this process answers
 * (admission reviews above all) waits no longer than that. One `Slices` for the whole of a work that comes in parts: what is
 * there already comes without a turn of the event loop in between, so each part for itself would know too little.
 */
export class Slices {
  readonly #budgetMs: number;
  #endMs = 0;

  constructor(budgetMs = 5) {
    this.#budgetMs = budgetMs;
  }

  /** Does something to each item. */
  async each<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    for (const item of items) {
      work(item);
      if (performance.now() < this.#endMs) continue;
      await nextTurn();
      this.#endMs = performance.now() + this.#budgetMs;
    }
  }
}
