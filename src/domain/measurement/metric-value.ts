import type { Aggregation, KeptnMetricSpec, MetricRange } from '../../api/keptn/metric.ts';
import { parseDuration } from '../go/duration.ts';
import { formatGeneral, formatPlain, parseGoFloat } from '../go/go-float.ts';

/** What one query gave: the texts of `status.value` and `status.rawValue`, or why there is none. */
export type Reading =
  | { readonly value: string; readonly rawValue: string }
  | { readonly error: string };

/** The window a query covers, in milliseconds. */
export interface QueryRange {
  readonly intervalMs: number;
  readonly stepMs?: number;
}

/** The window that a metric's spec asks for; undefined for the value at this moment. */
export function queryRange(
  spec: KeptnMetricSpec,
): QueryRange | undefined | { readonly error: string } {
  const { range } = spec;
  if (range === undefined) return undefined;
  const interval = positive('spec.range.interval', range.interval ?? '5m');
  if (typeof interval !== 'number') return interval;
  if (!hasStep(range)) return { intervalMs: interval };
  const step = positive('spec.range.step', range.step);
  return typeof step === 'number' ? { intervalMs: interval, stepMs: step } : step;
}

function hasStep(range: MetricRange | undefined): range is MetricRange & { step: string } {
  return range?.step !== undefined && range.step !== '';
}

function positive(field: string, text: string): number | { readonly error: string } {
  try {
    const ms = parseDuration(text);
    return ms > 0 ? ms : { error: `${field} must be longer than nothing, not "${text}"` };
  } catch (error) {
    return { error: `${field}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

// Base64 of so many characters is 4 KiB. Keptn took a mebibyte, of which every cache and every reader of the list had a copy.
const longestRaw = 3 << 10;

// A number in full is shorter than 400 characters.
const longestSample = 1_000;

/**
 * The value of a metric from the samples of its one series, oldest first. Without a step it is the newest sample, in plain
 * decimals; with one, what the aggregation makes of all of them.
 */
export function readingOf(spec: KeptnMetricSpec, samples: readonly string[]): Reading {
  const numbers: number[] = [];
  for (const sample of samples) {
    if (sample.length > longestSample) {
      return { error: `a value of ${sample.length} characters is no number` };
    }
    const parsed = parseGoFloat(sample);
    if ('error' in parsed) return parsed;
    numbers.push(parsed.value);
  }
  const newest = numbers.at(-1);
  if (newest === undefined) return { error: 'no values in query result' };
  const { range } = spec;
  if (!hasStep(range)) {
    const value = formatPlain(newest);
    return { value, rawValue: encoded(value) };
  }
  const value =
    range.aggregation === undefined
      ? formatPlain(newest)
      : formatGeneral(aggregate(range.aggregation, numbers));
  return { value, rawValue: encoded(numbers.map(formatPlain)) };
}

/**
 * Base64 of the JSON; numbers are written in ASCII, so characters are bytes. Of a long list the newest values that fit are
 * kept, so that what is there is JSON.
 */
function encoded(raw: string | readonly string[]): string {
  return btoa(JSON.stringify(typeof raw === 'string' ? raw : newestThatFit(raw)));
}

function newestThatFit(values: readonly string[]): readonly string[] {
  let length = 2; // the brackets
  let from = values.length;
  for (const value of values.toReversed()) {
    length += value.length + 3; // quotes and a comma
    if (length > longestRaw) break;
    from -= 1;
  }
  return values.slice(from);
}

/**
 * One number for many (at least one). Percentiles are by nearest rank over the sorted values. NaN among them makes NaN of
 * all: it must not vanish into a number that passes an evaluation.
 */
export function aggregate(aggregation: Aggregation, values: readonly number[]): number {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = values.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  switch (aggregation) {
    case 'max':
      return nth(sorted, sorted.length);
    case 'min':
      return nth(sorted, 1);
    case 'avg':
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'median':
      return median(sorted);
    case 'p90':
      return percentile(sorted, 90);
    case 'p95':
      return percentile(sorted, 95);
    case 'p99':
      return percentile(sorted, 99);
  }
}

/** The nth value, counted from 1. */
function nth(sorted: readonly number[], n: number): number {
  return sorted[n - 1] ?? 0;
}

function percentile(sorted: readonly number[], percent: number): number {
  return nth(sorted, Math.ceil((sorted.length * percent) / 100));
}

function median(sorted: readonly number[]): number {
  const upper = Math.floor(sorted.length / 2) + 1;
  return sorted.length % 2 === 1
    ? nth(sorted, upper)
    : (nth(sorted, upper - 1) + nth(sorted, upper)) / 2;
}
