import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LocalTask } from './task-job.ts';
import type { Terminal } from '../../process/terminal.ts';

/** How a container of the task would have ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  /** What the kubelet would take for its termination message. */
  readonly message: string;
}

const sources = 'runner/main.ts';
/** Beside the bundle, as it is published; else in the checkout. */
const runner = ['./', '../../../']
  .map((folder) => fileURLToPath(new URL(folder + sources, import.meta.url)))
  .find((file) => existsSync(file));
// Where npm keeps the Deno of a checkout, for people who have installed none.
const ownPrograms = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

/**
 * Runs the runner of a task as its Job would, with the interpreters of this machine. What the function says goes to standard
 * error as it comes, so that standard output holds the status alone.
 */
export async function runLocally(
  { args, env, script }: LocalTask,
  { terminal, allowedHosts }: { terminal: Terminal; allowedHosts: readonly string[] },
): Promise<ContainerEnd> {
  if (runner === undefined) {
    throw new Error(
      'the runner of tasks is not here: it comes with a checkout, the npm package and the plugin of kubectl, not with the image',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-task-'));
  try {
    const main = await startable(runner, folder);
    const statusFile = join(folder, 'status.json');
    const origin = script === undefined ? {} : { SCRIPT: join(folder, script.name) };
    if (script !== undefined) await writeFile(origin.SCRIPT ?? '', script.code);
    const exitCode = await ended(
      [
        main,
        ...allowedHosts.map((host) => `--allow-host=${host}`),
        ...withStatusFile(args, statusFile),
      ],
      { ...inherited(terminal), ...env, ...origin },
      terminal,
    );
    const message = await readFile(statusFile, 'utf8').catch(() => '');
    return { exitCode, message };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Node runs no TypeScript of an installed package: what is one is copied. Answers the file to start. */
async function startable(file: string, folder: string): Promise<string> {
  if (!file.split(sep).includes('node_modules')) return file;
  await cp(dirname(file), join(folder, 'runner'), { recursive: true });
  return join(folder, sources);
}

function withStatusFile(args: readonly string[], file: string): string[] {
  return args.map((arg) => (arg.startsWith('--status-file=') ? `--status-file=${file}` : arg));
}

/** What a container image would bring, and how this machine reaches others. The runner hands on what is meant for functions. */
function inherited({ env }: Terminal): Record<string, string> {
  const wanted = /^(?:HOME|TMPDIR|LANG|LC_.*|TZ|SSL_CERT_.*|DENO_CERT|.*_proxy)$/iu;
  const found = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && wanted.test(name) ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(found), PATH: [env['PATH'] ?? '', ownPrograms].join(delimiter) };
}

function ended(
  args: readonly string[],
  env: Record<string, string>,
  { nodePath, stop, writeError }: Terminal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const process = spawn(nodePath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (): void => void process.kill('SIGTERM');
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    for (const stream of [process.stdout, process.stderr]) {
      // The runner prints whole lines; a pipe may cut them.
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
        writeError(`${line}\n`);
      });
    }
    process.on('error', reject);
    process.on('close', (code) => {
      stop.removeEventListener('abort', end);
      resolve(code ?? 137);
    });
  });
}
