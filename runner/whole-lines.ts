import { Buffer } from 'node:buffer';

/** The longest beginning of a line that is held back until the line ends; what containerd makes one log entry of, too. */
const longestHeld = 16 * 1024;

/**
 * Hands a stream on in whole lines: where stdout and stderr are shown together, a line of one never stands inside a line of the
 * other. Of a line that is too long to be held the beginning is handed on, and the line stays open.
 */
export class WholeLines {
  readonly #mark: string;
  #held: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #isBroken = false;

  /** `mark`: what a line begins with, for the rest of one that had to be broken. */
  constructor(mark: string) {
    this.#mark = mark;
  }

  /** What is to be shown now. */
  take(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const end = all.lastIndexOf(0x0a) + 1;
    const isTooLong = all.length - end > longestHeld;
    this.#held = isTooLong ? Buffer.alloc(0) : all.subarray(end);
    return this.#shown(isTooLong ? all : all.subarray(0, end));
  }

  /** What was held back: the stream has ended. */
  rest(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return this.#shown(rest);
  }

  /** Ends the line that is open, because a line of another stream follows. */
  broken(): Buffer {
    if (!this.#isOpen) return Buffer.alloc(0);
    this.#isOpen = false;
    this.#isBroken = true;
    return Buffer.from('\n');
  }

  #shown(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    const shown = this.#isBroken ? Buffer.concat([Buffer.from(this.#mark), bytes]) : bytes;
    this.#isBroken = false;
    this.#isOpen = bytes.at(-1) !== 0x0a;
    return shown;
  }
}
