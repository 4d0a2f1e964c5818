import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { denoFolder } from './deno-folder.ts';

const root = new URL('../../..', import.meta.url).pathname;
const binaries = join(root, 'node_modules/.bin');
const runnerMain = join(root, 'runner/main.ts');

/** What the runner itself runs under, and how that is started. Node keeps what it compiled, else it would be slow to start. */
export const hosts = {
  node: [process.execPath, runnerMain],
  deno: [join(denoFolder(), 'deno'), 'run', '--allow-all', '--no-config', '--no-lock', runnerMain],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type HostName = keyof typeof hosts;
export const hostNames = ['node', 'deno'] as const satisfies readonly HostName[];

/** The status file as README.md of the runner has it. */
export interface FunctionStatus {
  readonly status: string;
  readonly message: string;
  readonly timestamp: string;
  readonly reason: string;
  readonly exitCode: number;
  readonly final: boolean;
  readonly runtime?: string;
  readonly attemptsAllowed: number;
  readonly attemptsMade: number;
  readonly attempts: readonly AttemptStatus[];
  readonly attemptsOmitted?: number;
  readonly result?: unknown;
  readonly resultError?: { readonly reason: string; readonly message: string };
}

export interface AttemptStatus {
  readonly number: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly reason: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly lastErrorLine?: string;
  readonly outputTruncated?: boolean;
}

export interface FunctionEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: FunctionStatus;
}

/** A directory of a test, which is deleted with it. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sluice-runner-test-'));

  /** Writes a file, and answers its path. */
  file(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface FunctionStart {
  readonly host?: HostName;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the runner: `['unshare', …]`. */
  readonly through?: readonly string[];
  /** Whether the arguments say what is to become of the status. */
  readonly isStatusFileGiven?: boolean;
}

/** The runner while it runs a function. */
export class FunctionRun implements AsyncDisposable {
  readonly #scratch = new Scratch();
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #stderr = '';
  #seen = Promise.withResolvers<void>();

  constructor({
    host = 'deno',
    args,
    env = {},
    through = [],
    isStatusFileGiven = false,
  }: FunctionStart) {
    const statusFile = isStatusFileGiven ? [] : ['--status-file', this.statusFile];
    const [program = '', ...rest] = [...through, ...hosts[host], ...statusFile, ...args];
    this.#child = spawn(program, rest, {
      cwd: this.#scratch.path,
      env: {
        PATH: `${denoFolder()}:${binaries}:${process.env['PATH'] ?? ''}`,
        HOME: process.env['HOME'] ?? '/',
        TMPDIR: this.#scratch.path,
        NODE_COMPILE_CACHE: join(tmpdir(), 'sluice-runner-compile-cache'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#told();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#told();
    });
  }

  get statusFile(): string {
    return join(this.#scratch.path, 'status.json');
  }

  /** Where the runner makes its private directories. */
  get directory(): string {
    return this.#scratch.path;
  }

  /** When the function has printed this. */
  async printed(text: string): Promise<void> {
    const over = this.#closed.then(() => {
      throw new Error(`ended without printing ${text}:\n${this.#stdout}${this.#stderr}`);
    });
    over.catch(() => {});
    while (!`${this.#stdout}${this.#stderr}`.includes(text)) {
      await Promise.race([this.#seen.promise, over]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Whether anything has been said in the status file. */
  get hasStatus(): boolean {
    return readFileSync(this.statusFile, 'utf8') !== '';
  }

  status(): FunctionStatus {
    const text = readFileSync(this.statusFile, 'utf8');
    if (Buffer.byteLength(text) > 4_096) throw new Error('the status file is too long');
    return JSON.parse(text);
  }

  async end(): Promise<FunctionEnd> {
    await this.#closed;
    const status = this.status();
    return { exitCode: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr, status };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const insist = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
      await this.#closed;
      clearTimeout(insist);
    }
    this.#scratch[Symbol.dispose]();
  }

  #told(): void {
    this.#seen.resolve();
    this.#seen = Promise.withResolvers();
  }
}

/** Runs a function to its end. */
export async function runFunction(start: FunctionStart): Promise<FunctionEnd> {
  await using run = new FunctionRun(start);
  return await run.end();
}

/** Whether a process runs that has this in its command line. */
export function isRunning(marker: string): boolean {
  return processes().some((pid) => commandLine(pid).includes(marker));
}

function processes(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
