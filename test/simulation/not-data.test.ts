import { expect, test } from 'vitest';
import { notData } from './not-data.ts';

test('what a decision is made from is data: objects, lists, maps and sets', () => {
  const data = { a: 1, list: [null, 'x'], map: new Map([['k', new Set([1])]]) };
  expect(notData(data)).toBeUndefined();
  expect(structuredClone(data)).toEqual(data);
});

test.each([
  [{ find: () => undefined }, 'observation.find is a function'],
  [{ seen: new Map([['k', [{ live: notData }]]]) }, 'observation.seen.k.0.live is a function'],
  [{ at: new Date(0) }, 'observation.at is an instance of a class'],
])('a function or an instance of a class is none, wherever it is: %#', (observation, where) => {
  expect(notData(observation)).toBe(where);
});
