import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Long work in slices: after about `budgetMs` of it the event loop gets a turn, so that what else this process answers
 * (admission reviews above all) waits no longer than that. One `Slices` for the whole of a work that comes in parts: what is
 * there already comes without a turn of the event loop in between, so each part for itself would know too little.
 */
export class Slices {
  readonly #budgetMs: number;
  #endMs = 0;
  #turn: Promise<void> | undefined;

  constructor(budgetMs = 5) {
    this.#budgetMs = budgetMs;
  }

  /** Does something to each item. */
  async each<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    for (const item of items) {
      work(item);
      if (this.isOver) await this.turn();
    }
  }

  /** Whether the slice is used up: then `turn` is due. */
  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /**
   * Resolves when there is time in a slice: at once, or after the event loop has had its turn. Many may wait; those for whom
   * the next slice is too short wait for the one after it.
   */
  async turn(): Promise<void> {
    while (this.isOver) await (this.#turn ??= this.#begin());
  }

  async #begin(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#endMs = performance.now() + this.#budgetMs;
  }
}
