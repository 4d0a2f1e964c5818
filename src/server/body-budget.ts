/** The largest review: an old and a new object of 3 MiB each, and what is around them (controller-runtime's limit). */
export const bodyLimit = 7 * 1024 * 1024;

/**
 * How many bytes of requests may be in memory at once. Anybody in the cluster can open connections to this server; without
 * a bound, a few dozen large bodies would end the process.
 */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes what a request says it will send (the most it may send, if it does not say) and returns the way to give it back,
   * which works once. Undefined when there is too much already.
   */
  take(contentLength: string | undefined): (() => void) | undefined {
    const declared = contentLength === undefined ? Number.NaN : Number(contentLength);
    const bytes = Number.isFinite(declared) ? Math.min(declared, bodyLimit) : bodyLimit;
    if (this.#used + bytes > this.#limit) return undefined;
    this.#used += bytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.#used -= bytes;
      isTaken = false;
    };
  }

  get used(): number {
    return this.#used;
  }
}
