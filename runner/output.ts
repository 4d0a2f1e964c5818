import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { LineMarker, TellingLine } from './lines.ts';
import { sizeText } from './quantity.ts';
import type { Sink } from './sink.ts';
import { WholeLines } from './whole-lines.ts';

/** Where the output of an attempt goes, and how much of it. */
export interface OutputTo {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly mark: string;
  readonly limitBytes: number;
  readonly weight: (line: string) => number;
}

interface Source {
  readonly sink: Sink;
  readonly whole: WholeLines;
}

/** Shows what a script prints, up to a limit, and remembers the line that says most about a failure. */
export class Output {
  readonly #to: OutputTo;
  readonly #errors: TellingLine;
  readonly #prints = new TellingLine((line) => (line.trim() === '' ? 0 : 1));
  #room: number;
  #isTruncated = false;
  /** Whose lines were written last. */
  #last: Source | undefined;

  constructor(to: OutputTo) {
    this.#to = to;
    this.#room = to.limitBytes;
    this.#errors = new TellingLine(to.weight);
  }

  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** The most telling line of stderr; if there was nothing on stderr, the last of stdout. */
  get lastErrorLine(): string {
    return this.#errors.text || this.#prints.text;
  }

  /** Reads both streams to their end, or until `stop`: a process that left the group may hold them open. */
  async pass(
    stdout: Readable | null,
    stderr: Readable | null,
    stop: Promise<unknown>,
  ): Promise<void> {
    await Promise.all([
      this.#passOne(stdout, { sink: this.#to.stdout, lines: this.#prints, stop }),
      this.#passOne(stderr, { sink: this.#to.stderr, lines: this.#errors, stop }),
    ]);
    if (!this.#isTruncated) return;
    const { mark, limitBytes } = this.#to;
    const shown = `only the first ${sizeText(limitBytes)} of the output are shown`;
    this.#to.stderr.write(Buffer.from(`${mark}runner: ${shown}\n`));
  }

  async #passOne(
    stream: Readable | null,
    { sink, lines, stop }: { sink: Sink; lines: TellingLine; stop: Promise<unknown> },
  ): Promise<void> {
    if (stream === null) return;
    const marker = new LineMarker(this.#to.mark);
    const whole = new WholeLines(this.#to.mark);
    stream.on('data', (bytes: Buffer) => {
      lines.take(bytes);
      const shown = whole.take(marker.marked(this.#withinLimit(bytes)));
      if (this.#write(shown, { sink, whole })) return;
      stream.pause();
      void sink.flushed().then(() => stream.resume());
    });
    const ended = new Promise<void>((resolve) => {
      stream
        .once('close', resolve)
        .once('end', resolve)
        .once('error', () => resolve());
    });
    await Promise.race([ended, stop]);
    stream.destroy();
    const last = Buffer.concat([whole.take(marker.finished()), whole.rest()]);
    this.#write(last, { sink, whole });
  }

  /** Writes lines of one stream, after the end of what the other has begun. */
  #write(bytes: Buffer, from: Source): boolean {
    if (bytes.length === 0) return true;
    const last = this.#last;
    if (last !== undefined && last.whole !== from.whole) last.sink.write(last.whole.broken());
    this.#last = from;
    return from.sink.write(bytes);
  }

  #withinLimit(bytes: Buffer): Buffer {
    const within = bytes.subarray(0, this.#room);
    this.#room -= within.length;
    this.#isTruncated ||= within.length < bytes.length;
    return within;
  }
}
