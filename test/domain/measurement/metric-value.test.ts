import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Aggregation, KeptnMetricSpec, MetricRange } from '../../../src/api/keptn/metric.ts';
import { aggregate, queryRange, readingOf } from '../../../src/domain/measurement/metric-value.ts';

const aSpec = (range?: MetricRange): KeptnMetricSpec => ({
  provider: { name: 'p' },
  query: 'up',
  fetchIntervalSeconds: 10,
  ...(range && { range }),
});

const decoded = (raw: string): unknown => JSON.parse(atob(raw));

describe('queryRange', () => {
  test('is nothing without a range, the interval without a step, and both with one', () => {
    expect(queryRange(aSpec())).toBeUndefined();
    expect(queryRange(aSpec({ interval: '1h' }))).toEqual({ intervalMs: 3_600_000 });
    expect(queryRange(aSpec({ interval: '5m', step: '' }))).toEqual({ intervalMs: 300_000 });
    expect(queryRange(aSpec({ interval: '5m', step: '1m30s', aggregation: 'max' }))).toEqual({
      intervalMs: 300_000,
      stepMs: 90_000,
    });
  });

  test('covers five minutes where no interval is stored', () => {
    expect(queryRange(aSpec({}))).toEqual({ intervalMs: 300_000 });
  });

  test('names the field that is no duration, or none that could be asked for', () => {
    expect(queryRange(aSpec({ interval: 'soon' }))).toMatchObject({
      error: expect.stringContaining('spec.range.interval: "soon" is no duration'),
    });
    expect(queryRange(aSpec({ interval: '5m', step: '0s' }))).toEqual({
      error: 'spec.range.step must be longer than nothing, not "0s"',
    });
  });
});

describe('readingOf', () => {
  test('without a step is the newest sample in plain decimals, the raw value its JSON in base64', () => {
    expect(readingOf(aSpec(), ['4'])).toEqual({ value: '4', rawValue: 'IjQi' });
    const reading = readingOf(aSpec({ interval: '5m' }), ['1', '2', '1e+21']);
    expect(reading).toMatchObject({ value: '1000000000000000000000' });
  });

  test('passes NaN and infinity through as text', () => {
    expect(readingOf(aSpec(), ['NaN'])).toMatchObject({ value: 'NaN' });
    expect(readingOf(aSpec(), ['+Inf'])).toMatchObject({ value: '+Inf' });
  });

  test('with a step is the aggregation, the raw value all samples', () => {
    const reading = readingOf(aSpec({ step: '1m', aggregation: 'avg' }), ['1000000', '2000000']);
    expect(reading).toMatchObject({ value: '1.5e+06' });
    expect('rawValue' in reading && decoded(reading.rawValue)).toEqual(['1000000', '2000000']);
  });

  test('is an error for a sample that is no number, and for none', () => {
    expect(readingOf(aSpec(), ['4', 'n/a'])).toEqual({
      error: 'strconv.ParseFloat: parsing "n/a": invalid syntax',
    });
    expect(readingOf(aSpec(), [])).toEqual({ error: 'no values in query result' });
  });

  test('keeps of a long raw value the newest that fit into 4 KiB of base64, as JSON', () => {
    const samples = Array.from({ length: 70_000 }, (_, index) => `${index}.25`);
    const reading = readingOf(aSpec({ step: '1s', aggregation: 'max' }), samples);
    if (!('rawValue' in reading)) throw new Error(reading.error);
    expect(reading.value).toBe('69999.25');
    expect(reading.rawValue.length).toBeGreaterThan(4_000);
    expect(reading.rawValue.length).toBeLessThanOrEqual(4096);
    expect(JSON.parse(atob(reading.rawValue))).toEqual(
      expect.arrayContaining(['69999.25', '69900.25']),
    );
  });

  test('is an error for a text that is too long for a number, which is not repeated', () => {
    expect(readingOf(aSpec(), ['1'.repeat(100_000)])).toEqual({
      error: 'a value of 100000 characters is no number',
    });
  });
});

describe('aggregate', () => {
  test.each<[Aggregation, number]>([
    ['max', 10],
    ['min', 1],
    ['avg', 5.5],
    ['median', 5.5],
    ['p90', 9],
    ['p95', 10],
    ['p99', 10],
  ])('B13: %s does not depend on the order in time', (aggregation, want) => {
    const values = [10, 1, 9, 2, 8, 3, 7, 4, 6, 5];
    expect(aggregate(aggregation, values)).toBe(want);
    expect(aggregate(aggregation, values.toReversed())).toBe(want);
  });

  test('the median of an odd number of values is the middle one', () => {
    expect(aggregate('median', [9, 1, 5])).toBe(5);
  });

  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const some = fc.array(finite, { minLength: 1, maxLength: 300 });

  test('percentiles are values that were measured, in order, between minimum and maximum', () => {
    fc.assert(
      fc.property(some, (values) => {
        const results = (['min', 'p90', 'p95', 'p99', 'max'] as const).map((name) =>
          aggregate(name, values),
        );
        for (const result of results) expect(values).toContain(result);
        expect(results).toEqual(results.toSorted((a, b) => a - b));
      }),
    );
  });

  test('at least nine tenths of the values are not above p90', () => {
    fc.assert(
      fc.property(some, (values) => {
        const bound = aggregate('p90', values);
        const below = values.filter((value) => value <= bound).length;
        expect(below).toBeGreaterThanOrEqual(values.length * 0.9);
      }),
    );
  });

  test('NaN among the values makes NaN of all, so that no evaluation passes on the rest', () => {
    for (const name of ['max', 'min', 'avg', 'median', 'p90', 'p95', 'p99'] as const) {
      expect(aggregate(name, [1, Number.NaN, 3])).toBeNaN();
    }
  });
});
