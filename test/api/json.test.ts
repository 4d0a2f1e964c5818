import { isEqualJson } from '../../src/api/json.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)] as const);
  return Object.fromEntries(entries.toReversed());
}

it('finds any JSON value the same as itself with its keys in another order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(isEqualJson(value, reversed(structuredClone(value)))).toBe(true);
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
      expect(isEqualJson(a, b)).toBe(sorted(left) === sorted(right));
    }),
  );
});

it('takes a key that is undefined for absent, and nothing else', () => {
  expect(isEqualJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(isEqualJson({ a: 1, b: null }, { a: 1 })).toBe(false);
  expect(isEqualJson({ a: undefined }, { b: undefined })).toBe(true);
  expect(isEqualJson({ a: undefined, b: 1 }, { a: 1, b: undefined })).toBe(false);
  expect(isEqualJson([1, 2], [1])).toBe(false);
  expect(isEqualJson([], {})).toBe(false);
});
