import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../../control-plane/http.ts';

const root = new URL('../../..', import.meta.url).pathname;
const main = join(root, 'src/main.ts');

/** Sluice, started as a user would start it. */
export interface SluiceProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the exit code, or the signal's name, when the process ends by itself or by `stop`. */
  readonly ended: Promise<number | string>;
  /** Asks it to end, insists after ten seconds, and resolves when it has. */
  stop(): Promise<void>;
  /** Ends it in the middle of whatever it does (SIGKILL), and resolves when it has. */
  kill(): Promise<void>;
}

/** A command of Sluice that ended. */
export interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs one command of Sluice to its end, for a reader with so many columns if that is given: `runSluice(['version'])`. */
export async function runSluice(args: readonly string[], columns?: number): Promise<Ended> {
  const width = columns === undefined ? {} : { COLUMNS: String(columns) };
  const env = { ...environment(), ...width };
  const child = spawn(process.execPath, [main, ...args], { cwd: root, env });
  const closed: Promise<unknown[]> = once(child, 'close');
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { exitCode: typeof code === 'number' ? code : 1, output: output + complaint };
}

/** As `runSluice`; anything but exit code 0 rejects with what the command said. */
export async function mustRunSluice(args: readonly string[]): Promise<string> {
  const { exitCode, output } = await runSluice(args);
  if (exitCode !== 0)
    throw new Error(`sluice ${args[0] ?? ''} ended with ${exitCode}: ${output.trim()}`);
  return output;
}

export interface SluiceOptions {
  readonly args: readonly string[];
  /** Where it is to listen. */
  readonly port: number;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
  /** The process it ends with at the latest, however that ends. Default: this one. */
  readonly owner?: number;
  /** For Node itself, such as `--cpu-prof`. */
  readonly nodeArguments?: readonly string[];
}

/** Starts `sluice run` and resolves when it is ready: caches synced, certificate valid. Rejects with the end of its log. */
export async function startSluice(options: SluiceOptions): Promise<SluiceProcess> {
  const { args, logFile } = options;
  const port = String(options.port);
  await using log = await open(logFile, 'a');
  const command = [main, 'run', ...args, ...flags({ 'listen-port': port })];
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), ...command], {
    cwd: root,
    env: environment(),
    // A group of its own: Ctrl-C in the terminal is for its owner, which ends Sluice in its turn.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = endOf(child);
  if (child.pid === undefined) throw new Error(`Sluice did not start: ${String(await ended)}`);
  leash(child.pid, options.owner ?? process.pid);
  const sluice: SluiceProcess = {
    pid: child.pid,
    logFile,
    ended,
    stop: () => stop(child, ended),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  try {
    await untilReady(options, ended);
  } catch (error) {
    await sluice.stop();
    throw error;
  }
  return sluice;
}

/** Command-line flags with their values. */
export function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

/** The last lines of Sluice's log. */
export async function endOfLog(logFile: string, lines = 15): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-lines).join('\n');
}

async function untilReady(options: SluiceOptions, ended: Promise<number | string>): Promise<void> {
  const { port, caFile, logFile, signal } = options;
  const ca = await readFile(caFile, 'utf8');
  let exit: number | string | undefined;
  void ended.then((how) => (exit = how));
  let last = 'nothing';
  for (let tries = 0; tries < 240; tries += 1) {
    if (exit !== undefined) {
      throw new Error(`Sluice ended (${exit}) before it was ready:\n${await endOfLog(logFile)}`);
    }
    const answer = await send({
      url: `https://127.0.0.1:${port}/readyz`,
      ca,
      timeoutMs: 1_000,
    }).catch((error: unknown) => ({
      status: 0,
      body: error instanceof Error ? error.message : '',
    }));
    if (answer.status === 200) return;
    last = `${answer.status} ${answer.body}`;
    await sleep(250, undefined, { signal });
  }
  throw new Error(`Sluice is not ready after 60 s (${last.trim()}):\n${await endOfLog(logFile)}`);
}

async function endOf(child: ChildProcess): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  return promise;
}

async function stop(child: ChildProcess, ended: Promise<number | string>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(insist);
}

function leash(pid: number, owner: number): void {
  const script = new URL('process-leash.ts', import.meta.url).pathname;
  const watcher = spawn(process.execPath, [script, String(owner), String(pid)], {
    detached: true,
    stdio: 'ignore',
  });
  watcher.unref();
}

/** The user's environment without the variables that would configure Sluice or kubectl behind our back. */
function environment(): NodeJS.ProcessEnv {
  const isSetting = (name: string): boolean =>
    name.startsWith('SLUICE_') || name === 'KUBECONFIG' || name.startsWith('POD_');
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
