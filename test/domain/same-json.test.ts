import fc from 'fast-check';
import { expect, it } from 'vitest';

import { sameJson } from '../../src/domain/same-json.ts';

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)] as const);
  return Object.fromEntries(entries.toReversed());
}

it('finds any JSON value the same as itself with its keys in another order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(sameJson(value, reversed(structuredClone(value)))).toBe(true);
    }),
  );
});

it('finds two JSON values the same exactly when serialising them sorted gives the same text', () => {
  const sorted = (value: unknown): string =>
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : item,
    );
  const small = fc.jsonValue({ maxDepth: 2, noUnicodeString: true });
  fc.assert(
    fc.property(small, small, (left, right) => {
      const [a, b]: unknown[] = [JSON.parse(sorted(left)), JSON.parse(sorted(right))];
      expect(sameJson(a, b)).toBe(sorted(left) === sorted(right));
    }),
  );
});

it('takes a key that is undefined for absent, and nothing else', () => {
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: 1, b: null }, { a: 1 })).toBe(false);
  expect(sameJson({ a: undefined }, { b: undefined })).toBe(true);
  expect(sameJson({ a: undefined, b: 1 }, { a: 1, b: undefined })).toBe(false);
  expect(sameJson([1, 2], [1])).toBe(false);
  expect(sameJson([], {})).toBe(false);
});
