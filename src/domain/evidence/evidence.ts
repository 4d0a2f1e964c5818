import type { ContainerState, ContainerStatus, Pod } from '../../api/builtin.ts';
import { reportIn, type RunnerReport, type Told } from './runner-report.ts';
import { parseTime } from '../time.ts';

/** What is known of the last run of a Job's container. */
export interface Evidence {
  /** Kubernetes' word: Error, OOMKilled, Evicted, Completed, … */
  readonly reason: string;
  /** One sentence for people. */
  readonly message: string;
  readonly exitCode?: number;
  /** It ended only because its Pod was deleted: at a deadline, or when Kubernetes gave up. It explains nothing. */
  readonly wasStopped: boolean;
  /** How often it was started again, over all Pods of the Job. */
  readonly restarts: number;
  /** The end of what the container said last, at most 1,024 characters. */
  readonly output?: string;
  /** What Sluice's runner told, where it was the container's program. */
  readonly report?: RunnerReport;
}

/** Why a Pod does not start. `persists`: nothing will change until somebody changes something. */
export interface Hindrance {
  readonly reason: string;
  readonly message: string;
  readonly persists: boolean;
}

const longestOutput = 1024;
const longestQuote = 200;

interface Run {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly finishedAt: number;
  readonly wasStopped: boolean;
}

/**
 * What the Pods of a Job tell of its last finished run, or undefined while none has finished. A run that was stopped counts
 * only if there is no other. `container` is the one that matters; sidecars that others inject do not.
 */
export function evidenceOf(pods: readonly Pod[], container?: string): Evidence | undefined {
  const restarts = restartsOf(pods, container);
  const runs = pods.flatMap((pod) =>
    statusesOf(pod, container).flatMap((status) => runsOf(status, pod)),
  );
  const last = runs.reduce<Run | undefined>(tellingMore, undefined);
  if (last === undefined) return podFailure(pods, restarts);
  const { exitCode, wasStopped } = last;
  const told = reportIn(last.message);
  if (told !== undefined) {
    const { report } = told;
    const isBelied = report.succeeded && exitCode !== 0;
    const { reason, message } =
      isBelied || wasKilled(last, told) ? endOfRunner(last, told) : report;
    return {
      reason,
      message,
      exitCode,
      wasStopped: wasStopped && !report.final,
      restarts,
      report: isBelied ? { ...report, result: undefined } : report,
    };
  }
  const output = endOf(last.message, longestOutput);
  return {
    reason: last.reason,
    message: describeRun(last),
    exitCode,
    wasStopped,
    restarts,
    ...(output !== '' && { output }),
  };
}

/** Whether a runner that was to go on ended in another way than it would have by itself: then its last words are no reason. */
function wasKilled({ exitCode }: Run, told: Told): boolean {
  if (told.report.final || told.exitCode === undefined) return false;
  return exitCode !== told.exitCode && exitCode !== endedBySigterm;
}

/** How a runner ended that could not tell it, in Kubernetes' word, and what it had told before of a failure. */
function endOfRunner(run: Run, { report }: Told): Pick<Evidence, 'reason' | 'message'> {
  const end = describeRun({ ...run, message: '' });
  const message = report.succeeded ? end : `${end}; before that: ${report.message}`;
  return { reason: run.reason, message };
}

/** Why the Pods of a Job do not start, as the kubelet and the scheduler say; undefined when nothing is known to be wrong. */
export function hindranceOf(pods: readonly Pod[]): Hindrance | undefined {
  const starting = pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && (status?.phase ?? 'Pending') === 'Pending',
  );
  return (
    starting.map(refusedStart).find((found) => found !== undefined) ??
    starting.map(unschedulable).find((found) => found !== undefined)
  );
}

// What the kubelet reports while it retries. Its alternating words for one thing are one reason here, so that a status does
// not change with every try.
const refusals: ReadonlyMap<string, string> = new Map([
  ['ErrImagePull', 'ImagePullBackOff'],
  ...[
    'ImagePullBackOff',
    'InvalidImageName',
    'ErrImageNeverPull',
    'ImageInspectError',
    'RegistryUnavailable',
    'SignatureValidationFailed',
    'CreateContainerConfigError',
    'CreateContainerError',
    'RunContainerError',
    'PreCreateHookError',
    'PreStartHookError',
    'PostStartHookError',
  ].map((reason) => [reason, reason] as const),
]);

/** Whether a reason is one that `hindranceOf` gives. */
export function isHindrance(reason: string): boolean {
  return reason === unschedulableReason || refusals.has(reason);
}

const unschedulableReason = 'Unschedulable';

