import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { verdictOn } from './figure.ts';
import type { Before, Row } from './report.ts';
import { median } from './statistics.ts';

const savedSchema = Type.Object({
  figures: Type.Array(
    Type.Object({
      key: Type.String(),
      runs: Type.Array(
        Type.Object({ value: Type.Number(), baseline: Type.Optional(Type.Number()) }),
      ),
    }),
  ),
});

/** Writes all runs of all figures, and what machine and code they are from. */
export function save(file: string, rows: readonly Row[], isQuick: boolean): void {
  const figures = rows.map(({ figure, runs }) => {
    const { key, target, quantity, unit, limit } = figure;
    return {
      key,
      target,
      quantity,
      unit,
      limit: limit?.text,
      verdict: verdictOn(figure, runs),
      runs,
    };
  });
  const [cpu] = cpus();
  const about = {
    at: new Date().toISOString(),
    commit: commit(),
    isQuick,
    node: process.version,
    machine: { cpu: cpu?.model, cores: cpus().length, load: loadavg() },
  };
  writeFileSync(file, `${JSON.stringify({ ...about, figures }, null, 2)}\n`);
}

/** The medians in a file written by `save`. Throws when it is not one. */
export function readBefore(file: string): Before {
  const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Value.Check(savedSchema, saved)) throw new Error(`${file} was not written by --json`);
  return new Map(
    saved.figures.map(({ key, runs }) => [key, median(runs.map(({ value }) => value))]),
  );
}

function commit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
