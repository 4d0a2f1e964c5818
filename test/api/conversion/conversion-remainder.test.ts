import { describe, expect, test } from 'vitest';
import {
  type Difference,
  withDifferences,
} from '../../../src/api/conversion/conversion-remainder.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { StepBudget } from '../../../src/api/step-budget.ts';

/** The object, and how often all of its keys were read. */
function counted(object: JsonObject) {
  let listed = 0;
  const value = new Proxy(object, {
    ownKeys(target) {
      listed += 1;
      return Reflect.ownKeys(target);
    },
  });
  return { value, listed: () => listed };
}

const plenty = () => new StepBudget(1_000_000);
const letters = Array.from({ length: 100 }, (_, index) => `key-${index}`);
const map = Object.fromEntries(letters.map((key) => [key, 1]));
const doubled: readonly Difference[] = letters.map((key) => ({ at: ['map', key], was: 1, is: 2 }));

describe('the differences of a remainder', () => {
  test('are made in one copy of the map they lie in, however many they are', () => {
    const { value, listed } = counted(map);
    const result = withDifferences({ map: value }, doubled, plenty());
    expect(result).toEqual({ map: Object.fromEntries(letters.map((key) => [key, 2])) });
    expect(listed()).toBe(1);
  });

  test('leave the object as it was', () => {
    const object = { map: { a: 1, b: { c: [1, 2] } }, x: 1 };
    const before = structuredClone(object);
    const result = withDifferences(
      object,
      [
        { at: ['map', 'a'], was: 1, is: 2 },
        { at: ['map', 'b', 'c', 0], was: 1, is: 3 },
        { at: ['map', 'b', 'd'], is: { e: 1 } },
        { at: ['map', 'b', 'd', 'e'], was: 1, is: 2 },
        { at: [['x', 'y']], was: { x: 1 }, is: { y: 2 } },
      ],
      plenty(),
    );
    expect(result).toEqual({ map: { a: 2, b: { c: [3, 2], d: { e: 2 } } }, y: 2 });
    expect(object).toEqual(before);
  });

  test('are no way to a prototype', () => {
    const result = withDifferences(
      { map: {} },
      [
        { at: ['__proto__', 'polluted'], is: true },
        { at: ['map', '__proto__'], is: { polluted: true } },
      ],
      plenty(),
    );
    expect(Object.keys(result?.['map'] ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('differences that take more steps than there are', () => {
  const items = Array.from({ length: 256 }, (_, index) => ({ index }));
  const searched: readonly Difference[] = items.map((_, index) => ({
    at: ['items', index],
    was: { index: -1 },
    is: 1,
  }));
  const compared: readonly Difference[] = letters.map(() => ({ at: ['map'], was: {}, is: 1 }));
  const chosen: readonly Difference[] = letters.map(() => ({ at: [letters], was: 1, is: 1 }));

  test.each([
    ['that search lists', { items }, searched],
    ['that compare a map', { map }, compared],
    ['that choose among fields', map, chosen],
  ])('%s are not made', (_, object, differences) => {
    const budget = new StepBudget(5_000);
    expect(withDifferences(object, differences, budget)).toBeUndefined();
    expect(budget.isSpent).toBe(true);
  });

  test('stop where the steps end', () => {
    const { value, listed } = counted(map);
    withDifferences({ map: value }, compared, new StepBudget(500));
    expect(listed()).toBeLessThan(10);
  });
});
