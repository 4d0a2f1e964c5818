import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonPacker, PackTable, unpack } from '../../../src/kubernetes/cache/packed-json.ts';

const packer = new JsonPacker();

// What JSON can hold; -0 and 0 are one number there.
const json = fc
  .jsonValue({ maxDepth: 6 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

describe('a packed value', () => {
  it('comes out as it went in, alone and among others', () => {
    fc.assert(
      fc.property(fc.array(json), (values) => {
        const table = new PackTable();
        const rounds = [...values, ...values, ...values];
        const packed = rounds.map((value) => packer.pack(value, table));
        expect(packed.map((one) => unpack(one, table))).toEqual(rounds);
      }),
    );
  });

  it.each([
    [
      'texts of every kind',
      ['', 'a', 'ä', '漢字😀', '\u0000', 'x'.repeat(5000), '007', '7', '12345678901234567890'],
    ],
    ['numbers of every kind', [0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53, -1, 1.5, 1e-7]],
    ['uids', ['428e655f-84da-448e-9e0d-152671b42c04', '428E655F-84da-448e-9e0d-152671b42c04']],
    [
      'keys that mean something to JavaScript',
      JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":null}'),
    ],
    [
      'keys with line breaks',
      [{ 'a\nb': 1 }, { 'a\nb': 1 }, { a: 1, b: 2 }, { a: 1, b: 2 }, { '': 1 }, { '': 1 }, {}, {}],
    ],
    [
      'a value larger than the buffer',
      Array.from({ length: 20_000 }, (_, index) => `text ${index}`),
    ],
  ])('keeps %s', (_what, value) => {
    const table = new PackTable();
    for (let round = 0; round < 3; round += 1) {
      expect(unpack(packer.pack(value, table), table)).toEqual(value);
    }
  });

  it.each([
    '2026-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-06-30T23:59:60Z',
  ])('gives back %s, which is or looks like a time', (text) => {
    const table = new PackTable();
    expect(unpack(new JsonPacker().pack(text, table), table)).toBe(text);
  });

  it('takes no room in the table for times', () => {
    const table = new PackTable();
    for (let second = 0; second < 100_000; second += 1) {
      const time = new Date(1.8e12 + Math.floor(second / 2) * 1000).toISOString();
      packer.pack({ time: time.replace('.000Z', 'Z') }, table);
    }
    expect(table.isFull).toBe(false);
  });

  it('has no fields that are undefined', () => {
    const table = new PackTable();
    expect(unpack(packer.pack({ a: undefined, b: 1 }, table), table)).toEqual({ b: 1 });
  });

  it('does not change the prototype of anything', () => {
    const table = new PackTable();
    const value: unknown = unpack(
      packer.pack(JSON.parse('{"__proto__":{"polluted":true}}'), table),
      table,
    );
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Reflect.get(Object(value), 'polluted')).toBeUndefined();
  });

  it('is a small part of its JSON when others are like it', () => {
    const table = new PackTable();
    const task = (index: number) => ({
      metadata: {
        name: `pre-check-abcdefghij${index}`,
        namespace: 'shop',
        resourceVersion: String(1000 + index),
      },
      status: { status: 'Succeeded', reason: 'Completed', startTime: '2026-01-01T00:00:00Z' },
    });
    for (const index of [1, 2, 3]) packer.pack(task(index), table);
    expect(packer.pack(task(4), table).length).toBeLessThan(JSON.stringify(task(4)).length / 3);
  });

  it('stays right when its table is full', () => {
    const table = new PackTable();
    const value = (index: number): unknown => ({ [`key${index}`]: `text${index}` });
    const packed: string[] = [];
    for (let index = 0; index < 40_000; index += 1) {
      packer.pack(value(index), table);
      packed.push(packer.pack(value(index), table));
    }
    expect(table.isFull).toBe(true);
    expect(packed.map((one) => unpack(one, table))).toEqual(packed.map((_, index) => value(index)));
  });
});
