import { expect, it } from 'vitest';
import { durationMs, durationText, sizeInBytes, sizeText } from '../../runner/quantity.ts';

it.each([
  ['90', 90_000],
  ['0', 0],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['1us', 0.001],
  ['', undefined],
  ['5', 5_000],
  ['5 s', undefined],
  ['-5s', undefined],
  ['5d', undefined],
  ['s', undefined],
])('the duration %j is %s ms', (text, want) => {
  expect(durationMs(text)).toBe(want);
});

it.each([
  [250, '250ms'],
  [1_500, '1.5s'],
  [300_000, '5m'],
  [3_661_000, '1h1m1s'],
])('%i ms are %s', (ms, want) => {
  expect(durationText(ms)).toBe(want);
});

it.each([
  ['512', 512],
  ['64KiB', 65_536],
  ['1Mi', 1_048_576],
  ['2GiB', 2_147_483_648],
  ['1MB', undefined],
  ['', undefined],
])('the size %j is %s bytes', (text, want) => {
  expect(sizeInBytes(text)).toBe(want);
});

it.each([
  [100, '100 bytes'],
  [33_554_432, '32 MiB'],
  [1_500, '1500 bytes'],
])('%i bytes are %s', (bytes, want) => {
  expect(sizeText(bytes)).toBe(want);
});
