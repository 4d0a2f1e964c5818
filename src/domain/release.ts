import type { KeptnApp } from '../api/keptn/app.ts';
import type { KeptnAppVersion } from '../api/keptn/app-version.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../api/keptn/workload-version.ts';
import type { PhaseOutcome } from './advance.ts';
import { conditionOf, conditionTypes, type Progress, withCondition } from './conditions.ts';
import type { OwnerSeen } from './current-revision.ts';
import { appChecks, newestListing } from './newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from './phase-event.ts';
import type { Phase } from './phases.ts';
import { rolloutStatus, type RolloutStatus } from './rollout-status.ts';
import { parseTime, rfc3339 } from './time.ts';

/** What decides whether the Pods of a version may start, and whether they have. */
export interface ReleaseSeen {
  readonly version: KeptnWorkloadVersion;
  readonly now: number;
  readonly app: KeptnApp | undefined;
  readonly appVersions: readonly KeptnAppVersion[];
  /** The owners of the workload whose current revision carries this version. */
  readonly owners: readonly OwnerSeen[];
  /** The revisions of Pods of this version that were admitted and not dealt with yet. */
  readonly revisions: readonly string[];
  readonly observabilityTimeoutMs: number;
  readonly subject: PhaseSubject;
}

type Outcome = PhaseOutcome<KeptnWorkloadVersionStatus>;

/**
 * The deployment phase of a workload version. *Released* is one durable fact: the condition of that name, stated here and
 * nowhere else, together with deploymentStatus Progressing and before the first gate is lifted; and only if the newest app
 * version that lists this version has finished its own checks at this moment (design, "Released").
 */
export function runDeployment(
  phase: Phase,
  status: KeptnWorkloadVersionStatus,
  seen: ReleaseSeen,
): Outcome {
  return isReleased(status) ? judge(phase, status, seen) : release(status, seen);
}

/** Whether the Pods of a version with this status may start. */
export function isReleased(status: KeptnWorkloadVersionStatus | undefined): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Released' && is === 'True') ===
    true
  );
}

/** What a version waits for before its own checks or its deployment may begin; undefined when nothing holds it. */
export function waitForApp(
  seen: Pick<ReleaseSeen, 'version' | 'app' | 'appVersions'>,
): Progress | undefined {
  const { version } = seen;
  const listing = newestListing(version, seen);
  if (listing === undefined) {
    return {
      kind: 'waiting',
      reason: 'AppVersionNotFound',
      message: `no KeptnAppVersion of application ${version.spec.app} lists version ${version.spec.version} of this workload yet`,
    };
  }
  const { name } = listing.metadata;
  switch (appChecks(listing)) {
    case 'open':
      return {
        kind: 'waiting',
        reason: 'WaitingForAppChecks',
        message: `the pre-deployment checks of KeptnAppVersion ${name} are not finished`,
      };
    case 'failed':
      return {
        kind: 'stalled',
        reason: 'AppChecksFailed',
        message: `the pre-deployment checks of KeptnAppVersion ${name} have failed: ${conditionOf(listing, conditionTypes.succeeded)?.message ?? 'no reason is recorded'}`,
      };
    case 'passed':
    case 'warned':
      return undefined;
  }
}

/** The revisions that may start, with new ones added; the same list when there is none. */
export function withRevisions(
  known: readonly string[] | undefined,
  found: readonly string[],
): string[] {
  return [...new Set([...(known ?? []), ...found])];
}

function release(status: KeptnWorkloadVersionStatus, seen: ReleaseSeen): Outcome {
  const { version, now } = seen;
  const holdup = waitForApp(seen);
  if (holdup !== undefined) return { state: 'Pending', progress: holdup, eventful: true };
  const listing = newestListing(version, seen);
  const warned =
    status.preDeploymentStatus === 'Warning' ||
    status.preDeploymentEvaluationStatus === 'Warning' ||
    (listing !== undefined && appChecks(listing) === 'warned');
  const condition = {
    type: conditionTypes.released,
    status: 'True',
    reason: warned ? 'Warning' : 'ChecksPassed',
    message: warned
      ? 'pre-deployment checks have failed, which does not block; the Pods may start'
      : 'the pre-deployment checks have passed; the Pods may start',
    ...(version.metadata.generation !== undefined && {
      observedGeneration: version.metadata.generation,
    }),
  } as const;
  const current = seen.owners.flatMap(({ current: now_ }) =>
    now_ === undefined ? [] : [now_.revision],
  );
  return {
    state: 'Progressing',
    changes: {
      deploymentStartTime: rfc3339(now),
      conditions: [...withCondition(status.conditions, condition, now)],
      releasedRevisions: withRevisions(status.releasedRevisions, [...current, ...seen.revisions]),
    },
    // What the next look will say as well, so that it has nothing to write.
    progress: awaiting(firstOpen(seen.owners)),
    eventful: true,
    wakeAfterMs: seen.observabilityTimeoutMs,
  };
}

