import type { Bench } from './benchmark.ts';
import { benchmarks } from './benchmarks.ts';
import { Stage } from './cluster/stage.ts';
import type { Measured, Measurements } from './figure.ts';
import { type BenchOptions, benchOptions } from './options.ts';
import { isMissed, legend, type Row, table } from './report.ts';
import { readBefore, save } from './saved.ts';

const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped.abort());

const startedAt = performance.now();
try {
  process.exitCode = (await measure(benchOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  tell(wordsOf(error));
  process.exitCode = stopped.signal.aborted ? 130 : 1;
}

/** Runs what was asked for, prints the table, and answers whether all was measured and every target that binds is met. */
async function measure(options: BenchOptions): Promise<boolean> {
  const { names, runs, json, compare } = options;
  const before = compare === undefined ? undefined : readBefore(compare);
  const chosen = benchmarks.filter(({ name, onlyByName }) =>
    names.length === 0 ? onlyByName !== true : names.includes(name),
  );
  const measured = new Map<string, Measured[]>();
  let failures = 0;
  await using stages = new AsyncDisposableStack();
  const bench = benchOf(options, stages);
  for (let run = 1; run <= runs; run += 1) {
    for (const benchmark of chosen) {
      stopped.signal.throwIfAborted();
      tell(`${benchmark.name}, run ${run} of ${runs}: ${benchmark.description}`);
      try {
        collect(measured, await benchmark.run(bench));
      } catch (error) {
        stopped.signal.throwIfAborted();
        // What it was to measure counts as missed; the others have nothing to do with it.
        tell(`${benchmark.name} failed: ${wordsOf(error)}`);
        failures += 1;
      }
    }
  }
  const rows: Row[] = chosen
    .flatMap(({ figures }) => figures)
    .map((figure) => ({ figure, runs: measured.get(figure.key) ?? [] }));
  if (json !== undefined) save(json, rows, options.quick);
  process.stdout.write(`${table(rows, before)}\n\nBaselines\n${legend(rows)}\n`);
  return failures === 0 && !rows.some(isMissed);
}

function benchOf({ quick, timeline, cpuProf }: BenchOptions, stages: AsyncDisposableStack): Bench {
  let stage: Promise<Stage> | undefined;
  const { signal } = stopped;
  return {
    isQuick: quick,
    isTimeLineWanted: timeline,
    signal,
    progress: tell,
    async stage() {
      stage ??= Stage.start({
        signal,
        progress: tell,
        ...(cpuProf !== undefined && { cpuProf }),
      }).then((one) => stages.use(one));
      await (await stage).settle();
      return stage;
    },
  };
}

function collect(into: Map<string, Measured[]>, run: Measurements): void {
  for (const [key, one] of Object.entries(run)) {
    const runs = into.get(key) ?? [];
    runs.push(one);
    into.set(key, runs);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** To standard error: the table alone goes to standard output. */
function tell(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stderr.write(`${`${seconds} s`.padStart(9)}  ${line}\n`);
}
