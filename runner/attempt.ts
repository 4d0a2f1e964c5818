import { setTimeout as sleep } from 'node:timers/promises';
import { AttemptFailed, errorCode, messageOf, type Reason } from './failure.ts';
import type { Command, Invocation, Language } from './languages/language.ts';
import { limited, type Limits } from './limits.ts';
import { Output, type OutputTo } from './output.ts';
import { outOfMemoryKills } from './out-of-memory.ts';
import { type End, exitCodeOf, ProcessGroup } from './process-group.ts';
import { programOn } from './program.ts';
import { type Result, resultIn } from './result.ts';
import { type Stop, stopOf } from './stop.ts';

/** One attempt to be made. */
export interface AttemptPlan {
  readonly language: Language;
  readonly invocation: Invocation;
  /** All of the script's environment. */
  readonly env: Record<string, string>;
  readonly directory: string;
  readonly limits: Limits;
  readonly gracePeriodMs: number;
  readonly output: OutputTo;
}

/** How an attempt ended. */
export interface Outcome {
  readonly reason: Reason;
  readonly message: string;
  /** What the container exits with if no other attempt follows. */
  readonly exitCode: number;
  readonly end?: End;
  readonly lastErrorLine: string;
  readonly isOutputTruncated: boolean;
  readonly result?: Result;
}

/** For what a script leaves running when it ends: to finish what it prints, and to be gone. */
const lastWordsMs = 1_000;

/** Runs the script once. Throws `AttemptFailed` if it cannot be started. */
export async function attempt(plan: AttemptPlan, stop: AbortSignal): Promise<Outcome> {
  const { language, invocation } = plan;
  const interpreter = programOn(plan.env['PATH'], language.interpreter);
  if (interpreter === undefined) throw interpreterMissing(language);
  const output = new Output(plan.output);
  const kills = outOfMemoryKills();
  const checked = language.check && (await processEnd(language.check(invocation)));
  const isReadable = checked === undefined || isSuccess(checked);
  const end = isReadable ? await processEnd(language.command(invocation)) : checked;

  async function processEnd(command: Command): Promise<Ended> {
    return await ended(plan, { command: { ...command, program: interpreter ?? '' }, output, stop });
  }

  const { lastErrorLine, isTruncated: isOutputTruncated } = output;
  const found = { end: end.end, lastErrorLine, isOutputTruncated };
  const exitCode = end.end.exitCode ?? (end.end.signal ? exitCodeOf(end.end.signal) : 0);
  if (end.stop !== undefined) {
    const { reason, message } = end.stop;
    return { ...found, reason, message, exitCode: end.stop.exitCode(end.end.exitCode) };
  }
  if (isSuccess(end)) {
    const result = resultIn(invocation.resultFile);
    return { ...found, ...success(result), lastErrorLine: '', exitCode };
  }
  const reason = reasonFor(end.end, {
    isOutOfMemory: outOfMemoryKills() > kills,
    told: isReadable ? language.diagnose(lastErrorLine) : 'SyntaxError',
  });
  return { ...found, reason, message: failure(end.end, lastErrorLine), exitCode };
}

interface Ended {
  readonly end: End;
  /** What ended it before it ended by itself. */
  readonly stop?: Stop;
}

function isSuccess({ end, stop }: Ended): boolean {
  return stop === undefined && end.exitCode === 0;
}

async function ended(
  plan: AttemptPlan,
  { command, output, stop }: { command: Command; output: Output; stop: AbortSignal },
): Promise<Ended> {
  stop.throwIfAborted();
  const prlimit = programOn(plan.env['PATH'], 'prlimit');
  const group = started(
    plan,
    prlimit === undefined ? command : limited(command, prlimit, plan.limits),
  );
  const stopReading = Promise.withResolvers<void>();
  const reading = output.pass(group.stdout, group.stderr, stopReading.promise);
  let stopped: Stop | undefined;
  let ending: Promise<void> | undefined;
  const onStop = (): void => {
    stopped = stopOf(stop);
    ending = group.end(stopped?.signal ?? 'SIGTERM', plan.gracePeriodMs);
  };
  stop.addEventListener('abort', onStop);
  try {
    const end = await group.ended;
    stop.removeEventListener('abort', onStop);
    await (ending ?? Promise.race([reading, sleep(lastWordsMs)]));
    await group.kill();
    // Whoever left the group may still hold the streams open.
    await Promise.race([reading, sleep(lastWordsMs)]);
    return stopped === undefined ? { end } : { end, stop: stopped };
  } catch (error) {
    throw startFailed(plan.language, error);
  } finally {
    stop.removeEventListener('abort', onStop);
    stopReading.resolve();
    await reading;
  }
}

function started({ directory, env, language }: AttemptPlan, command: Command): ProcessGroup {
  try {
    return new ProcessGroup(command, { cwd: directory, env });
  } catch (error) {
    throw startFailed(language, error);
  }
}

function interpreterMissing({ interpreter, name }: Language): AttemptFailed {
  return new AttemptFailed(
    'InterpreterMissing',
    `there is no ${interpreter} on PATH: use an image with ${name}`,
    { isLast: true },
  );
}

function startFailed({ interpreter }: Language, error: unknown): AttemptFailed {
  const why =
    errorCode(error) === 'E2BIG' ? 'arguments and environment are too long' : messageOf(error);
  return new AttemptFailed('InterpreterFailed', `${interpreter} could not be started: ${why}`, {
    cause: error,
  });
}

function success(result: Result | undefined): Pick<Outcome, 'reason' | 'message' | 'result'> {
  if (result === undefined) return { reason: 'Completed', message: 'succeeded' };
  const message = 'error' in result ? `succeeded, but ${result.error.message}` : 'succeeded';
  return { reason: 'Completed', message, result };
}

function reasonFor(
  { signal }: End,
  { isOutOfMemory, told }: { isOutOfMemory: boolean; told: ReturnType<Language['diagnose']> },
): Reason {
  if (isOutOfMemory) return 'OutOfMemory';
  return told ?? (signal === undefined ? 'FunctionFailed' : 'KilledBySignal');
}

function failure({ exitCode, signal }: End, lastErrorLine: string): string {
  const how = signal === undefined ? `exit code ${exitCode}` : `killed by ${signal}`;
  return lastErrorLine === '' ? how : `${how}: ${lastErrorLine}`;
}
