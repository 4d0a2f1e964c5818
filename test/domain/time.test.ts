import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime, rfc3339 } from '../../src/domain/time.ts';

test('a time is written in UTC with whole seconds', () => {
  expect(rfc3339(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z');
});

test('times with an offset or a fraction are read', () => {
  expect(parseTime('2026-01-02T03:04:05.25+01:00')).toBe(Date.UTC(2026, 0, 2, 2, 4, 5, 250));
});

test('nothing and nonsense are no time', () => {
  expect([parseTime(undefined), parseTime(null), parseTime(''), parseTime('soon')]).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});

test('a written time reads back to its second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      expect(parseTime(rfc3339(seconds * 1000 + 999))).toBe(seconds * 1000);
    }),
  );
});
