import { Argument, Command, InvalidArgumentError } from 'commander';
import { benchmarks } from './benchmarks.ts';

/** What was asked for on the command line. */
export interface BenchOptions {
  /** Names of benchmarks; none means all. */
  readonly names: readonly string[];
  readonly runs: number;
  readonly quick: boolean;
  readonly timeline: boolean;
  readonly cpuProf?: string;
  readonly json?: string;
  readonly compare?: string;
}

const listed = benchmarks
  .map(({ name, description }) => `  ${name.padEnd(16)}${description}`)
  .join('\n');

const explained = `
Benchmarks:
${listed}

Times depend on the machine and on what else runs on it: each is printed beside its own baseline of the same run, and never
fails. The exit code is 1 if a target in counts or ratios is missed, 2 on bad input.

Examples:
  npm run bench                                      everything, three times: about fifteen minutes
  npm run bench -- --quick --runs 1                  everything with few samples, to see that it works
  npm run bench -- fifty --runs 1 --timeline         and where the time of each version went
  npm run bench -- admission --runs 5 --json now.json
  npm run bench -- admission --compare before.json   beside what was saved before`;

/** The command line of the benchmarks; `--help` and errors end the process as commander does. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const names = benchmarks.map(({ name }) => name);
  const command = new Command('npm run bench --')
    .description("Measures the figures of Sluice's targets on this machine.")
    .addArgument(
      new Argument('[names...]', 'which benchmarks; all but "real" if not given').choices(names),
    )
    .option('--runs <n>', 'how often each is run', count, 3)
    .option('--quick', 'few samples: to see that it works, not for figures to be quoted', false)
    .option('--timeline', 'print what happened to each version, and when (fifty, one-task)', false)
    .option('--cpu-prof <directory>', 'write a CPU profile of Sluice there when it ends')
    .option('--json <file>', 'write every figure of every run there')
    .option('--compare <file>', 'show the change against figures written by --json')
    .addHelpText('after', explained)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(args, { from: 'user' });
  return { names: command.args, ...command.opts<Omit<BenchOptions, 'names'>>() };
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('write a whole number from 1 on');
  }
  return value;
}
