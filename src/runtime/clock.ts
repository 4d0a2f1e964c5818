/**
 * Time as a dependency. Everything that waits or reads the time takes a `Clock`, so that tests move time by hand and
 * nothing sleeps.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` once after `afterMs`; the returned timer can be cancelled and never keeps the process alive by itself. */
  after(afterMs: number, run: () => void): Timer;
}

/** A clock that also measures spans of time, which setting the machine's time neither lengthens nor shortens. */
export interface MonotonicClock extends Clock {
  /** Milliseconds since some fixed moment; never goes back, never jumps. */
  elapsed(): number;
}

/** A pending call of a `Clock`. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

// setTimeout takes a signed 32-bit delay and fires at once beyond it; longer waits are re-armed in steps.
const longestDelayMs = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: MonotonicClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(afterMs, run) {
    let remainingMs = Math.max(0, afterMs);
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const stepMs = Math.min(remainingMs, longestDelayMs);
      remainingMs -= stepMs;
      handle = setTimeout(() => (remainingMs > 0 ? arm() : run()), stepMs);
      handle.unref();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
