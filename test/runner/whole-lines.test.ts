import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WholeLines } from '../../runner/whole-lines.ts';

const take = (lines: WholeLines, text: string): string => lines.take(Buffer.from(text)).toString();

describe('whole lines', () => {
  it('come when they end, and what is left at the end', () => {
    const lines = new WholeLines('');
    expect(take(lines, 'workload')).toBe('');
    expect(take(lines, ' is\nn ')).toBe('workload is\n');
    expect(take(lines, 'is 9\n')).toBe('n is 9\n');
    expect(take(lines, 'last words')).toBe('');
    expect(lines.rest().toString()).toBe('last words');
  });

  it('are broken where a line of another stream follows a beginning that was too long to be held', () => {
    const lines = new WholeLines('[1/2] ');
    const long = 'x'.repeat(20_000);
    expect(lines.broken().toString()).toBe('');
    expect(take(lines, long)).toBe(long);
    expect(lines.broken().toString()).toBe('\n');
    expect(take(lines, 'y\nz\n')).toBe('[1/2] y\nz\n');
    expect(lines.broken().toString()).toBe('');
  });

  it('lose nothing, however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a\n]{0,9}$/u)), (chunks) => {
        const lines = new WholeLines('');
        const shown = chunks.map((chunk) => take(lines, chunk));
        expect(shown.every((text) => text === '' || text.endsWith('\n'))).toBe(true);
        expect(shown.join('') + lines.rest().toString()).toBe(chunks.join(''));
      }),
    );
  });
});
