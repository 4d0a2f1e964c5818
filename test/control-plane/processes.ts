import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
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

/** Whether a process with this id runs, whoever started it. One that has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
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

/**
 * Ends those of the processes that belong to a data directory: asks, waits for at most `graceMs`, then kills. Resolves when all
 * are gone, with what they held.
 */
export async function endProcesses(
  pids: readonly number[],
  dataDirectory: string,
  graceMs: number,
): Promise<void> {
  // Decided once: a process on its way out has no command line any more, but still holds its port.
  const ours = pids.filter((pid) => isOurs(pid, dataDirectory));
  const killAt = Date.now() + graceMs;
  if (graceMs > 0) for (const pid of ours) signal(pid, 'SIGTERM');
  for (let left = ours; left.length > 0; left = left.filter(isAlive)) {
    if (Date.now() >= killAt) for (const pid of left) signal(pid, 'SIGKILL');
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

function isZombie(pid: number): boolean {
  try {
    // proc(5): the state follows the name, which stands in parentheses and may contain some.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const hasEnded = /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
    // While other threads are still ending, they hold its files and ports.
    return hasEnded && readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return false;
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
