import type { Buffer } from 'node:buffer';
import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './failure.ts';

const enoughBytes = 256 * 1024;

interface DenoStream {
  write(bytes: Uint8Array): Promise<number>;
}

declare const Deno: { readonly stdout: DenoStream; readonly stderr: DenoStream } | undefined;

/**
 * Stdout or stderr, written in order and without blocking: `process.stdout` blocks the whole program while a pipe is full, and
 * with it the timers that end a script. When the pipe is closed, what is written is thrown away.
 */
export class Sink {
  readonly #name: 'stdout' | 'stderr';
  #queued = 0;
  #isBroken = false;
  #last: Promise<void> = Promise.resolve();

  constructor(name: 'stdout' | 'stderr') {
    this.#name = name;
  }

  /** Takes bytes; when the answer is false, the caller waits for `flushed` before it writes more. */
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
    while (done < bytes.length && !this.#isBroken) {
      done += await this.#writeSome(bytes.subarray(done));
    }
    this.#queued -= bytes.length;
  }

  async #writeSome(bytes: Buffer): Promise<number> {
    try {
      // In Deno, node:fs blocks too.
      if (typeof Deno !== 'undefined') return await Deno[this.#name].write(bytes);
      return await written(this.#name === 'stdout' ? 1 : 2, bytes);
    } catch (error) {
      if (isBusy(error)) await sleep(5);
      else this.#isBroken = true;
      return 0;
    }
  }
}

function written(descriptor: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** Whether a pipe that another process made non-blocking is full. */
function isBusy(error: unknown): boolean {
  return errorCode(error) === 'EAGAIN' || (error instanceof Error && error.name === 'WouldBlock');
}
