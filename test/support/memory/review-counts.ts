import type { ReviewMetrics, ReviewOutcome } from '../../../src/server/review-metrics.ts';

/** Counts reviews by webhook and outcome, and answers by path and status code. */
export class ReviewCounts implements ReviewMetrics {
  readonly #counts = new Map<string, number>();
  readonly responses: { readonly path: string; readonly code: number; readonly ms: number }[] = [];

  reviewed(webhook: string, outcome: ReviewOutcome): void {
    const key = `${webhook} ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  responded(path: string, code: number, ms: number): void {
    this.responses.push({ path, code, ms });
  }

  count(webhook: string, outcome: ReviewOutcome): number {
    return this.#counts.get(`${webhook} ${outcome}`) ?? 0;
  }
}
