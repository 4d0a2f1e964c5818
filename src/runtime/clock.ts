/**
 * Time as a dependency. Everything that waits or reads the time takes a `Clock`, so that tests move time by hand and
 * nothing sleeps.
 */
export interface Clock {
  /**
   * Milliseconds since the Unix epoch: for what is stored, shown or compared with what is stored. It jumps when the machine's
   * time is set.
   */
  now(): number;
  /**
   * Milliseconds since some fixed moment; never goes back, never jumps. What is due, how old something in memory is and how
   * long something took is measured by it.
   */
  elapsed(): number;
  /** Calls `run` once after `afterMs`; the returned timer can be cancelled and never keeps the process alive by itself. */
  after(afterMs: number, run: () => void): Timer;
}

/** A pending call of a `Clock`. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

// setTimeout takes a signed 32-bit delay and fires at once beyond it; longer waits are re-armed in steps.
const longestDelayMs = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
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
