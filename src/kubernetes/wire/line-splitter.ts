const newline = 0x0a;

/** An object is at most 1.5 MB in etcd; a line far beyond that is no event, and must not fill the memory. */
const longestLineBytes = 16 * 1024 * 1024;

/** A line that is longer than any event can be. */
export class LineTooLong extends Error {
  constructor() {
    super(`a line is longer than ${longestLineBytes} bytes`);
    this.name = 'LineTooLong';
  }
}

/**
 * Cuts a byte stream into lines of text, wherever the chunks begin and end. Every byte is looked at once and copied at most
 * once, however many chunks a line takes: the parts of an unfinished line are kept as they came. Bytes are split before they
 * are decoded, so a character may be torn apart by a chunk, never by a line.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  /** The lines this chunk completes, without empty ones. What follows the last newline waits for the next chunk. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end < 0) break;
      const line = this.#finish(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #finish(last: Uint8Array): string {
    if (this.#parts.length === 0) return decode(last);
    const line = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#partBytes = 0;
    return decode(line);
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#partBytes += part.length;
    if (this.#partBytes > longestLineBytes) throw new LineTooLong();
    this.#parts.push(part);
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
