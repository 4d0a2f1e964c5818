import type { KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { advance, type Advanced } from '../phase/advance.ts';
import { type CheckModes, mildDefinitions, type MildDefinitions } from '../check/check-modes.ts';
import { type CheckPhaseRun, openChecks, runCheckPhase } from '../check/check-phase.ts';
import type { ChecksSeen } from '../check/checks.ts';
import type { Settings } from '../settings/keptn-config.ts';
import { appPhases, type CheckPhase } from '../phase/phases.ts';
import type { OptInState } from '../opt-in-state.ts';
import type { Moment } from '../clock-steps.ts';
import { deploymentTimeoutMs } from '../settings/deployment-timeout.ts';
import { isGenerated } from './generated-app.ts';
import { runWorkloads, type WorkloadsSeen } from './app-workloads.ts';
import { isPromotion, runPromotion } from './promotion.ts';
import type { VersionFollowUpsSeen } from '../follow-up/version-follow-ups.ts';
import { isExcused } from '../phase/hand-release.ts';
import { namesIn } from '../standing/check-item.ts';
import { contextOf, subjectOf } from './app-version-context.ts';

/** What the decision on an app version knows of the world. */
export interface AppVersionSeen extends ChecksSeen, VersionFollowUpsSeen, Moment {
  readonly version: KeptnAppVersion;
  readonly settings: Settings;
  readonly optIn: OptInState;
  /** What a failed check does. */
  readonly modes: CheckModes;
  /** Undefined while the cache does not have it. */
  readonly app: KeptnApp | undefined;
  /** All versions of the app, this one among them. */
  readonly siblings: readonly KeptnAppVersion[];
  /** Every workload version of the app in the namespace. */
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
}

/** How the Events call the end of an app version. */
const completed = { short: 'AppCompleted', long: 'App Completed' };

/** Takes an app version through its phases as far as it comes now; with `lastPhase` only to the end of the one it is in. */
export function run(
  seen: AppVersionSeen,
  status: KeptnAppVersionStatus,
  lastPhase = false,
): Advanced<KeptnAppVersionStatus> {
  const { version, settings } = seen;
  const subject = subjectOf(version);
  return advance<KeptnAppVersionStatus>({
    phases: appPhases,
    skips: (phase) => isPromotion(phase) && !settings.promotionTasksEnabled,
    status,
    subject,
    now: seen.now,
    completed,
    lastPhase,
    follow: (phase, at) => {
      if (phase.type === 'deploy' || isPromotion(phase)) return undefined;
      const checks = checkRun(phase, at, seen);
      const isOpen = openChecks(phase, at, checks.observed).length > 0;
      return isOpen ? runCheckPhase({ ...checks, isBehind: true }, seen) : undefined;
    },
    run: (phase, at) => {
      if (phase.type === 'deploy') return runWorkloads(at, { seen: workloadsIn(seen), subject });
      const { observed, warning, ...checks } = checkRun(phase, at, seen);
      return isPromotion(phase)
        ? runPromotion(checks, { spec: version.spec, status: at, settings, seen })
        : runCheckPhase({ ...checks, observed, warning }, seen);
    },
  });
}

/** What a phase of checks of this version is run with. */
function checkRun(
  phase: CheckPhase,
  status: KeptnAppVersionStatus,
  seen: AppVersionSeen,
): CheckPhaseRun & MildDefinitions {
  const { version, modes, now, clockSteps, settings } = seen;
  const definitions = namesIn(phase, version.spec);
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
    definitionLimitMs: settings.deadlines.definition,
  };
}

/** What the phase of the workloads is judged from. Of a generated app that lists what is gone, the next version is on its way. */
export function workloadsIn(seen: AppVersionSeen): WorkloadsSeen {
  const { app, version, settings, now, clockSteps, workloadVersions } = seen;
  const isUsers = app !== undefined && !isGenerated(app);
  const leftTimeoutMs = isUsers
    ? deploymentTimeoutMs([version.spec.deploymentTimeout], settings)
    : undefined;
  return { version, workloadVersions, leftTimeoutMs, now, clockSteps };
}
