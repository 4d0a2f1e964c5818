/**
 * How much work may be done for a value that a stranger sent, in steps: one for each value or key that is looked at. Once the
 * steps are used up they stay so, and what was decided without them is void.
 */
export class StepBudget {
  readonly #steps: number;
  #used = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Counts so many steps; false when that is more than there are. */
  take(steps: number): boolean {
    this.#used += steps;
    return !this.isSpent;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether more steps were needed than there are. */
  get isSpent(): boolean {
    return this.#used > this.#steps;
  }
}
