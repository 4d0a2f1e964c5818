import { median, quantile } from './statistics.ts';

/** One figure that a benchmark measures in every run. */
export interface Figure {
  /** Unique among all benchmarks, and stable: saved runs are compared by it. */
  readonly key: string;
  /** Its number among the project's targets. */
  readonly target?: string;
  readonly quantity: string;
  readonly unit: 'µs' | 'ms' | 's' | 'MB' | '/s' | '';
  /** What the value is set against, measured in the same run. */
  readonly baseline?: string;
  readonly limit?: Limit;
  /** What Keptn takes, as published or measured on the same kind of control plane. */
  readonly keptn?: string;
}

/** What a figure must not exceed, or not fall below. */
export interface Limit {
  /**
   * Counts must hold in every run, ratios in the middle one. Times and sizes differ from machine to machine: they are
   * reported, and never fail a run.
   */
  readonly kind: 'count' | 'ratio' | 'time' | 'size';
  readonly text: string;
  /** The value as a part of what is allowed: at most 1 is within the limit. */
  used(value: number, baseline: number): number;
}

/** What one run gave for one figure. */
export interface Measured {
  readonly value: number;
  readonly baseline?: number;
}

/** What one run of a benchmark gave, by the keys of its figures. */
export type Measurements = Readonly<Record<string, Measured>>;

export type Verdict = 'met' | 'missed' | 'reported: within' | 'reported: beyond' | 'reported';

export function atMost(value: number, kind: Limit['kind'], unit = ''): Limit {
  return {
    kind,
    text: `≤ ${value}${unit && ` ${unit}`}`,
    // Nothing allowed and nothing measured is within the limit.
    used: (measured) => (measured === value ? 1 : measured / value),
  };
}

export function atMostTimes(factor: number): Limit {
  return {
    kind: 'ratio',
    text: `≤ ${factor} × baseline`,
    used: (measured, baseline) => measured / (factor * baseline),
  };
}

export function atLeastTimes(factor: number): Limit {
  return {
    kind: 'ratio',
    text: `≥ ${factor} × baseline`,
    used: (measured, baseline) => (factor * baseline) / measured,
  };
}

/** The verdict on all runs of a figure. */
export function verdictOn({ limit }: Figure, runs: readonly Measured[]): Verdict {
  if (limit === undefined) return 'reported';
  // A value that could not be measured is within no limit.
  const used = runs
    .map(({ value, baseline }) => limit.used(value, baseline ?? Number.NaN))
    .map((part) => (Number.isNaN(part) ? Infinity : part));
  const worst = limit.kind === 'count' ? quantile(used, 1) : median(used);
  const isWithin = worst <= 1;
  if (limit.kind === 'count' || limit.kind === 'ratio') return isWithin ? 'met' : 'missed';
  return isWithin ? 'reported: within' : 'reported: beyond';
}
