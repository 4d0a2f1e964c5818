import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ListSplitter } from '../../../src/kubernetes/wire/list-splitter.ts';

/** Feeds the text, cut at these places, and parses what comes out. */
function split(text: string, cuts: readonly number[]): { items: unknown[]; rest: unknown } {
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  const splitter = new ListSplitter();
  const items = [0, ...places].flatMap((start, index) =>
    splitter.push(bytes.subarray(start, places[index] ?? bytes.length)),
  );
  return {
    items: items.map((item): unknown => JSON.parse(item)),
    rest: JSON.parse(splitter.rest()),
  };
}

const object = fc
  .object({ maxDepth: 4, withNullPrototype: false })
  .map((value): object => JSON.parse(JSON.stringify(value)) as object);

describe('a list', () => {
  it('is cut into its items, wherever its chunks are cut, however it is printed', () => {
    const list = fc.record({ metadata: object, items: fc.array(object), more: fc.jsonValue() });
    fc.assert(
      fc.property(
        list,
        fc.array(fc.nat()),
        fc.record({ indent: fc.constantFrom(undefined, 2), first: fc.boolean() }),
        (one, cuts, { indent, first }) => {
          const { items, ...around } = one;
          const text = JSON.stringify(
            first ? { items, ...around } : { ...around, items },
            null,
            indent,
          );
          expect(split(text, cuts)).toEqual({
            items,
            rest: JSON.parse(JSON.stringify({ ...around, items: [] })) as unknown,
          });
        },
      ),
    );
  });

  it('is not misled by texts that look like structure', () => {
    const items = [
      { a: '"items":[{"}]' },
      { b: '\\"{[' },
      { c: { items: [{ d: 1 }] } },
      { e: '\\' },
    ];
    const around = { kind: '{"items":[', metadata: { items: [{ x: 1 }] }, others: [{ y: 2 }] };
    const text = JSON.stringify({ ...around, items });
    for (let cut = 0; cut <= text.length; cut += 1) {
      expect(split(text, [cut])).toEqual({ items, rest: { ...around, items: [] } });
    }
  });

  it('without items has none', () => {
    expect(split('{"kind":"Status","items":null}', [])).toEqual({
      items: [],
      rest: { kind: 'Status', items: null },
    });
  });
});
