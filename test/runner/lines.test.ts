import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineMarker, TellingLine } from '../../runner/lines.ts';

function marked(mark: string, chunks: readonly Uint8Array[]): string {
  const marker = new LineMarker(mark);
  const shown = chunks.map((chunk) => marker.marked(Buffer.from(chunk)));
  return Buffer.concat([...shown, marker.finished()]).toString('latin1');
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString();

describe('marked lines', () => {
  it.each([
    ['', ''],
    ['a', '> a\n'],
    ['a\nb\n', '> a\n> b\n'],
    ['\n\n', '> \n> \n'],
    ['a\r\nb', '> a\n> b\n'],
    ['tab\there', '> tab\there\n'],
    ['grüße 😀\n', '> grüße 😀\n'],
    ['\u001b[31mred\u0000\u007f', '> \\x1b[31mred\\x00\\x7f\n'],
    ['50 %\r100 %', '> 50 %\\x0d100 %\n'],
    ['C1: \u009b2J', '> C1: \\x9b2J\n'],
  ])('%j becomes %j', (text, want) => {
    expect(utf8(marked('> ', [Buffer.from(text)]))).toBe(want);
  });

  it('are the same, however the bytes come', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const cuts = fc.array(fc.nat(60), { maxLength: 6 });
    fc.assert(
      fc.property(bytes, cuts, (all, at) => {
        const edges = [0, ...at.toSorted((one, other) => one - other), all.length];
        const chunks = edges.slice(1).map((end, index) => all.subarray(edges[index], end));
        expect(marked('[1/2] ', chunks)).toBe(marked('[1/2] ', [all]));
      }),
    );
  });

  it('have no control characters but tab and line feed, and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (all) => {
        const shown = marked('', [all]);
        expect(shown.split('').filter((one) => one < ' ' && one !== '\t' && one !== '\n')).toEqual(
          [],
        );
        expect(shown === '' || shown.endsWith('\n')).toBe(true);
      }),
    );
  });
});

describe('the telling line', () => {
  const told = (
    chunks: readonly string[],
    weight = (line: string): number => (line.trim() === '' ? 0 : 1),
  ): string => {
    const line = new TellingLine(weight);
    for (const chunk of chunks) line.take(Buffer.from(chunk));
    return line.text;
  };

  it('is the last that says something', () => {
    expect(told(['one\ntw', 'o\n', '\n  \n'])).toBe('two');
  });

  it('may be unfinished', () => {
    expect(told(['one\n', 'tw', 'o'])).toBe('two');
  });

  it('is the heaviest', () => {
    const weight = (line: string): number => (line.startsWith('error') ? 2 : 1);
    expect(told(['error: this\n    at that\nhint\n'], weight)).toBe('error: this');
  });

  it('is cut, and has neither colours nor control characters', () => {
    expect(told(['\u001b[31mred\u001b[0m\u0007 alert'])).toBe('red alert');
    expect(told(['ü'.repeat(100_000)])).toBe('ü'.repeat(256));
  });
});
