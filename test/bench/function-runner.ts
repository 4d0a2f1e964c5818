import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { denoFolder } from '../support/functions/deno-folder.ts';
import { hostNames, hosts } from '../support/functions/function-run.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { atMost, type Figure, type Measurements } from './figure.ts';
import { median } from './statistics.ts';

/** Scripts whose first act is to say when they began, in milliseconds since the epoch; and how they are run without a runner. */
const languages = {
  bash: { script: 'echo "${EPOCHREALTIME}e3"', file: 'now.sh', plain: ['bash'] },
  python: { script: 'import time\nprint(time.time() * 1e3)', file: 'now.py', plain: ['python3'] },
  deno: {
    script: 'console.log(performance.timeOrigin + performance.now());',
    file: 'now.ts',
    plain: ['deno', 'run', '--allow-net', '--allow-read', '--allow-write'],
  },
} as const;
const languageNames = ['bash', 'python', 'deno'] as const;

const env = { ...process.env, PATH: `${denoFolder()}:${process.env['PATH'] ?? ''}` };

/** What the runner adds to the start of a function. Its host has compiled it before, as in the images. */
export const functionRunner: Benchmark = {
  name: 'function-runner',
  description: 'start of a function, with the runner and without',
  figures: hostNames.flatMap((host) =>
    languageNames.map((language): Figure => ({
      key: `runner-${host}-${language}`,
      quantity: `runner under ${host}: start → ${language} starts`,
      unit: 'ms',
      baseline: `start of ${language} without the runner`,
      limit: atMost(150, 'time', 'ms'),
    })),
  ),
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const cache = { NODE_COMPILE_CACHE: join(directory, 'compile-cache') };
  const measurements: Record<string, { value: number; baseline: number }> = {};
  try {
    for (const language of languageNames) {
      const { script, file, plain } = languages[language];
      const path = join(directory, file);
      await writeFile(path, script);
      for (const host of hostNames) {
        bench.progress(`${language}, the runner under ${host}`);
        const status = ['--status-file', join(directory, 'status.json')];
        const run = [...hosts[host], '--runtime', language, '--script', path, ...status];
        // The first start of each fills caches.
        const rounds = (bench.isQuick ? 3 : 15) + 1;
        const alone: number[] = [];
        const within: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          alone.push(await millisecondsUntilScript([...plain, path], {}));
          within.push(await millisecondsUntilScript(run, cache));
        }
        const baseline = median(alone.slice(1));
        const value = median(within.slice(1)) - baseline;
        measurements[`runner-${host}-${language}`] = { value, baseline };
      }
    }
    return measurements;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** From the start of a process to the first act of the script, which prints when that was. */
async function millisecondsUntilScript(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const [program = '', ...args] = command;
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(program, args, {
    env: { ...env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = Number(await text(child.stdout));
  if (Number.isNaN(printed)) throw new Error(`${command.join(' ')} did not print when it began`);
  return printed - startedAt;
}
