import { setTimeout as sleep } from 'node:timers/promises';
import { AttemptFailed, errorCode, messageOf } from './failure.ts';
import { limited, type Limits } from './limits.ts';
import type { Output } from './output.ts';
import { type Command, type End, ProcessGroup } from './process-group.ts';
import { programOn } from './program.ts';
import { type Stop, stopOf } from './stop.ts';

/** A program to be run to its end, with all that it starts. */
export interface Execution {
  /** The program by its path. */
  readonly command: Command;
  readonly directory: string;
  /** All of its environment. */
  readonly env: Record<string, string>;
  readonly limits: Limits;
  readonly gracePeriodMs: number;
  readonly output: Output;
}

/** How a program ended, and what ended it before it did so by itself. */
export interface Executed {
  readonly end: End;
  readonly stop?: Stop;
}

/** For what a program leaves running when it ends: to finish what it prints, and to be gone. */
const lastWordsMs = 1_000;

/**
 * Runs a program until nothing of it is left. When `stop` aborts it gets the signal, time, and is killed. Throws
 * `AttemptFailed` if it cannot be started, and the reason of `stop` if that has aborted before.
 */
export async function execute(execution: Execution, stop: AbortSignal): Promise<Executed> {
  stop.throwIfAborted();
  const { command, output, gracePeriodMs } = execution;
  const group = started(execution);
  const stopReading = Promise.withResolvers<void>();
  const reading = output.pass(group.stdout, group.stderr, stopReading.promise);
  let stopped: Stop | undefined;
  let ending: Promise<void> | undefined;
  const onStop = (): void => {
    stopped = stopOf(stop);
    ending = group.end(stopped?.signal ?? 'SIGTERM', gracePeriodMs);
  };
  stop.addEventListener('abort', onStop);
  try {
    const end = await group.ended;
    stop.removeEventListener('abort', onStop);
    await (ending ?? Promise.race([reading, sleep(lastWordsMs)]));
    await group.kill();
    // A process that left the group may still hold the streams open.
    await Promise.race([reading, sleep(lastWordsMs)]);
    return stopped === undefined ? { end } : { end, stop: stopped };
  } catch (error) {
    throw startFailed(command.program, error);
  } finally {
    stop.removeEventListener('abort', onStop);
    stopReading.resolve();
    await reading;
  }
}

function started({ command, directory, env, limits }: Execution): ProcessGroup {
  const prlimit = programOn(env['PATH'], 'prlimit');
  const within = prlimit === undefined ? command : limited(command, { prlimit, limits });
  try {
    return new ProcessGroup(within, { cwd: directory, env });
  } catch (error) {
    throw startFailed(command.program, error);
  }
}

/** That a program could not be started, and why. */
export function startFailed(program: string, error: unknown): AttemptFailed {
  const why =
    errorCode(error) === 'E2BIG' ? 'arguments and environment are too long' : messageOf(error);
  return new AttemptFailed('InterpreterFailed', `${program} could not be started: ${why}`, {
    cause: error,
  });
}
