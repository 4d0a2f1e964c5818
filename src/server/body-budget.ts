/** The largest review: an old and a new object of 3 MiB each, and what is around them (controller-runtime's limit). */
export const bodyLimit = 7 * 1024 * 1024;

/** The longest answer to a conversion, in bytes: what another version says of the same is as long, and its remainder again. */
export const answerLimit = 4 * bodyLimit;

/**
 * How many bytes of requests may be in memory at once. Anybody in the cluster can open connections to this server; without
 * a bound, a few dozen large bodies would end the process. What counts is what has arrived, not what is announced: a
 * client that announces much and sends nothing takes nothing from others.
 */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes so many bytes; false, and nothing taken, when there is too much already. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken. */
  giveBack(bytes: number): void {
    this.#used -= bytes;
  }

  get used(): number {
    return this.#used;
  }
}
