import { describe, expect, it } from 'vitest';
import { atLeastTimes, atMost, atMostTimes, type Figure, verdictOn } from './figure.ts';
import { isMissed, table } from './report.ts';
import { quantile } from './statistics.ts';

const figure = (limit?: Figure['limit']): Figure => ({
  key: 'figure',
  quantity: 'a figure',
  unit: '',
  ...(limit && { limit }),
});
const values = (...all: number[]) => all.map((value) => ({ value, baseline: 100 }));

describe('the verdict on a figure', () => {
  it('asks of a count that it holds in every run', () => {
    const writes = figure(atMost(1, 'count'));
    expect(verdictOn(writes, values(1, 1, 1))).toBe('met');
    expect(verdictOn(writes, values(1, 2, 1))).toBe('missed');
    expect(verdictOn(figure(atMost(0, 'count')), values(0, 0))).toBe('met');
    expect(verdictOn(figure(atMost(0, 'count')), values(0, 1))).toBe('missed');
  });

  it('asks of a ratio that it holds in the middle run, each against its own baseline', () => {
    expect(verdictOn(figure(atMostTimes(1.4)), values(130, 500, 139))).toBe('met');
    expect(verdictOn(figure(atMostTimes(1.4)), values(130, 500, 141))).toBe('missed');
    expect(verdictOn(figure(atLeastTimes(0.7)), values(10, 70, 90))).toBe('met');
    expect(verdictOn(figure(atLeastTimes(0.7)), values(10, 69, 90))).toBe('missed');
  });

  it('never fails for a time or a size', () => {
    const slow = { figure: figure(atMost(50, 'time', 'ms')), runs: values(51) };
    expect(verdictOn(slow.figure, slow.runs)).toBe('reported: beyond');
    expect(isMissed(slow)).toBe(false);
    expect(verdictOn(slow.figure, values(50))).toBe('reported: within');
    expect(verdictOn(figure(), values(1))).toBe('reported');
  });

  it('does not call met what could not be measured', () => {
    expect(verdictOn(figure(atMost(1, 'count')), values(Number.NaN))).toBe('missed');
    expect(verdictOn(figure(atMostTimes(1.4)), [{ value: 1 }])).toBe('missed');
    expect(verdictOn(figure(atMost(1, 'count')), [])).toBe('missed');
  });
});

it('a quantile lies between the values around it', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3], 0)).toBe(1);
  expect(quantile([1, 2, 3], 1)).toBe(3);
  expect(quantile([], 0.5)).toBeNaN();
});

it('the table shows least, middle and greatest value, the baseline, and the change', () => {
  const row = { figure: figure(atMost(1, 'count')), runs: values(3, 1, 2) };
  const [titles, , line] = table([row], new Map([['figure', 4]])).split('\n');
  expect(titles).toMatch(/min +median +max +baseline +ratio +target +Keptn +change/u);
  expect(line).toMatch(/a figure +1 +2 +3 +100 +0\.02(00)? +≤ 1 +✖ missed +-50\.0 %/u);
});
