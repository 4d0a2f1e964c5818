import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LineSplitter, LineTooLong } from '../../../src/kubernetes/wire/line-splitter.ts';

/** The bytes, cut at these places. */
function chunks(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

describe('lines', () => {
  it('come out as they went in, wherever the chunks are cut, in the middle of characters too', () => {
    const lines = fc.array(
      fc
        .string({ unit: 'binary', minLength: 1 })
        .filter((line) => !line.includes('\n') && line.isWellFormed()),
    );
    fc.assert(
      fc.property(lines, fc.array(fc.nat()), (wanted, cuts) => {
        const splitter = new LineSplitter();
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        expect(chunks(bytes, cuts).flatMap((chunk) => splitter.push(chunk))).toEqual(wanted);
      }),
    );
  });

  it('are not made of a rest without a newline', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('{"a":1}\n\n{"b"'))).toEqual(['{"a":1}']);
    expect(splitter.push(Buffer.from(':2}'))).toEqual([]);
    expect(splitter.push(Buffer.from('\n'))).toEqual(['{"b":2}']);
  });

  it('are put together in time that grows with their length, not with its square', () => {
    const chunk = Buffer.alloc(64, 'x');
    const splitter = new LineSplitter();
    for (let index = 0; index < 200_000; index += 1) splitter.push(chunk);
    const [line] = splitter.push(Buffer.from('\n'));
    expect(line).toHaveLength(64 * 200_000);
  });

  it('may not be so long that they fill the memory', () => {
    const splitter = new LineSplitter();
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    const flood = (): void => {
      for (let index = 0; index < 17; index += 1) splitter.push(megabyte);
    };
    expect(flood).toThrow(LineTooLong);
  });
});
