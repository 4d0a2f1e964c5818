import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Scratch } from './function-run.ts';

/** A bare Git repository in a directory of a test's own, with one commit on `main`. */
export class GitRepository implements Disposable {
  readonly #scratch = new Scratch();
  /** Where it is. */
  readonly directory = join(this.#scratch.path, 'repository.git');
  #clones = 0;

  /** Its first commit is what the folder holds. */
  constructor(folder: string) {
    const first = join(this.#scratch.path, 'first');
    cpSync(folder, first, { recursive: true });
    git(first, 'init', '--quiet', '--initial-branch=main');
    git(first, 'add', '--all');
    git(first, 'commit', '--quiet', '--message=First');
    git(first, 'clone', '--quiet', '--bare', '.', this.directory);
  }

  /** The subjects of all commits, the newest first. */
  get commits(): readonly string[] {
    return git(this.directory, 'log', '--format=%s', 'main').trim().split('\n');
  }

  /** What the newest commit changed. */
  get changedFiles(): readonly string[] {
    return git(this.directory, 'show', '--format=', '--name-only', 'main').trim().split('\n');
  }

  get head(): string {
    return git(this.directory, 'rev-parse', 'main').trim();
  }

  /** Checks out what it holds now, and answers the directory. */
  checkOut(): string {
    this.#clones += 1;
    const path = join(this.#scratch.path, `clone-${this.#clones}`);
    git(this.#scratch.path, 'clone', '--quiet', this.directory, path);
    return path;
  }

  /** Refuses the next push, as if somebody else had been faster. */
  refuseOnce(): void {
    const hook = '#!/bin/sh\nrm "$0"\necho "somebody else was faster" >&2\nexit 1\n';
    writeFileSync(join(this.directory, 'hooks/pre-receive'), hook, { mode: 0o755 });
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

/** Runs Git without the settings of whoever runs the tests. */
function git(directory: string, ...args: readonly string[]): string {
  const someone = { NAME: 'test', EMAIL: 'test@git.example' };
  const people = Object.entries(someone).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  const env = {
    ...process.env,
    ...Object.fromEntries(people),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8' });
}