function refusedStart(pod: Pod): Hindrance | undefined {
  for (const { name, state } of statusesOf(pod)) {
    const reason = refusals.get(state?.waiting?.reason ?? '');
    if (reason !== undefined) {
      const why = state?.waiting?.message ?? state?.waiting?.reason ?? '';
      return { reason, message: `container ${name} cannot start: ${why}`, persists: true };
    }
  }
  return undefined;
}

function unschedulable(pod: Pod): Hindrance | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== unschedulableReason) return undefined;
  const message = `no node takes the Pod: ${scheduled.message ?? 'the scheduler gives no reason'}`;
  return { reason: unschedulableReason, message, persists: false };
}

function statusesOf(pod: Pod, container?: string): readonly ContainerStatus[] {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const all = [...initContainerStatuses, ...containerStatuses];
  const named = all.filter(({ name }) => name === container);
  return named.length > 0 ? named : all;
}

function runsOf({ state, lastState }: ContainerStatus, pod: Pod): Run[] {
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  return [
    ...runOf(lastState, () => false),
    ...runOf(
      state,
      (run) => isGoing && stoppedReasons.has(run.reason ?? '') && isSignal(run.exitCode),
    ),
  ];
}

type Terminated = NonNullable<ContainerState['terminated']>;

// What the kubelet writes when it stops a container itself. OOMKilled is not among them.
const stoppedReasons: ReadonlySet<string> = new Set([
  '',
  'Error',
  'Completed',
  'ContainerStatusUnknown',
]);

/** 128 + SIGTERM: how Kubernetes asks a container to end. */
const endedBySigterm = 143;

/** By SIGTERM or SIGKILL. */
function isSignal(exitCode: number): boolean {
  return exitCode === endedBySigterm || exitCode === 137;
}

function runOf(state: ContainerState | undefined, wasStopped: (run: Terminated) => boolean): Run[] {
  const run = state?.terminated;
  if (run === undefined) return [];
  return [
    {
      exitCode: run.exitCode,
      reason: run.reason || (run.exitCode === 0 ? 'Completed' : 'Error'),
      message: run.message ?? '',
      finishedAt: parseTime(run.finishedAt) ?? 0,
      wasStopped: wasStopped(run),
    },
  ];
}

function tellingMore(one: Run | undefined, other: Run): Run {
  if (one === undefined) return other;
  if (one.wasStopped !== other.wasStopped) return one.wasStopped ? other : one;
  if (one.finishedAt !== other.finishedAt) return one.finishedAt > other.finishedAt ? one : other;
  // Of two that ended in the same second the failed one explains more.
  return one.exitCode !== 0 ? one : other;
}

function restartsOf(pods: readonly Pod[], container?: string): number {
  const starts = pods
    .map((pod) => statusesOf(pod, container))
    .filter((statuses) =>
      statuses.some(({ state, lastState }) => hasRun(state) || hasRun(lastState)),
    )
    .map((statuses) => 1 + Math.max(0, ...statuses.map(({ restartCount = 0 }) => restartCount)));
  return Math.max(0, starts.reduce((sum, count) => sum + count, 0) - 1);
}

function hasRun(state: ContainerStatus['state']): boolean {
  return state?.terminated !== undefined || state?.running !== undefined;
}

/** A Pod that failed without a container that ended: evicted, or its node was lost. */
function podFailure(pods: readonly Pod[], restarts: number): Evidence | undefined {
  const failed = pods.findLast(({ status }) => status?.phase === 'Failed');
  if (failed === undefined) return undefined;
  const { reason: word, message: words, conditions = [] } = failed.status ?? {};
  // Of a node that is gone no kubelet says anything: what took its Pods away has left this condition.
  const disruption = conditions.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  const reason = word || disruption?.reason || 'PodFailed';
  const message = words || disruption?.message || 'the Pod gives no reason';
  return {
    reason,
    message: `Pod ${failed.metadata.name} failed: ${message}`,
    wasStopped: false,
    restarts,
  };
}

/** How a run ended, as a sentence with the last line it said. */
export function describeRun(run: {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message: string;
  readonly wasStopped?: boolean;
}): string {
  if (run.wasStopped === true) {
    return `the container was still running and was stopped (exit code ${run.exitCode})`;
  }
  const lastLine = run.message.trimEnd().split('\n').at(-1)?.trim() ?? '';
  const word = run.reason === undefined ? '' : ` (${run.reason})`;
  const quote = lastLine === '' ? '' : `: ${endOf(lastLine, longestQuote)}`;
  return `the container ended with exit code ${run.exitCode}${word}${quote}`;
}

/** The end of a text without the space around it, cut so that no character is split. */
function endOf(text: string, longest: number): string {
  return text
    .trim()
    .slice(-longest)
    .replace(/^[\uDC00-\uDFFF]/, '')
    .trimStart();
}
