import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { PhaseOutcome } from '../phase/advance.ts';
import { conditionTypes, withCondition, observed } from '../conditions.ts';
import {
  awaitedProgress,
  countsOf,
  type DeploymentSeen,
  judgeDeployment,
} from '../deployment/deployment.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { reached, rolloutWait } from '../deployment/deployment-progress.ts';
import { appChecks, newestListing } from '../phase/newest-app-version.ts';
import { isPassed, type Phase } from '../phase/phases.ts';
import { rfc3339 } from '../time.ts';
import {
  handReleaseAt,
  handReleaseOf,
  isHeldByChecks,
  withHandRelease,
} from '../phase/hand-release.ts';
import { type AppsSeen, goesWithoutApp, waitForApp } from './wait-for-app.ts';
import { defined } from '../../api/json.ts';

/** What decides whether the Pods of a version may start, and whether they have. */
export interface ReleaseSeen extends AppsSeen, DeploymentSeen {
  /** The revisions of Pods of this version that were admitted and not dealt with yet. */
  readonly revisions: readonly string[];
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
  if (handReleaseOf(status) !== undefined) {
    // What its checks have earned meanwhile holds for good.
    const isEarned = !isHeldByChecks(status) && isAppThrough(seen);
    return isEarned ? release(status, seen) : judgeDeployment(phase, status, seen);
  }
  if (isReleased(status)) return judgeDeployment(phase, status, seen);
  return heldAfterRelease(status) ?? release(status, seen);
}

/** Whether its application holds it neither by its checks nor by a hand. */
function isAppThrough(seen: ReleaseSeen): boolean {
  const listing = newestListing(seen.version, seen);
  return waitForApp(seen) === undefined && listing !== undefined && appChecks(listing) !== 'byHand';
}

/** A release by hand that is over has made failed checks a Warning: that Warning releases nothing any more. */
function heldAfterRelease(status: KeptnWorkloadVersionStatus): Outcome | undefined {
  if (status.releasedByHand === undefined || !isHeldByChecks(status)) return undefined;
  const released = status.conditions?.find(({ type }) => type === conditionTypes.released);
  const message = released?.message ?? 'the release by hand is over';
  return {
    state: 'Pending',
    progress: { kind: 'stalled', reason: released?.reason ?? 'ReleaseExpired', message },
    eventful: true,
  };
}

/** Whether the Pods of a version with this status may start. */
export function isReleased(status: KeptnWorkloadVersionStatus | undefined): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Released' && is === 'True') ===
    true
  );
}

/** The conditions that a version has from the first step on that Sluice takes with it. History that Sluice only exports has neither. */
const wordsOfSluice: ReadonlySet<string> = new Set([
  conditionTypes.released,
  conditionTypes.succeeded,
]);

/**
 * The status of a version with the release on record that Keptn gave it before Sluice took over; the stored one where there
 * is nothing to record. Only an object as Keptn left it is meant. Once Sluice has moved a version, it says so in `Succeeded`,
 * and the end of its deployment may be that of a version that was aborted while it waited: that one has released nothing.
 * Keptn knew no such condition: it had released whatever it had deployed, or had given up deploying.
 * What it let through because a check had *failed* (deploymentStatus Deprecated, W1) is not released (B1). Of a StatefulSet or
 * DaemonSet Keptn did not say which revision it was: that is the one that carries the version now, and no later one.
 */
