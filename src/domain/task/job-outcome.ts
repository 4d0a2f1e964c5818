import type { Job, Pod } from '../../api/builtin.ts';
import type { Evidence, Hindrance } from '../evidence/evidence.ts';
import type { JobEnd } from './job-stage.ts';
import { isLostRun } from '../job/lost-run.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { parseTime } from '../time.ts';
import { remainingMs } from '../remaining.ts';

/** Why a task has failed, for its status. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** The word of Jobs whose container's exit was the end; the exit says more. */
export const exitWasTheEnd = 'PodFailurePolicy';

/**
 * Why a Job has failed: in the words of the runner or of the run that failed, where these brought the end about, and before
 * the words of Kubernetes where those did. `told` is what is known of the runs otherwise.
 */
export function failureOf(
  end: JobEnd,
  evidence: Evidence | undefined,
  told: string | undefined,
): Failure {
  const { reason, message } = end;
  const report = evidence?.report;
  if (report?.final === true && !report.succeeded)
    return { reason: report.reason, message: report.message };
  if (end.lostPods !== undefined && evidence !== undefined && isLostRun(evidence)) {
    const word = evidence.reason === 'Error' ? 'PodLost' : evidence.reason;
    const pods = end.lostPods === 1 ? 'its Pod was lost' : `${end.lostPods} Pods were lost`;
    return { reason: word, message: `${evidence.message}; ${pods}, Kubernetes replaces no more` };
  }
  if (reason === exitWasTheEnd && evidence !== undefined && !evidence.wasStopped) {
    const word = evidence.reason === 'Error' ? 'FunctionFailed' : evidence.reason;
    return { reason: word, message: evidence.message };
  }
  const unseen =
    reason === 'DeadlineExceeded'
      ? 'no run of its container was seen to end before that'
      : 'its Pods were gone before their end was seen';
  // The cause first: what shows it may cut the rest.
  return { reason, message: told === undefined ? `${message}; ${unseen}` : `${told} (${message})` };
}

/** How long a Pod may take to end once its task has: sidecars that know how to end need some time for it. */
const sidecarsEndWithinMs = 10_000;

/** A task whose container has ended while the Pod runs on. */
export type Lingering = { readonly end: JobEnd } | { readonly askAgainMs: number } | undefined;

/**
 * Whether only sidecars keep a Job from ending: meshes inject containers that never end, and a Job waits for all of them
 * (sidecars of Kubernetes' own kind apart). What the task's container came to is then the end.
 */
export function lingering(
  pods: readonly Pod[],
  container: string | undefined,
  moment: Moment,
): Lingering {
  const { now } = moment;
  for (const { status, spec, metadata } of pods) {
    if (status?.phase !== 'Running' || metadata.deletionTimestamp !== undefined) continue;
    const statuses = status.containerStatuses ?? [];
    const ended = statuses.find(({ name }) => name === container)?.state?.terminated;
    if (ended === undefined || !statuses.some(({ state }) => state?.running !== undefined))
      continue;
    const { exitCode } = ended;
    if (exitCode !== 0 && spec?.['restartPolicy'] !== 'Never') continue;
    const endedAtMs = onThisClock(parseTime(ended.finishedAt) ?? now, moment);
    const askAgainMs = remainingMs(endedAtMs, sidecarsEndWithinMs, now);
    if (askAgainMs > 0) return { askAgainMs };
    const message = `the container of the task ended with exit code ${exitCode}; sidecars kept its Pod running and were stopped`;
    const succeeded = exitCode === 0;
    return { end: { succeeded, reason: succeeded ? 'Succeeded' : exitWasTheEnd, message } };
  }
  return undefined;
}

/**
 * The end of a function whose runner has told a failure that is final, though Kubernetes would replace its Pod: a runner of an
 * earlier release exits with whatever code its script had.
 */
export function finalWord(job: Job, evidence: Evidence | undefined): JobEnd | undefined {
  const report = evidence?.report;
  if (job.spec['podFailurePolicy'] === undefined || report?.final !== true || report.succeeded)
    return undefined;
  if (evidence === undefined || !isLostRun(evidence)) return undefined;
  const message = `the container of the task ended with exit code ${evidence.exitCode}`;
  return { succeeded: false, reason: exitWasTheEnd, message };
}

// An image name that is none, or an image that must be there already: no Pod of this Job will ever start.
const hopeless: ReadonlySet<string> = new Set(['InvalidImageName', 'ErrImageNeverPull']);

/** The failure of a task whose Job cannot start whatever happens; undefined where waiting may help. */
export function hopelessStart(hindrance: Hindrance | undefined): Failure | undefined {
  if (hindrance === undefined || !hopeless.has(hindrance.reason)) return undefined;
  const { reason, message } = hindrance;
  return { reason, message: `${message}; correct the image and start the task anew` };
}
