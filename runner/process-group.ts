import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program by its path, and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** How a process ended: one of the two is set. */
export interface End {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

/** What a script and all that it starts run in: a process group of its own, which can be ended as a whole. */
export class ProcessGroup {
  /** When the first process of the group ended; rejects if it could not be started. */
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;

  /** Starts a program by its path. It gets nothing on stdin. */
  constructor(command: Command, { cwd, env }: { cwd: string; env: Record<string, string> }) {
    this.#child = spawn(command.program, command.args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (exitCode, signal) => {
        resolve(signal === null ? { exitCode: exitCode ?? 1 } : { signal });
      });
    });
  }

  get stdout(): Readable | null {
    return this.#child.stdout;
  }

  get stderr(): Readable | null {
    return this.#child.stderr;
  }

  /** Asks all of the group to end, waits this long, and kills what is left of it. */
  async end(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    this.#send(signal);
    const over = performance.now() + graceMs;
    while (this.#isAlive() && performance.now() < over) await sleep(20);
    await this.kill();
  }

  /** Kills all of the group; as process 1 also what has left it, because then all processes in sight are its own. */
  async kill(): Promise<void> {
    // The kernel lets no fork slip through a signal to a group. A process that cannot be killed at once sleeps in the kernel.
    for (let round = 0; round < 100; round += 1) {
      this.#send('SIGKILL');
      if (process.pid === 1) send(-1, 'SIGKILL');
      if (!this.#isAlive()) return;
      await sleep(20);
    }
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) send(-this.#child.pid, signal);
  }

  /** Whether a process of the group runs. A zombie does not, although the kernel counts it. */
  #isAlive(): boolean {
    const { pid } = this.#child;
    if (pid === undefined || !send(-pid, 0)) return false;
    return process.platform !== 'linux' || groupsOfLiving().has(pid);
  }
}

/** The exit code by which shells tell a signal. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Sends a signal; false if no such process is left. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The process groups that have a process which is no zombie. */
function groupsOfLiving(): ReadonlySet<number> {
  const groups = new Set<number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d/u.test(name)) continue;
    // pid (command) state parent group …; the command may contain anything.
    const stat = statOf(name);
    const [state = 'X', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state !== 'Z' && state !== 'X') groups.add(Number(group));
  }
  return groups;
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended in the meantime.
    return '';
  }
}
