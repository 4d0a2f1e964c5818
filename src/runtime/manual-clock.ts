import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A clock that moves only when told: for tests, and for what is played in no time. Timers fire in the order they are due, ties
 * in the order they were set, and `now` is the due time while one fires. What is still set is in `leftovers`.
 */
export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  after(afterMs: number, run: () => void): Timer {
    this.#order += 1;
    const pending = { dueMs: this.#elapsedMs + Math.max(0, afterMs), order: this.#order, run };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Milliseconds until each timer that is still set fires, soonest first: empty when nothing was left behind. */
  get leftovers(): readonly number[] {
    return [...this.#pending].map(({ dueMs }) => dueMs - this.#elapsedMs).toSorted((a, b) => a - b);
  }

  /** Moves on by so many milliseconds and fires what falls due, also what a fired timer sets within that span. */
  advance(byMs: number): void {
    const untilMs = this.#elapsedMs + byMs;
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.#fire(next);
    }
    this.#moveTo(untilMs);
  }

  /** Like `advance`, and lets promises settle before, between and after the timers. */
  async advanceAsync(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await settled();
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.#fire(next);
      await settled();
    }
    this.#moveTo(untilMs);
    await settled();
  }

  /** Sets the time of day without letting time pass: what an operator or NTP does to a machine. */
  setTimeOfDay(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #fire(pending: Pending): void {
    this.#pending.delete(pending);
    this.#moveTo(pending.dueMs);
    pending.run();
  }

  #moveTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }

  #dueBy(untilMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > untilMs) continue;
      const earlier =
        first === undefined ||
        pending.dueMs < first.dueMs ||
        (pending.dueMs === first.dueMs && pending.order < first.order);
      if (earlier) first = pending;
    }
    return first;
  }
}

/** Resolves when every promise that can settle without I/O or timers has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
