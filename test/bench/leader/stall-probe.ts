/** The longest times for which the event loop took up nothing new, in milliseconds. */
export interface Stalls {
  /** By the clock on the wall: what a request had to wait. Other processes on the machine lengthen it. */
  readonly wallMs: number;
  /** By the CPU time of this thread: what the process itself is answerable for. */
  readonly ownMs: number;
}

/** Measures stalls from its making on. */
export class StallProbe {
  #longest: Stalls = { wallMs: 0, ownMs: 0 };
  #last = { wallMs: performance.now(), ownMs: ownMs() };
  #isOver = false;

  constructor() {
    setImmediate(this.#look);
  }

  /** Ends the probe and answers the longest stalls it has seen. */
  stop(): Stalls {
    this.#isOver = true;
    return this.#longest;
  }

  readonly #look = (): void => {
    const now = { wallMs: performance.now(), ownMs: ownMs() };
    this.#longest = {
      wallMs: Math.max(this.#longest.wallMs, now.wallMs - this.#last.wallMs),
      ownMs: Math.max(this.#longest.ownMs, now.ownMs - this.#last.ownMs),
    };
    this.#last = now;
    if (!this.#isOver) setImmediate(this.#look);
  };
}

function ownMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
