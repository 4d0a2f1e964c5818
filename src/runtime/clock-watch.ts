import type { Clock } from './clock.ts';

interface Step {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Less than this is no step that a deadline would feel; many small ones are one together. */
const leastStepMs = 5_000;
const mostSteps = 16;

/** Notices that the time of day was set: it has then moved by more, or less, than has passed. */
export class ClockWatch {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  #offsetMs: number;
  #steps: readonly Step[] = [];

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#clock = clock;
    this.#offsetMs = clock.now() - clock.elapsed();
  }

  /** The latest steps since this watch began, the first one first. The same array for as long as there is no other step. */
  steps(): readonly Step[] {
    const now = this.#clock.now();
    const offsetMs = now - this.#clock.elapsed();
    const byMs = offsetMs - this.#offsetMs;
    if (Math.abs(byMs) >= leastStepMs) {
      this.#offsetMs = offsetMs;
      this.#steps = [...this.#steps, { fromMs: now - byMs, toMs: now }].slice(-mostSteps);
    }
    return this.#steps;
  }
}
