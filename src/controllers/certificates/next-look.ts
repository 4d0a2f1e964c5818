import type { Clock, Timer } from '../../runtime/clock.ts';

/**
 * The next look at something, at the earliest of the moments that were asked for, until the signal is aborted. What changes again and
 * again does not put it off, and what changes during a look has one of its own.
 */
export class NextLook {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #look: () => void;
  #next: { readonly dueMs: number; readonly timer: Timer } | undefined;

  constructor(clock: Clock, signal: AbortSignal, look: () => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#look = look;
    signal.addEventListener('abort', () => this.#next?.timer.cancel(), { once: true });
  }

  /** Looks in so many milliseconds at the latest. */
  within(ms: number): void {
    if (this.#signal.aborted) return;
    const dueMs = this.#clock.elapsed() + ms;
    if (this.#next !== undefined && this.#next.dueMs <= dueMs) return;
    this.#next?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#next = undefined;
      this.#look();
    });
    this.#next = { dueMs, timer };
  }
}
