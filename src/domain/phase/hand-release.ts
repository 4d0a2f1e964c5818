import type { HandRelease } from '../../api/keptn/steering.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { anew, openNextAttempt } from './attempt.ts';
import {
  type ConditionChange,
  conditionTypes,
  observed,
  type Stating,
  withCondition,
} from '../conditions.ts';
import type { CheckPhase, Phase } from './phases.ts';
import type { EventNote, Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import { releaseExpired } from '../trouble.ts';
import type { VersionStatus } from './version-status.ts';

/*
 * A version that a person releases although its checks have not passed: Released, reason ReleasedByHand, until the time that is
 * on record. Until then a failed pre-deployment check counts as a Warning. When the time is over, Pods that have started go on
 * and further ones are held, unless the checks have passed meanwhile. Of an application it is its own checks that hold no
 * workload until then; those of the workloads count as ever.
 */

/** The reason of the condition Released for it. */
export const byHand = 'ReleasedByHand';

/** The release by hand that is in force by the condition of a status; whether its time is over is not asked. */
export function handReleaseOf(status: VersionStatus | undefined): HandRelease | undefined {
  const released = status?.conditions?.find(({ type }) => type === conditionTypes.released);
  return released?.status === 'True' && released.reason === byHand
    ? status?.releasedByHand
    : undefined;
}

/** The release by hand that holds at this moment. */
export function handReleaseAt(
  status: VersionStatus | undefined,
  now: number,
): HandRelease | undefined {
  const release = handReleaseOf(status);
  return release !== undefined && untilOf(release) > now ? release : undefined;
}

/** Whether what was created at that time was let through by a hand: it goes on when the release is over. */
export function wasReleasedAt(
  status: VersionStatus | undefined,
  created: string | undefined,
): boolean {
  const release = status?.releasedByHand;
  const createdAtMs = parseTime(created);
  return release !== undefined && createdAtMs !== undefined && createdAtMs <= untilOf(release);
}

/** When a release ends, in milliseconds since the Unix epoch; one whose time cannot be read is over. */
export function untilOf({ until }: HandRelease): number {
  return parseTime(until) ?? 0;
}

/** `alice released it by hand until 2026-01-01T10:00:00Z: hotfix` */
export function describeRelease({ user, until, reason, appVersion }: HandRelease): string {
  const what = appVersion === undefined ? 'it' : `KeptnAppVersion ${appVersion}`;
  return `${user} released ${what} by hand until ${until}: ${reason}`;
}

/** The condition Released and the record of this release. */
export function withHandRelease<S extends VersionStatus>(
  status: S,
  release: HandRelease,
  at: Stating,
): S {
  const condition = stating(
    { status: 'True', reason: byHand, message: describeRelease(release) },
    at.of,
  );
  return {
    ...status,
    releasedByHand: release,
    conditions: withCondition(status.conditions, condition, at.now),
  };
}

/** The status with the release taken back whose time is over; the same one if there is none. */
export function withExpiry<S extends VersionStatus>(status: S, at: Stating): S {
  const release = handReleaseOf(status);
  if (release === undefined || untilOf(release) > at.now) return status;
  const message = `the release by hand is over, and its checks have not passed: ${describeRelease(release)}; Pods that started go on, further ones are held: retry the checks, or release it again`;
  const condition = stating({ status: 'False', reason: releaseExpired, message }, at.of);
  return { ...status, conditions: withCondition(status.conditions, condition, at.now) };
}

function stating(
  condition: Pick<ConditionChange, 'status' | 'reason' | 'message'>,
  of: Stating['of'],
): ConditionChange {
  return {
    type: conditionTypes.released,
    ...condition,
    ...observed(of),
  };
}

/**
 * The status of a version that has failed before it was Released, going on as the next attempt: the pre-deployment phase that
 * failed is a Warning with its checks as they ended, and what never ran begins.
 */
export function goingOn<S extends VersionStatus>(
  status: S,
  { phases, now }: { readonly phases: readonly Phase[]; readonly now: number },
): S {
  return openNextAttempt(status, {
    phases,
    now,
    setBack: (from, phase) => {
      const isBefore =
        phase.type !== 'deploy' && (phase.checkType === 'pre' || phase.checkType === 'pre-eval');
      const hasFailed = from[phase.state] === 'Failed';
      return isBefore && hasFailed ? { [phase.state]: 'Warning' } : anew(from, phase);
    },
  });
}

/** Whether pre-deployment checks have only warned, or are open, in a version that a hand has released. */
export function isHeldByChecks(status: VersionStatus | undefined): boolean {
  const { preDeploymentStatus, preDeploymentEvaluationStatus } = status ?? {};
  return preDeploymentStatus !== 'Succeeded' || preDeploymentEvaluationStatus !== 'Succeeded';
}

/** Whether a failure of this phase holds nothing at this moment, because somebody has released the version. */
export function isExcused(phase: CheckPhase, status: VersionStatus, now: number): boolean {
  const isBefore = phase.checkType === 'pre' || phase.checkType === 'pre-eval';
  return isBefore && handReleaseAt(status, now) !== undefined;
}

/** The Event that a release by hand is over. */
export function releaseEnded(about: KubernetesObject, status: VersionStatus): EventNote {
  const { message = '' } =
    status.conditions?.find(({ type }) => type === conditionTypes.released) ?? {};
  return { about, type: 'Warning', reason: releaseExpired, message };
}

/** The plan, looked at again when the release by hand ends, whatever else is waited for. */
export function untilReleaseEnds(
  plan: Plan,
  { version, now }: { readonly version: { readonly status?: VersionStatus }; readonly now: number },
): Plan {
  const release = handReleaseOf(version.status);
  if (release === undefined) return plan;
  const endsAfterMs = Math.max(0, untilOf(release) - now);
  return { ...plan, wakeAfterMs: Math.min(plan.wakeAfterMs ?? endsAfterMs, endsAfterMs) };
}
