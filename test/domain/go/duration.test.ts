import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asGoWrites,
  durationOr,
  formatDuration,
  parseDuration,
} from '../../../src/domain/go/duration.ts';

test.each([
  ['0', 0],
  ['+0', 0],
  ['5m', 300_000],
  ['1h2m3.5s', 3_723_500],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['2.s', 2000],
  ['100ms', 100],
  ['250us', 0.25],
  ['250µs', 0.25],
  ['250μs', 0.25],
  ['7ns', 0.000007],
  ['-1m', -60_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each(['', '5', '5 m', 'm', '1d', '0x', '5m;', '.s', '--1s', '1e3s', '2562047788016h'])(
  '"%s" is refused by name',
  (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" is no duration`);
  },
);

test.each([
  [0, '0s'],
  [5_000, '5s'],
  [300_000, '5m0s'],
  [3_723_500, '1h2m3.5s'],
  [3_600_000, '1h0m0s'],
  [1.5, '1.5ms'],
  [0.25, '250µs'],
  [0.000007, '7ns'],
  [-90_000, '-1m30s'],
  [90_000_000, '25h0m0s'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is written reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 43), max: 2 ** 43 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 3);
    }),
  );
});

test('a stored duration that is none counts as its default', () => {
  expect([durationOr('0nonsense', 7), durationOr(undefined, 7), durationOr('1s', 7)]).toEqual([
    7, 7, 1000,
  ]);
});

test('asGoWrites spells a duration as Go stores it, and leaves alone what is none', () => {
  const texts = ['5m', '90s', '1h', '0', '300ms', 'soon', ''];
  expect(texts.map(asGoWrites)).toEqual(['5m0s', '1m30s', '1h0m0s', '0s', '300ms', 'soon', '']);
});
