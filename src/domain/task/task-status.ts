import type { Job } from '../../api/builtin.ts';
import type { KeptnState } from '../../api/keptn/states.ts';
import type { FunctionRun, KeptnTask, KeptnTaskStatus } from '../../api/keptn/task.ts';
import {
  conditionTypes,
  observed,
  type Progress,
  withCondition,
  withProgress,
} from '../conditions.ts';
import { describeRun, type Evidence } from '../evidence/evidence.ts';
import { isLostRun } from '../job/lost-run.ts';
import type { RunnerReport } from '../evidence/runner-report.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { defined } from '../../api/json.ts';

/** The states a KeptnTask goes through, as statuses: each function answers with the whole next status. */

/** Reasons that are the normal course of a task: they stand in the conditions only. */
export const jobRunning = 'JobRunning';

/** The task before its Job exists, or while it runs: state and Job stay, conditions and message say why it waits. */
export function waiting(task: KeptnTask, progress: Progress, now: number): KeptnTaskStatus {
  const { reason: _reason, message: _message, ...status } = stated(task, progress, now);
  const isNews = progress.reason !== jobRunning;
  return {
    ...status,
    status: status.status ?? 'Pending',
    ...(isNews && { reason: progress.reason, message: progress.message }),
  };
}

/** The task with its Job taken down: from now on this Job, by uid, is the only one of this attempt. */
export function withJob(
  task: KeptnTask,
  job: Job,
  at: { now: number; collisionCount: number },
): KeptnTask {
  const status = task.status ?? {};
  const uid = job.metadata.uid;
  if (status.jobUID !== undefined && status.jobUID === uid) return task;
  const { collisionCount } = at;
  return {
    ...task,
    status: {
      ...status,
      status: 'Progressing',
      jobName: job.metadata.name,
      ...defined({ jobUID: uid }),
      startTime: status.startTime ?? rfc3339(at.now),
      attempt: attemptOf(task),
      ...(collisionCount > 0 && {
        collisionCount,
        conditions: withCondition(status.conditions, nameTaken(job), at.now),
      }),
    },
  };
}

/** The task with what is known of its runs so far. */
export function withEvidence(task: KeptnTask, evidence: Evidence): KeptnTask {
  const { status = {} } = withoutEvidence(task);
  const { exitCode, report, output = report && evidence.message } = evidence;
  return {
    ...task,
    status: {
      ...status,
      restarts: Math.max(evidence.restarts, status.restarts ?? 0),
      ...defined({ exitCode, output }),
      ...(report !== undefined && report.runs.length > 0 && { runs: [...report.runs] }),
      ...defined({ result: report?.result }),
    },
  };
}

/** The task without evidence of a run that was not its last. */
export function withoutEvidence(task: KeptnTask): KeptnTask {
  const {
    exitCode: _exitCode,
    output: _output,
    runs: _runs,
    result: _result,
    ...status
  } = task.status ?? {};
  return { ...task, status };
}

/** What an earlier status tells of the runs; undefined when it tells nothing. */
export function savedEvidence({ status = {} }: KeptnTask): Evidence | undefined {
  const { exitCode, output, restarts = 0, runs } = status;
  if (exitCode === undefined) return undefined;
  if (output !== undefined && runs !== undefined && isLostRun({ exitCode }))
    return { reason: 'Error', message: output, exitCode, wasStopped: false, restarts };
  const report = savedReport(output, runs);
  if (report !== undefined) {
    const { reason, message } = report;
    return { reason, message, exitCode, wasStopped: false, restarts, report };
  }
  const message = describeRun({ exitCode, message: output ?? '' });
  return {
    reason: 'Error',
    message,
    exitCode,
    wasStopped: false,
    restarts,
    ...defined({ output }),
  };
}

/** What a runner told before its Pod was gone. */
function savedReport(
  message: string | undefined,
  runs: readonly FunctionRun[] | undefined,
): RunnerReport | undefined {
  if (message === undefined || runs === undefined) return undefined;
  const reason = runs.at(-1)?.reason ?? 'FunctionFailed';
  return { succeeded: false, reason, message, final: true, runs, result: undefined };
}

/**
 * The task at its end. Nothing moves it on from there within this attempt. `jobMessage` is what the condition of its Job says:
 * scripts that were written for Keptn compare it, so that `message` is exactly this, and what is known beyond it is evidence.
 */
export function ended(
  task: KeptnTask,
  end: {
    state: KeptnState & ('Succeeded' | 'Failed' | 'Deprecated');
    reason: string;
    message: string;
    jobMessage?: string;
  },
  now: number,
): KeptnTaskStatus {
  const { state, reason, message, jobMessage = message } = end;
  const kind = state === 'Succeeded' ? 'succeeded' : 'failed';
  const {
    reason: _reason,
    message: _message,
    evidence: _evidence,
    ...status
  } = stated(task, { kind, reason, message }, now);
  // Clocks of two processes differ; nothing ends before it starts.
  const endTime = rfc3339(Math.max(now, parseTime(status.startTime) ?? now));
  const evidence = jobMessage === message ? {} : { evidence: { message } };
  const why = state === 'Succeeded' ? {} : { reason, message: jobMessage, ...evidence };
  const { jobName, jobUID, startTime, exitCode, restarts, runs } = status;
  const outcome = {
    status: state,
    ...why,
    ...defined({ exitCode, restarts, runs, startTime }),
    endTime,
  };
  const attempt = {
    attempt: attemptOf(task),
    ...defined({ jobName, jobUID }),
    ...outcome,
  };
  return { ...status, ...outcome, attempts: [...(status.attempts ?? []), attempt] };
}

/** The current attempt of a task, from 1. */
export function attemptOf({ status }: KeptnTask): number {
  return status?.attempt ?? 1;
}

/** Why a task is in its state, with all that is known. */
export function fullMessageOf(status: KeptnTaskStatus | undefined): string | undefined {
  return status?.evidence?.message ?? status?.message;
}

function stated(task: KeptnTask, progress: Progress, now: number): KeptnTaskStatus {
  return {
    ...task.status,
    conditions: withProgress(task.status?.conditions, progress, { now, of: task }),
    ...observed(task),
  };
}

function nameTaken(job: Job) {
  return {
    type: conditionTypes.nameTaken,
    status: 'True',
    reason: 'NameTaken',
    message: `the first name for the Job belongs to something else, so it is called ${job.metadata.name}`,
  } as const;
}
