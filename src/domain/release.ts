import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../api/keptn/workload-version.ts';
import type { PhaseOutcome } from './advance.ts';
import { conditionTypes, type Progress, withCondition } from './conditions.ts';
import type { OwnerSeen } from './current-revision.ts';
import { running, stopped } from './deployment-clock.ts';
import { appChecks, newestListing } from './newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from './phase-event.ts';
import { isPassed, type Phase } from './phases.ts';
import { rolloutStatus, type RolloutStatus } from './rollout-status.ts';
import { rfc3339 } from './time.ts';
import { type AppsSeen, waitForApp } from './wait-for-app.ts';

/** What decides whether the Pods of a version may start, and whether they have. */
export interface ReleaseSeen extends AppsSeen {
  readonly now: number;
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

/**
 * The status of a version with the release on record that Keptn gave it before Sluice took over; the stored one where there
 * is nothing to record. Keptn knew no such condition: it had released whatever it had deployed, or had given up deploying.
 * What it let through because a check had *failed* (deploymentStatus Deprecated, W1) is not released (B1). Of a StatefulSet or
 * DaemonSet Keptn did not say which revision it was: that is the one that carries the version now, and no later one.
 */
export function withKeptnsRelease(
  { spec, status = {}, metadata: { generation } }: KeptnWorkloadVersion,
  { now, owners }: { readonly now: number; readonly owners: readonly OwnerSeen[] },
): KeptnWorkloadVersionStatus {
  const { deploymentStatus: state, conditions } = status;
  const isKnown = conditions?.some(({ type }) => type === conditionTypes.released) === true;
  if (isKnown || !(isPassed(state) || state === 'Failed')) return status;
  const condition = {
    type: conditionTypes.released,
    status: 'True',
    reason: 'ReleasedByKeptn',
    message: 'Keptn had released the Pods of this version before Sluice took over',
    ...(generation !== undefined && { observedGeneration: generation }),
  } as const;
  const { kind, uid } = spec.resourceReference;
  const current = owners.flatMap((owner) => owner.current?.revision ?? []);
  const revisions = kind === 'ReplicaSet' ? [uid] : current;
  return {
    ...status,
    conditions: withCondition(conditions, condition, now),
    ...(revisions.length > 0 && { releasedRevisions: revisions }),
  };
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

/** The clock stands still only when all that is left to wait for is paused. */
function firstOpen(owners: readonly OwnerSeen[]): OpenRollout | undefined {
  const open = owners
    .map(({ owner }) => ({ name: owner.object.metadata.name, rollout: rolloutStatus(owner) }))
    .filter(({ rollout }) => rollout.state !== 'deployed');
  return open.find(({ rollout }) => rollout.state === 'progressing') ?? open[0];
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
  if (open?.rollout.state !== 'paused') return awaited(phase, status, { seen, open });
  return {
    state: 'Progressing',
    changes: stopped(status, open.rollout, seen.now),
    progress: awaiting(open),
    eventful: true,
  };
}

function awaited(
  phase: Phase,
  status: KeptnWorkloadVersionStatus,
  at: { seen: ReleaseSeen; open: OpenRollout | undefined },
): Outcome {
  const { now, observabilityTimeoutMs, subject } = at.seen;
  const { changes, startedAtMs } = running(status, now);
  const leftMs = startedAtMs + observabilityTimeoutMs - now;
  const progress = awaiting(at.open);
  if (leftMs >= 0) {
    return {
      state: 'Progressing',
      changes,
      progress,
      eventful: true,
      wakeAfterMs: leftMs + 1,
    };
  }
  const seconds = Math.round(observabilityTimeoutMs / 1000);
  const timedOut = { suffix: 'Finished', text: 'has reached timeout', type: 'Warning' } as const;
  return {
    state: 'Failed',
    changes,
    progress: {
      kind: 'failed',
      reason: 'DeploymentTimedOut',
      message: `the deployment has not ended within the observability time-out of ${seconds} s: ${progress.message}`,
    },
    events: [phaseEvent(subject, phase, timedOut)],
    eventful: true,
  };
}
