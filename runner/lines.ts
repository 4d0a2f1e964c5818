import { Buffer } from 'node:buffer';

/**
 * Passes bytes on as lines that begin with a mark. Control characters become `\xNN`, so that a script cannot steer the terminal in
 * which its log is read; UTF-8 and tabs pass. Lines are marked as they come, so their length does not matter.
 */
export class LineMarker {
  readonly #mark: string;
  #isAtStart = true;
  /** A last byte whose meaning depends on the next one. */
  #held = '';

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** What is to be shown for these bytes. */
  marked(bytes: Buffer): Buffer {
    const text = this.#held + bytes.toString('latin1');
    this.#held = /[\r\xc2]$/u.exec(text)?.[0] ?? '';
    return this.#shown(text.slice(0, text.length - this.#held.length));
  }

  /** The rest, with the end of the line if that is missing. */
  finished(): Buffer {
    const rest = this.#shown(this.#held.replace('\r', ''));
    this.#held = '';
    const end = this.#isAtStart ? '' : '\n';
    this.#isAtStart = true;
    return Buffer.concat([rest, Buffer.from(end)]);
  }

  #shown(text: string): Buffer {
    if (text === '') return Buffer.alloc(0);
    const clean = visible(text);
    const endsLine = clean.endsWith('\n');
    const body = endsLine ? clean.slice(0, -1) : clean;
    const start = this.#isAtStart ? this.#mark : '';
    this.#isAtStart = endsLine;
    const lines = this.#mark === '' ? body : body.replaceAll('\n', `\n${this.#mark}`);
    return Buffer.from(start + lines + (endsLine ? '\n' : ''), 'latin1');
  }
}

// Control characters without tab and line feed: C0 and DEL as they are, C1 as UTF-8 has it (its second byte alone is none).
const control = /\r\n|[^\P{Cc}\t\n\u{80}-\u{9f}]|\xc2[\x80-\x9f]/gu;

function visible(latin1: string): string {
  return latin1.replaceAll(control, (found) => {
    if (found === '\r\n') return '\n';
    return `\\x${found
      .charCodeAt(found.length - 1)
      .toString(16)
      .padStart(2, '0')}`;
  });
}

const keptBytes = 512;

/** Looks for the line that says most about a failure; of long lines only the beginning counts. */
export class TellingLine {
  readonly #weight: (line: string) => number;
  #line = '';
  #best = '';
  #bestWeight = 0;

  /** `weight`: the heavier, and of equal ones the later line wins; 0 never does. */
  constructor(weight: (line: string) => number) {
    this.#weight = weight;
  }

  take(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      const found = bytes.indexOf(0x0a, start);
      const end = found < 0 ? bytes.length : found;
      const room = keptBytes - this.#line.length;
      if (room > 0) this.#line += bytes.toString('latin1', start, Math.min(end, start + room));
      if (found >= 0) this.#judge();
      start = end + 1;
    }
  }

  /** The line, empty if there is none. */
  get text(): string {
    this.#judge();
    return printable(this.#best);
  }

  #judge(): void {
    const weight = this.#line === '' ? 0 : this.#weight(this.#line);
    if (weight > 0 && weight >= this.#bestWeight) {
      this.#best = this.#line;
      this.#bestWeight = weight;
    }
    this.#line = '';
  }
}

function printable(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString();
  // Colours go, as do other control characters and what was cut in the middle of a character.
  const clean = text
    .replaceAll(/\p{Cc}\[[\d;]*m/gu, '')
    .replaceAll('\t', ' ')
    .replaceAll(/\p{Cc}+/gu, '');
  let end = clean.length;
  while (clean.charAt(end - 1) === '\u{fffd}') end -= 1;
  return clean.slice(0, end).trim();
}
