import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { Slices } from '../../runtime/slices.ts';
import type { Recording } from './recording.ts';
import type { Labels, Sample, Series } from './series.ts';

/** What is served under one name. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
}

type Metric = Counter<string> | Gauge<string> | Histogram<string>;

/**
 * The one registry of a process: what is recorded as it happens, and what is read from elsewhere at each scrape. Recording never
 * throws for a label or value, and takes about a microsecond; a family that is not in the table given is a mistake of ours.
 */
export class MetricRegistry implements Recording {
  readonly #registry = new Registry();
  readonly #metrics = new Map<Series, Metric>();
  readonly #collectors = new Map<Series, () => Iterable<Sample>>();

  /** Prepares these families; nothing is served of one with labels until something is recorded. */
  constructor(families: readonly Series[]) {
    for (const series of families) this.#metrics.set(series, this.#create(series));
  }

  /** Adds what Node and the process itself can tell: processor time, memory, garbage collection, delay of the event loop. */
  withProcess(): this {
    collectDefaultMetrics({ register: this.#registry });
    return this;
  }

  add(series: Series, labels: Labels = {}, by = 1): void {
    const metric = this.#metrics.get(series);
    if (metric instanceof Counter && by >= 0) metric.inc({ ...labels }, by);
  }

  set(series: Series, labels: Labels, value: number): void {
    const metric = this.#metrics.get(series);
    if (metric instanceof Gauge && !Number.isNaN(value)) metric.set({ ...labels }, value);
  }

  /** Counts a duration in seconds; what a clock that was set back makes negative counts as 0. */
  observe(series: Series, labels: Labels, seconds: number): void {
    const metric = this.#metrics.get(series);
    if (metric instanceof Histogram && Number.isFinite(seconds))
      metric.observe({ ...labels }, Math.max(0, seconds));
  }

  remove(series: Series, labels: Labels): void {
    this.#metrics.get(series)?.remove({ ...labels });
  }

  collect(series: Series, read: () => Iterable<Sample>): void {
    this.#collectors.set(series, read);
  }

  /** The names, types and labels of all families, in the order in which they are served. */
  get families(): readonly Family[] {
    return this.#registry.getMetricsAsArray().map(({ name, type, help }) => ({ name, type, help }));
  }

  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  /** Everything in Prometheus' text format. Made in slices, so that reviews are answered meanwhile. */
  async text(): Promise<string> {
    for (const [series, read] of this.#collectors) this.#read(series, read);
    const turns = new Slices();
    const parts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      if (turns.isOver) await turns.turn();
    }
    return `${parts.join('\n\n')}\n`;
  }

  #read(series: Series, read: () => Iterable<Sample>): void {
    const metric = this.#metrics.get(series);
    if (metric === undefined || metric instanceof Histogram) return;
    metric.reset();
    // Without labels a reset leaves a zero, which would be a value.
    if (series.labels.length === 0) metric.remove();
    for (const { labels, value } of read()) {
      if (metric instanceof Gauge) this.set(series, labels, value);
      else this.add(series, labels, value);
    }
  }

  #create({ name, type, help, labels, buckets = [] }: Series): Metric {
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    switch (type) {
      case 'counter':
        return new Counter(common);
      case 'gauge':
        return new Gauge(common);
      case 'histogram':
        return new Histogram({ ...common, buckets: [...buckets] });
    }
  }
}
