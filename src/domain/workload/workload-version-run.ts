import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type {
  ChecksRequest,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import { advance, type Advanced, type PhaseOutcome } from '../phase/advance.ts';
import { type CheckModes, type MildDefinitions, mildDefinitions } from '../check/check-modes.ts';
import { type CheckPhaseRun, openChecks, runCheckPhase } from '../check/check-phase.ts';
import { frozenAtRelease } from '../check/frozen-at-release.ts';
import type { ChecksSeen } from '../check/checks.ts';
import { definitionsIn, heldWithoutPods } from '../deployment/checks-without-pods.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { deploymentTimeoutMs } from '../settings/deployment-timeout.ts';
import type { Settings } from '../settings/keptn-config.ts';
import { newestListing } from '../phase/newest-app-version.ts';
import { type CheckPhase, workloadPhases } from '../phase/phases.ts';
import type { OptInState } from '../opt-in-state.ts';
import { isReleased, type ReleaseSeen, runDeployment } from '../gate/release.ts';
import { handReleaseAt, isExcused } from '../phase/hand-release.ts';
import type { VersionFollowUpsSeen } from '../follow-up/version-follow-ups.ts';
import type { AppsSeen } from '../gate/wait-for-app.ts';
import { carriersOf } from './wanted-version.ts';
import { contextOf, subjectOf } from './workload-version-context.ts';

/** What the decision on a workload version knows of the world. */
export interface WorkloadVersionSeen
  extends
    ChecksSeen,
    VersionFollowUpsSeen,
    AppsSeen,
    Pick<ReleaseSeen, 'now' | 'clockSteps' | 'revisions' | 'pods'> {
  readonly settings: Settings;
  readonly optIn: OptInState;
  /** What a failed check does. */
  readonly modes: CheckModes;
  /** Undefined while the cache does not have it: then nothing can be said about which version is current. */
  readonly workload: KeptnWorkload | undefined;
  /** All owners of the workload with their current revisions. */
  readonly owners: readonly OwnerSeen[];
  /** What those that carry the version ask for. */
  readonly requests: readonly ChecksRequest[];
}

/** How the Events call the end of a workload version. */
export const completed = { short: 'WorkloadCompleted', long: 'Workload Completed' };

/** Takes a workload version through its phases as far as it comes now; with `lastPhase` only to the end of the one it is in. */
export function run(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  lastPhase = false,
): Advanced<KeptnWorkloadVersionStatus> {
  const { version, now } = seen;
  const subject = subjectOf(seen.version);
  const carriers = carriersOf(version, seen.owners);
  return advance<KeptnWorkloadVersionStatus>({
    phases: workloadPhases,
    status,
    subject,
    now,
    completed,
    lastPhase,
    follow: (phase, at) => {
      if (phase.type === 'deploy') return undefined;
      const checks = checkRun(phase, at, seen);
      const isOpen = openChecks(phase, at, checks.observed).length > 0;
      return isOpen ? runCheckPhase({ ...checks, isBehind: true }, seen) : undefined;
    },
    run: (phase, at) =>
      phase.type === 'deploy'
        ? (frozen(at, seen) ??
          runDeployment(phase, at, {
            ...seen,
            owners: carriers,
            timeoutMs: timeoutOf(seen),
            subject,
          }))
        : (heldWithoutPods(phase, at, { version, carriers }) ??
          runCheckPhase(checkRun(phase, at, seen), seen)),
  });
}

/** What keeps a version from its release although its checks have passed. A release by hand goes on. */
function frozen(
  status: KeptnWorkloadVersionStatus,
  seen: WorkloadVersionSeen,
): PhaseOutcome<KeptnWorkloadVersionStatus> | undefined {
  if (isReleased(status) || handReleaseAt(status, seen.now) !== undefined) return undefined;
  const names = workloadPhases.flatMap((phase) =>
    phase.type !== 'deploy' && phase.standing === 'preDeploymentChecks'
      ? definitionsIn(phase, seen.version, status)
      : [],
  );
  return frozenAtRelease(names, seen);
}

/** What a phase of checks of this version is run with. */
function checkRun(
  phase: CheckPhase,
  status: KeptnWorkloadVersionStatus,
  seen: WorkloadVersionSeen,
): CheckPhaseRun & MildDefinitions {
  const { version, modes, now, clockSteps } = seen;
  const definitions = definitionsIn(phase, version, status);
  return {
    phase,
    definitions,
    status,
    context: contextOf(version, status),
    subject: subjectOf(version),
    blocking: !isExcused(phase, status, now),
    ...mildDefinitions(definitions, { ...phase, modes }, seen),
    now,
    clockSteps,
    definitionLimitMs: seen.settings.deadlines.definition,
  };
}

/** Of the workload, its application or the KeptnConfig, whichever says it first. */
function timeoutOf({ version, settings, ...seen }: WorkloadVersionSeen): number {
  const ofApp = newestListing(version, seen)?.spec.deploymentTimeout;
  return deploymentTimeoutMs([version.spec.deploymentTimeout, ofApp], settings);
}
