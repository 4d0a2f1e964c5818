import type { Clock } from './clock.ts';
import { Fifo } from './fifo.ts';

/** A place for lines that may be slow to take them. */
export interface LineSink {
  /** Takes a whole line, with its line break. Never waits. */
  readonly write: (line: string) => void;
  /** Who is called, once there is room again, with how many lines were left out. */
  readonly onLost: (tell: (lines: number) => void) => void;
}

/** What lines are written with. */
export interface LineOutputParts {
  /** Writes what goes at once and answers how many bytes that were; 0 if none. Never waits. Throws when no one reads any more. */
  readonly writeNow: (bytes: Uint8Array) => number;
  readonly clock: Pick<Clock, 'after'>;
  /** Holds the whole thread up for so many milliseconds: for the end of the process, when no timer fires any more. */
  readonly holdUp: (ms: number) => void;
  /** Called once, when no one reads any more. */
  readonly onClosed: () => void;
}

/** So much is kept for a reader that has stalled. The oldest lines give way: the newest say why a process ended. */
const mostBytes = 1024 * 1024;
/** How soon a reader that has stalled is tried again. */
const againMs = 50;
const holdUpMs = 10;

/**
 * Writes lines to a pipe. A line is written before the call returns as long as the reader keeps up. While it does not, a
 * bounded number of lines is kept and the oldest are left out, so that a stalled reader costs neither time nor memory.
 */
export class LineOutput implements LineSink {
  readonly #parts: LineOutputParts;
  readonly #waiting = new Fifo<Uint8Array>();
  #waitingBytes = 0;
  /** The rest of a line of which a part is written. */
  #begun: Uint8Array | undefined;
  #lost = 0;
  #tell: (lines: number) => void = () => undefined;
  #isStalled = false;
  #isClosed = false;

  constructor(parts: LineOutputParts) {
    this.#parts = parts;
  }

  readonly write = (line: string): void => {
    if (this.#isClosed) return;
    const bytes = Buffer.from(line);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isStalled) this.#pass();
    while (this.#waitingBytes > mostBytes) {
      this.#takeOldest();
      this.#lost += 1;
    }
  };

  readonly onLost = (tell: (lines: number) => void): void => void (this.#tell = tell);

  /** Writes what is kept, before the process ends; holds the thread up for `withinMs` at most. */
  flush(withinMs: number): void {
    this.#tellLost();
    for (let waitedMs = 0; !this.#writeWaiting() && waitedMs < withinMs; waitedMs += holdUpMs) {
      this.#parts.holdUp(holdUpMs);
    }
  }

  #pass(): void {
    this.#isStalled = !this.#writeWaiting();
    if (this.#isStalled) {
      this.#parts.clock.after(againMs, () => this.#pass());
    } else if (this.#lost > 0) this.#tellLost();
  }

  /** Whether all is written. */
  #writeWaiting(): boolean {
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const written = this.#parts.writeNow(next);
        this.#begun = written < next.length ? next.subarray(written) : undefined;
        if (written === 0) return false;
      }
    } catch {
      this.#close();
    }
    return true;
  }

  #next(): Uint8Array | undefined {
    return this.#begun ?? this.#takeOldest();
  }

  #takeOldest(): Uint8Array | undefined {
    const oldest = this.#waiting.shift();
    this.#waitingBytes -= oldest?.length ?? 0;
    return oldest;
  }

  #tellLost(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#tell(lost);
  }

  #close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#begun = undefined;
    this.#parts.onClosed();
  }
}
