import { type Moment, onThisClock } from '../clock-steps.ts';
import type {
  DeploymentProgress,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { RolloutCounts } from '../owner/rollout-judgement.ts';
import type { Waiting } from '../deadline.ts';
import { parseTime, rfc3339 } from '../time.ts';

/*
 * The time-out of a deployment begins anew whenever the roll-out makes progress, as `progressDeadlineSeconds` of a Deployment
 * does: when more Pods are updated or available than ever, or fewer old ones are left. What was reached is kept in the status,
 * so that a restart neither loses nor lengthens the time-out; it is written at most ten times per time-out, and never for a
 * roll-out that is over within a tenth of it.
 */

/** Pods of all owners of a version together. */
export function sumOf(counts: readonly RolloutCounts[]): RolloutCounts {
  const sum = (of: (one: RolloutCounts) => number): number =>
    counts.reduce((all, one) => all + of(one), 0);
  return {
    wanted: sum(({ wanted }) => wanted),
    updated: sum(({ updated }) => updated),
    available: sum(({ available }) => available),
    existing: sum(({ existing }) => existing),
  };
}

/** What a deployment has reached at this moment, as it is recorded. */
export function reached(counts: RolloutCounts, now: number): DeploymentProgress {
  const { updated, available, existing } = counts;
  return { time: rfc3339(now), updated, available, old: Math.max(0, existing - updated) };
}

/** How a deployment stands to its time-out. */
export interface Elapsed {
  /** What is to be recorded; undefined where nothing is. */
  readonly record: DeploymentProgress | undefined;
  /** Since the last progress, in milliseconds. */
  readonly stillForMs: number;
  /** When to look again, in milliseconds; Infinity: not by itself. */
  readonly wakeAfterMs: number;
}

/** How long a deployment that began or was resumed at `startedAtMs` has made no progress. */
export function elapsed(
  { deploymentProgress: known }: KeptnWorkloadVersionStatus,
  at: Moment & {
    readonly counts: RolloutCounts;
    readonly startedAtMs: number;
    readonly timeoutMs: number;
  },
): Elapsed {
  const { counts, startedAtMs, timeoutMs, now } = at;
  const storedAtMs = Math.max(parseTime(known?.time) ?? 0, startedAtMs);
  // A clock that was set back before this process began must not lengthen the time-out without end.
  const recordedAtMs = Math.min(now, onThisClock(storedAtMs, at));
  const best = known === undefined ? reached(counts, now) : bestOf(known, reached(counts, now));
  if (known === undefined || isSame(best, known)) {
    const stillForMs = now - recordedAtMs;
    return {
      record: known === undefined ? { ...best, time: rfc3339(recordedAtMs) } : undefined,
      stillForMs,
      wakeAfterMs: nextLookMs(stillForMs, timeoutMs),
    };
  }
  const dueInMs = recordedAtMs + timeoutMs / 10 - now;
  return dueInMs > 0
    ? { record: undefined, stillForMs: 0, wakeAfterMs: Math.ceil(dueInMs) }
    : { record: best, stillForMs: 0, wakeAfterMs: nextLookMs(0, timeoutMs) };
}

/** After so long without progress a deployment is looked into: which Pods are not available, and why. */
export function looksStuck(stillForMs: number, timeoutMs: number): boolean {
  return stillForMs >= stuckAfterMs(timeoutMs);
}

function stuckAfterMs(timeoutMs: number): number {
  return Math.min(30_000, timeoutMs / 4);
}

function nextLookMs(stillForMs: number, timeoutMs: number): number {
  const stuckInMs = stuckAfterMs(timeoutMs) - stillForMs;
  return Math.ceil(stuckInMs > 0 ? stuckInMs : Math.max(0, timeoutMs - stillForMs) + 1);
}

/**
 * That a roll-out is waited for, as the condition says it; by what is on record, so that it changes only together with that.
 * Undefined before the deployment has begun.
 */
export function rolloutWait(
  { deploymentStartTime: since, deploymentProgress }: KeptnWorkloadVersionStatus,
  timeoutMs: number,
): Waiting | undefined {
  if (since === undefined) return undefined;
  const movedAtMs = Math.max(parseTime(deploymentProgress?.time) ?? 0, parseTime(since) ?? 0);
  const untilMs = Number.isFinite(timeoutMs) ? movedAtMs + timeoutMs : undefined;
  return { on: 'deployment', since, untilMs };
}

function bestOf(one: DeploymentProgress, other: DeploymentProgress): DeploymentProgress {
  return {
    time: other.time,
    updated: Math.max(one.updated, other.updated),
    available: Math.max(one.available, other.available),
    old: Math.min(one.old, other.old),
  };
}

function isSame(one: DeploymentProgress, other: DeploymentProgress): boolean {
  return (
    one.updated === other.updated && one.available === other.available && one.old === other.old
  );
}
