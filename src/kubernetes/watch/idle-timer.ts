import type { Clock, Timer } from '../../runtime/clock.ts';

/**
 * Notices a stream on which nothing comes. It looks every `idleMs` whether something came since the last look, which costs
 * nothing per chunk and finds silence after `idleMs` to twice that.
 */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #whenIdle: () => void;
  #heard = false;
  #expired = false;
  #timer: Timer;

  constructor(clock: Clock, idleMs: number, whenIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#whenIdle = whenIdle;
    this.#timer = this.#arm();
  }

  /** Whether it has fired. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The same stream, listened to. */
  async *heard<T>(stream: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    for await (const chunk of stream) {
      this.#heard = true;
      yield chunk;
    }
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #arm(): Timer {
    return this.#clock.after(this.#idleMs, () => {
      if (this.#heard) {
        this.#heard = false;
        this.#timer = this.#arm();
      } else {
        this.#expired = true;
        this.#whenIdle();
      }
    });
  }
}