/** An owner whose roll-out is not over. */
interface OpenRollout {
  readonly name: string;
  readonly rollout: RolloutStatus;
}

function firstOpen(owners: readonly OwnerSeen[]): OpenRollout | undefined {
  return owners
    .map(({ owner }) => ({ name: owner.object.metadata.name, rollout: rolloutStatus(owner) }))
    .find(({ rollout }) => rollout.state !== 'deployed');
}

function awaiting(open: OpenRollout | undefined): Progress {
  return open === undefined
    ? {
        kind: 'waiting',
        reason: 'OwnerNotKnown',
        message: 'the owner of the Pods, or its current revision, is not known yet',
      }
    : {
        kind: 'waiting',
        reason: open.rollout.reason,
        message: `${open.name}: ${open.rollout.message}`,
      };
}

function judge(phase: Phase, status: KeptnWorkloadVersionStatus, seen: ReleaseSeen): Outcome {
  const open = firstOpen(seen.owners);
  if (seen.owners.length > 0 && open === undefined) {
    return {
      state: 'Succeeded',
      progress: { kind: 'waiting', reason: 'Deployed', message: 'the workload is deployed' },
      eventful: true,
    };
  }
  return open?.rollout.state === 'paused'
    ? paused(status, open, seen.now)
    : awaited(phase, status, { seen, open });
}

/** While the roll-out is paused the clock stands still: what was paused is added to the start when it goes on. */
function paused(status: KeptnWorkloadVersionStatus, open: OpenRollout, now: number): Outcome {
  const { rollout } = open;
  const condition = {
    type: pausedType,
    status: 'True',
    reason: rollout.reason,
    message: rollout.message,
  } as const;
  return {
    state: 'Progressing',
    changes: { conditions: [...withCondition(status.conditions, condition, now)] },
    progress: awaiting(open),
    eventful: true,
  };
}

function awaited(
  phase: Phase,
  stored: KeptnWorkloadVersionStatus,
  at: { seen: ReleaseSeen; open: OpenRollout | undefined },
): Outcome {
  const { now, observabilityTimeoutMs, subject } = at.seen;
  const resumed = afterPause(stored, now);
  const startedAt = parseTime(resumed.deploymentStartTime ?? stored.deploymentStartTime) ?? now;
  const leftMs = startedAt + observabilityTimeoutMs - now;
  const progress = awaiting(at.open);
  if (leftMs < 0) {
    const seconds = Math.round(observabilityTimeoutMs / 1000);
    return {
      state: 'Failed',
      changes: resumed,
      progress: {
        kind: 'failed',
        reason: 'DeploymentTimedOut',
        message: `the deployment has not ended within the observability time-out of ${seconds} s: ${progress.message}`,
      },
      events: [
        phaseEvent(subject, phase, {
          suffix: 'Finished',
          text: 'has reached timeout',
          type: 'Warning',
        }),
      ],
      eventful: true,
    };
  }
  return {
    state: 'Progressing',
    changes: resumed,
    progress,
    eventful: true,
    wakeAfterMs: leftMs + 1,
  };
}

const pausedType = 'Paused';

function afterPause(
  status: KeptnWorkloadVersionStatus,
  now: number,
): Partial<KeptnWorkloadVersionStatus> {
  const pause = status.conditions?.find(
    ({ type, status: is }) => type === pausedType && is === 'True',
  );
  const pausedAt = parseTime(pause?.lastTransitionTime);
  const startedAt = parseTime(status.deploymentStartTime);
  if (pausedAt === undefined || startedAt === undefined) return {};
  const over = {
    type: pausedType,
    status: 'False',
    reason: 'Resumed',
    message: 'the roll-out goes on',
  } as const;
  return {
    deploymentStartTime: rfc3339(startedAt + (now - pausedAt)),
    conditions: [...withCondition(status.conditions, over, now)],
  };
}
