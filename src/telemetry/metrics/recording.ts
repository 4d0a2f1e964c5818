import type { Labels, Sample, Series } from './series.ts';

/** Where metrics are recorded. Nothing here throws; a family that is not served is ignored. */
export interface Recording {
  /** Counts something that has happened; once, if it is not said how often. */
  add(series: Series, labels?: Labels, by?: number): void;
  /** States a value as it is now. */
  set(series: Series, labels: Labels, value: number): void;
  /** Counts a duration in seconds. */
  observe(series: Series, labels: Labels, seconds: number): void;
  /** Forgets one series of a family. */
  remove(series: Series, labels: Labels): void;
  /** Reads all values of a counter or gauge at each scrape, in place of those of the scrape before. */
  collect(series: Series, read: () => Iterable<Sample>): void;
}

/** For a process that serves no metrics: nothing is kept. */
export const notRecorded: Recording = {
  add: () => undefined,
  set: () => undefined,
  observe: () => undefined,
  remove: () => undefined,
  collect: () => undefined,
};
