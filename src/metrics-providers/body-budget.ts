/** An answer that is being read. */
export interface BodyHolder {
  /** Called when the answer has to go to make room for others. */
  evict(): void;
}

/**
 * The memory that answers of providers may take while they are read, over all of them. When it is used up the largest answer
 * goes, whose ever it is: many small answers are never the victims of a few large ones.
 */
export class BodyBudget {
  readonly #limit: number;
  readonly #held = new Map<BodyHolder, number>();
  #total = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Bytes that are held now. */
  get total(): number {
    return this.#total;
  }

  /** Charges bytes that have arrived to this answer, and evicts the largest, which may be this one, until all fit. */
  charge(holder: BodyHolder, bytes: number): void {
    this.#total += bytes;
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes);
    while (this.#total > this.#limit) {
      const largest = this.#largest();
      if (largest === undefined) return;
      this.release(largest);
      largest.evict();
    }
  }

  /** Gives back everything the answer holds; a second time is nothing. */
  release(holder: BodyHolder): void {
    this.#total -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
  }

  #largest(): BodyHolder | undefined {
    let largest: BodyHolder | undefined;
    let most = -1;
    for (const [holder, bytes] of this.#held) {
      if (bytes > most) [largest, most] = [holder, bytes];
    }
    return largest;
  }
}
