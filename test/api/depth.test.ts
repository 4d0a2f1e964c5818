import { describe, expect, test } from 'vitest';
import { cutTo, isDeeperThan, isTooDeep, pathOfDepth } from '../../src/api/depth.ts';
import { nested } from '../support/builders/nested.ts';

describe('the depth of a JSON value', () => {
  test.each([
    ['an empty object', {}, 1],
    ['an object with a text', { a: 'x' }, 1],
    ['an object in an object', { a: { b: 1 } }, 2],
    ['a list in an object in a list', [{ a: [1] }], 3],
    ['a hundred objects', nested(100), 100],
  ])('of %s is counted', (_what, value, levels) => {
    expect(isDeeperThan(value, levels)).toBe(false);
    expect(isDeeperThan(value, levels - 1)).toBe(true);
  });
});

test('a text has no depth, and ten thousand levels are no trouble', () => {
  expect(isDeeperThan('x', 0)).toBe(false);
  expect(isDeeperThan(nested(10_000), 64)).toBe(true);
  expect(isDeeperThan(nested(10_000, 'lists'), 64)).toBe(true);
});

describe('an object of the API', () => {
  const managed = (levels: number) => ({ managedFields: [{ fieldsV1: nested(levels) }] });

  test('may be as deep as is said, and its managedFields five levels deeper', () => {
    // The object, metadata, managedFields and an entry are four levels.
    expect(isTooDeep({ metadata: managed(65), spec: nested(63) })).toBe(false);
    expect(isTooDeep({ metadata: managed(66), spec: nested(63) })).toBe(true);
    expect(isTooDeep({ metadata: managed(65), spec: nested(64) })).toBe(true);
  });

  test('is too deep where its user made it so, by three names at most', () => {
    const spec = { flat: {}, container: { name: 'x', y: nested(100) } };
    expect(pathOfDepth({ metadata: managed(100), spec })).toBe('spec.container.y');
    expect(pathOfDepth({ metadata: managed(100), spec: {} })).toBe('metadata.managedFields');
    expect(pathOfDepth({ metadata: {}, spec: { list: [nested(100)] } })).toBe('spec.list');
    expect(pathOfDepth({ metadata: {}, spec: {} })).toBe('');
  });
});

describe('an object that is cut', () => {
  test('has as many levels as asked for, and all of its texts above', () => {
    const cut = cutTo({ a: 'x', b: { c: 'y', d: nested(10_000) }, e: [1, { f: 2 }] }, 2);
    expect(cut).toEqual({ a: 'x', b: { c: 'y' }, e: [1] });
  });

  test('that is flat enough stays as it is', () => {
    expect(cutTo({ a: { b: [1, 2] } }, 64)).toEqual({ a: { b: [1, 2] } });
  });
});
