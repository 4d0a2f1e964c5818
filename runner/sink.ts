import type { Buffer } from 'node:buffer';
import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './failure.ts';

const enoughBytes = 256 * 1024;

/**
 * A file descriptor that is written in order and without blocking: `process.stdout` blocks the whole program while a pipe is full, and
 * with it the timers that end a script. What nobody reads any more (the pipe is closed) is thrown away.
 */
export class Sink {
  readonly #descriptor: number;
  #queued = 0;
  #isBroken = false;
  #last: Promise<void> = Promise.resolve();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Takes bytes; whoever has more waits for `flushed` if the answer is false. */
  write(bytes: Buffer): boolean {
    if (bytes.length === 0 || this.#isBroken) return true;
    this.#queued += bytes.length;
    this.#last = this.#last.then(() => this.#writeAll(bytes));
    return this.#queued < enoughBytes;
  }

  /** When all that was taken so far is written. */
  flushed(): Promise<void> {
    return this.#last;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.length && !this.#isBroken)
      done += await this.#writeSome(bytes.subarray(done));
    this.#queued -= bytes.length;
  }

  async #writeSome(bytes: Buffer): Promise<number> {
    const { error, written } = await new Promise<{ error: Error | null; written: number }>(
      (resolve) => {
        write(this.#descriptor, bytes, (failure, count) =>
          resolve({ error: failure, written: count }),
        );
      },
    );
    if (error === null) return written;
    if (errorCode(error) === 'EAGAIN') await sleep(5);
    else this.#isBroken = true;
    return 0;
  }
}
