/** How reviews end. */
export type ReviewOutcome =
  | 'allowed'
  | 'patched'
  | 'denied'
  | 'converted'
  | 'unconvertible'
  | 'bad-review'
  | 'fault';

/** Counts reviews by webhook and outcome since the process started. */
export class ReviewCounts {
  readonly #counts = new Map<string, number>();

  add(webhook: string, outcome: ReviewOutcome): void {
    const key = `${webhook} ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  count(webhook: string, outcome: ReviewOutcome): number {
    return this.#counts.get(`${webhook} ${outcome}`) ?? 0;
  }
}