export function withKeptnsRelease(
  version: KeptnWorkloadVersion,
  { now, owners }: { readonly now: number; readonly owners: readonly OwnerSeen[] },
): KeptnWorkloadVersionStatus {
  const { spec, status = {} } = version;
  const { deploymentStatus: state, conditions } = status;
  const isOfSluice = conditions?.some(({ type }) => wordsOfSluice.has(type)) === true;
  if (isOfSluice || !(isPassed(state) || state === 'Failed')) return status;
  const condition = {
    type: conditionTypes.released,
    status: 'True',
    reason: 'ReleasedByKeptn',
    message: 'Keptn had released the Pods of this version before Sluice took over',
    ...observed(version),
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
  const { version } = seen;
  const holdup = waitForApp(seen);
  if (holdup !== undefined) return { state: 'Pending', progress: holdup, eventful: true };
  const listing = newestListing(version, seen);
  if (listing !== undefined && appChecks(listing) === 'byHand') {
    return releaseWithApp(status, { seen, listing });
  }
  return releaseForGood(status, { seen, listing });
}

/** Released as long as its application is by hand. */
function releaseWithApp(
  status: KeptnWorkloadVersionStatus,
  { seen, listing }: { readonly seen: ReleaseSeen; readonly listing: KeptnAppVersion },
): Outcome {
  const ofApp = handReleaseAt(listing.status, seen.now);
  if (ofApp === undefined) {
    const message = `the release by hand of KeptnAppVersion ${listing.metadata.name} is over`;
    return {
      state: 'Pending',
      progress: { kind: 'waiting', reason: 'ReleaseExpired', message },
      eventful: true,
    };
  }
  const record = { ...ofApp, appVersion: listing.metadata.name };
  return begun(withHandRelease(status, record, { now: seen.now, of: seen.version }), seen);
}

function releaseForGood(
  status: KeptnWorkloadVersionStatus,
  { seen, listing }: { readonly seen: ReleaseSeen; readonly listing: KeptnAppVersion | undefined },
): Outcome {
  const { version, now } = seen;
  const warned =
    goesWithoutApp(status) ||
    status.preDeploymentStatus === 'Warning' ||
    status.preDeploymentEvaluationStatus === 'Warning' ||
    (listing !== undefined && appChecks(listing) === 'warned');
  const early = !warned && isEarly(status, seen);
  const condition = {
    type: conditionTypes.released,
    status: 'True',
    ...(early ? observedRelease : warned ? warnedRelease : passedRelease),
    ...observed(version),
  } as const;
  const conditions = withCondition(status.conditions, condition, now);
  return begun({ ...status, conditions }, seen);
}

const passedRelease = {
  reason: 'ChecksPassed',
  message: 'the pre-deployment checks have passed; the Pods may start',
} as const;
const warnedRelease = {
  reason: 'Warning',
  message: 'pre-deployment checks have failed, which does not block; the Pods may start',
} as const;
const observedRelease = {
  reason: 'Observed',
  message: 'its checks are observed and hold nothing (mode observe); the Pods may start',
} as const;

/** Whether it is released before its checks, or those of its application, are over. */
function isEarly(status: KeptnWorkloadVersionStatus, seen: ReleaseSeen): boolean {
  const { preDeploymentTaskStatus = [], preDeploymentEvaluationTaskStatus = [] } = status;
  const checks = [...preDeploymentTaskStatus, ...preDeploymentEvaluationTaskStatus];
  return (
    checks.some((item) => !isCompleted(item.status)) ||
    waitForApp({ ...seen, isAppObserved: false }) !== undefined
  );
}

/** The deployment that begins with a release. */
function begun(status: KeptnWorkloadVersionStatus, seen: ReleaseSeen): Outcome {
  const { now } = seen;
  const current = seen.owners.flatMap((owner) =>
    owner.current === undefined ? [] : [owner.current.revision],
  );
  const { conditions, releasedByHand } = status;
  const deploymentStartTime = rfc3339(now);
  const deploymentProgress = reached(countsOf(seen.owners), now);
  const waiting = rolloutWait({ deploymentStartTime, deploymentProgress }, seen.timeoutMs);
  return {
    state: 'Progressing',
    changes: {
      deploymentStartTime,
      ...defined({ conditions, releasedByHand }),
      releasedRevisions: withRevisions(status.releasedRevisions, [...current, ...seen.revisions]),
      deploymentProgress,
    },
    // What the next look will say as well, so that it has nothing to write.
    progress: { ...awaitedProgress(seen.owners), waiting },
    eventful: true,
    ...(Number.isFinite(seen.timeoutMs) && { wakeAfterMs: seen.timeoutMs }),
  };
}
