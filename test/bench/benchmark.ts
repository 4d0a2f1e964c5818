import type { Figure, Measurements } from './figure.ts';
import type { Stage } from './cluster/stage.ts';

/** Something that can be measured: one row of the table of `benchmarks.ts`, run once or several times. */
export interface Benchmark {
  readonly name: string;
  readonly description: string;
  readonly figures: readonly Figure[];
  /** It needs more of a machine than the others, and is run only where it is named. */
  readonly onlyByName?: true;
  /** Measures all figures once. */
  run(bench: Bench): Promise<Measurements>;
}

/** What a benchmark is given. */
export interface Bench {
  /** Whether to measure with few samples: to see that everything works, not for figures to be quoted. */
  readonly isQuick: boolean;
  /** Whether to print what happened to each version, and when, where the benchmark can tell. */
  readonly isTimeLineWanted: boolean;
  readonly signal: AbortSignal;
  /** Says what goes on. */
  progress(line: string): void;
  /** The control plane with Sluice on it, shared by all benchmarks and as empty as possible; the first to ask starts it. */
  stage(): Promise<Stage>;
}
