import { type KubernetesObject, type ObjectRef, refKey } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';

/** So long an answer of the API server counts as if it had been asked again. */
const freshMs = 1_000;
/** What is remembered at most; the oldest goes first. */
const mostAnswers = 4_000;

/**
 * With which objects of Keptn's kinds the API server has just answered, to a write or a read of this process. A cache may be behind by any time; where
 * such an answer is in it, it is not, but for what others did in this second, and that may happen between a read and what follows it as
 * well. So nothing is read live that was written a moment ago: on the way to a gate every step begins with what the one before it wrote.
 * A write whose answer is lost ends that: it may have been done, and then the cache is behind.
 */
export class FreshAnswers {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #answers = new Map<string, { readonly uid: string; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The API server answered with the object of this uid, and the cache has the answer or something newer. */
  note(ref: ObjectRef, uid: string): void {
    const nowMs = this.#clock.elapsed();
    const key = refKey(ref);
    this.#answers.delete(key);
    this.#answers.set(key, { uid, atMs: nowMs });
    for (const [old, { atMs }] of this.#answers) {
      if (nowMs - atMs < freshMs && this.#answers.size <= mostAnswers) return;
      this.#answers.delete(old);
    }
  }

  /** The API server answered that there is no such object, or did not answer a write of it. */
  drop(ref: ObjectRef): void {
    this.#answers.delete(refKey(ref));
  }

  /** Whether a cached object shows what is there now: the API server answered with it in the last second. */
  covers(ref: ObjectRef, cached: KubernetesObject | undefined): boolean {
    const answer = this.#answers.get(refKey(ref));
    return (
      answer !== undefined &&
      answer.uid === cached?.metadata.uid &&
      this.#clock.elapsed() - answer.atMs < freshMs
    );
  }
}
