/** One family of time series as `/metrics` serves it. */
export interface Series {
  /** As Prometheus knows it; counters end in `_total`, times are in seconds. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** What a value means, as a sentence without a full stop. */
  readonly help: string;
  /** Upper bounds, ascending; of histograms alone. */
  readonly buckets?: readonly number[];
}

/** The values of the labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** One value of a family. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** What only grows, until the process starts again. */
export function counter(name: string, labels: readonly string[], help: string): Series {
  return { name, type: 'counter', labels, help };
}

/** What goes up and down. */
export function gauge(name: string, labels: readonly string[], help: string): Series {
  return { name, type: 'gauge', labels, help };
}

/** Durations in seconds, counted by these upper bounds. */
export function histogram(
  name: string,
  labels: readonly string[],
  { help, buckets }: { readonly help: string; readonly buckets: readonly number[] },
): Series {
  return { name, type: 'histogram', labels, help, buckets };
}

/** The samples of a family without labels: one value, or none while it is undefined. */
export function oneSample(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}
