import type { FunctionRun } from '../../api/keptn/task.ts';
import { runnerStatusIn, type RunnerStatus } from '../../api/runner-status.ts';
import { defined } from '../../api/json.ts';

/** What a runner told of its function, in the words of KeptnTask.status. */
export interface RunnerReport {
  readonly succeeded: boolean;
  readonly reason: string;
  readonly message: string;
  /** False while the runner meant to go on: its container was ended from outside. */
  readonly final: boolean;
  readonly runs: readonly FunctionRun[];
  /** The JSON that the function returned; undefined where it returned none. */
  readonly result: unknown;
}

/** A report, and the exit code with which its runner meant to end. */
export interface Told {
  readonly report: RunnerReport;
  /** Undefined where the message does not say it. */
  readonly exitCode: number | undefined;
}

/** The report in a termination message; undefined where another program wrote it. */
export function reportIn(message: string): Told | undefined {
  const status = runnerStatusIn(message);
  if (status === undefined) return undefined;
  const { reason, final, result, resultError, exitCode } = status;
  const lost =
    resultError === undefined ? '' : `; its result was not taken: ${resultError.message}`;
  const report = {
    succeeded: status.status === 'succeeded',
    reason,
    message: `${status.message}${lost}`,
    final,
    runs: runsOf(status),
    result,
  };
  return { report, exitCode };
}

function runsOf({ attempts = [] }: RunnerStatus): FunctionRun[] {
  return attempts.map(({ startedAt, durationMs, exitCode, signal, reason, lastErrorLine }) => ({
    ...defined({
      startTime: startedAt,
      durationMilliseconds: durationMs,
      exitCode,
      signal,
      reason,
    }),
    ...(lastErrorLine !== undefined && lastErrorLine !== '' && { message: lastErrorLine }),
  }));
}
