import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts a process that outlives this one, its output appended to a log file. */
export function spawnDetached(
  binary: string,
  args: readonly string[],
  logFile: string,
): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(binary, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  return child;
}

/** Whether a process with this id exists, whoever started it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Whether the process runs and has the data directory in its command line, as every process of a control plane has: an
 * id alone may have been given to a stranger since.
 */
export function isOurs(pid: number, dataDirectory: string): boolean {
  return isAlive(pid) && commandLine(pid).includes(dataDirectory);
}

/** Ends processes of a data directory: asks, waits for at most `graceMs`, then kills. Resolves when all are gone. */
export async function endProcesses(
  pids: readonly number[],
  dataDirectory: string,
  graceMs: number,
): Promise<void> {
  const remaining = (): number[] => pids.filter((pid) => isOurs(pid, dataDirectory));
  const deadline = Date.now() + graceMs;
  if (graceMs > 0) for (const pid of remaining()) signal(pid, 'SIGTERM');
  while (remaining().length > 0) {
    if (Date.now() >= deadline) for (const pid of remaining()) signal(pid, 'SIGKILL');
    await sleep(20);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // Gone in the meantime: that is what was asked for.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function commandLine(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
