import { execute, type Executed, startFailed } from './execution.ts';
import { AttemptFailed, type Reason } from './failure.ts';
import type { Invocation, Language } from './languages/language.ts';
import { isOfPrlimit, type Limits } from './limits.ts';
import { Output, type OutputTo } from './output.ts';
import { outOfMemoryKills } from './out-of-memory.ts';
import { type End, exitCodeOf } from './process-group.ts';
import { programOn } from './program.ts';
import { type Result, resultIn } from './result.ts';

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

/** Runs the script once. Throws `AttemptFailed` if it cannot be started. */
export async function attempt(plan: AttemptPlan, stop: AbortSignal): Promise<Outcome> {
  const { language, invocation } = plan;
  const program = programOn(plan.env['PATH'], language.interpreter);
  if (program === undefined) throw interpreterMissing(language);
  const output = new Output(plan.output);
  const run = (args: readonly string[]): Promise<Executed> =>
    execute({ ...plan, command: { program, args }, output }, stop);
  const kills = outOfMemoryKills();
  const checked = language.check && (await run(language.check(invocation)));
  const isReadable = checked === undefined || isSuccess(checked);
  const executed = isReadable ? await run(language.args(invocation)) : checked;
  const { end } = executed;
  const { lastErrorLine, isTruncated: isOutputTruncated } = output;
  const found = { end, lastErrorLine, isOutputTruncated };
  if (executed.stop !== undefined) {
    const { reason, message } = executed.stop;
    return { ...found, reason, message, exitCode: executed.stop.exitCode(end.exitCode) };
  }
  if (isSuccess(executed)) {
    const result = resultIn(invocation.resultFile);
    return { ...found, ...success(result), lastErrorLine: '', exitCode: 0 };
  }
  if (isOfPrlimit(lastErrorLine)) throw startFailed(program, new Error(lastErrorLine));
  const reason = reasonFor(end, {
    isOutOfMemory: outOfMemoryKills() > kills,
    told: isReadable ? language.diagnose(lastErrorLine) : unreadable(end),
  });
  const exitCode = end.signal === undefined ? (end.exitCode ?? 1) : exitCodeOf(end.signal);
  const remedy = language.remedy?.(lastErrorLine, invocation);
  const failed = failure(end, lastErrorLine);
  const message = remedy === undefined ? failed : `${remedy} (${failed})`;
  return { ...found, reason, message, exitCode };
}

function isSuccess({ end, stop }: Executed): boolean {
  return stop === undefined && end.exitCode === 0;
}

function unreadable({ signal }: End): 'SyntaxError' | undefined {
  return signal === undefined ? 'SyntaxError' : undefined;
}

function interpreterMissing({ interpreter, name }: Language): AttemptFailed {
  return new AttemptFailed(
    'InterpreterMissing',
    `there is no ${interpreter} on PATH: use an image with ${name}`,
    { isLast: true },
  );
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
