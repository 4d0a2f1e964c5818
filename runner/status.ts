import { Buffer } from 'node:buffer';
import type { Reason } from './failure.ts';
import type { LanguageName } from './languages/language.ts';
import type { End } from './process-group.ts';
import type { Result } from './result.ts';

/** What there is to say about one attempt. Times are milliseconds, `startedAt` since the epoch. */
export interface AttemptRecord {
  readonly number: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly reason: Reason;
  /** Undefined: no process ended. */
  readonly end: End | undefined;
  readonly lastErrorLine: string;
  readonly isOutputTruncated: boolean;
}

/** What there is to say about a run. */
export interface Report {
  readonly reason: Reason;
  readonly message: string;
  readonly exitCode: number;
  readonly isFinal: boolean;
  readonly now: number;
  readonly startedAt: number;
  /** Undefined: the settings were wrong. */
  readonly runtime: LanguageName | undefined;
  readonly attemptsAllowed: number;
  readonly attempts: readonly AttemptRecord[];
  readonly result: Result | undefined;
}

/** What the kubelet keeps of a termination message; of a longer one it keeps the end, which is no JSON. */
export const statusLimitBytes = 4_096;
const longestMessage = 1_024;
const longestLine = 256;

/** The status file of README.md: JSON of at most 4,096 bytes. What does not fit goes, least important first. */
export function statusText(report: Report): string {
  const attempts = report.attempts.map((attempt) => ({
    ...attempt,
    lastErrorLine: cut(attempt.lastErrorLine, longestLine),
  }));
  let shown: Report = { ...report, message: cut(report.message, longestMessage), attempts };
  let text = written(shown, report.attempts.length);
  while (Buffer.byteLength(text) > statusLimitBytes) {
    shown = shortened(shown);
    text = written(shown, report.attempts.length);
  }
  return text;
}

function shortened(report: Report): Report {
  const { attempts, message } = report;
  if (attempts.length > 1) return { ...report, attempts: attempts.slice(1) };
  if (message.length > 64)
    return { ...report, message: cut(message, Math.floor(message.length * 0.9)) };
  return { ...report, attempts: attempts.map((attempt) => ({ ...attempt, lastErrorLine: '' })) };
}

function written(report: Report, attemptsMade: number): string {
  const { result, attempts } = report;
  const omitted = attemptsMade - attempts.length;
  const fields = JSON.stringify({
    status: report.reason === 'Completed' ? 'succeeded' : 'failed',
    message: report.message,
    timestamp: timeText(report.now),
    reason: report.reason,
    exitCode: report.exitCode,
    final: report.isFinal,
    runtime: report.runtime,
    attemptsAllowed: report.attemptsAllowed,
    attemptsMade,
    startedAt: timeText(report.startedAt),
    durationMs: milliseconds(report.now - report.startedAt),
    resultError:
      result !== undefined && 'error' in result
        ? { reason: result.error.reason, message: cut(result.error.message, longestLine) }
        : undefined,
  });
  const told = JSON.stringify({
    attemptsOmitted: omitted === 0 ? undefined : omitted,
    attempts: attempts.map(attemptFields),
  });
  const returned = result === undefined || 'error' in result ? '' : `,"result":${result.json}`;
  // The attempts come last: in a Pod with more than three containers the kubelet cuts the end off.
  return `${fields.slice(0, -1)}${returned},${told.slice(1)}`;
}

function attemptFields(attempt: AttemptRecord): Record<string, unknown> {
  return {
    number: attempt.number,
    startedAt: timeText(attempt.startedAt),
    durationMs: milliseconds(attempt.durationMs),
    reason: attempt.reason,
    ...attempt.end,
    lastErrorLine: attempt.lastErrorLine || undefined,
    outputTruncated: attempt.isOutputTruncated || undefined,
  };
}

/** A duration is none below zero, even where the clock was set back. */
function milliseconds(duration: number): number {
  return Math.max(0, Math.round(duration));
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** At most this many characters, none of them half. */
function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/u, '')}…`;
}
