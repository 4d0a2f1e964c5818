import { KeptnAppVersion, type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import type { Advanced } from '../phase/advance.ts';
import { appChecks } from '../phase/newest-app-version.ts';
import { appPhases } from '../phase/phases.ts';
import { type Plan, storing } from '../plan.ts';
import { withMilestones } from './promotion.ts';
import { withFollowUpsOfChecks } from '../follow-up/version-follow-ups.ts';
import type { AppVersionSeen } from './app-version-run.ts';
import { followedIn } from './app-version-context.ts';
import { planOfVersion, type VersionChange } from '../follow-up/version-plan.ts';

/** What became of the phases of an app version, as a plan. */
export function planOf(seen: AppVersionSeen, done: Advanced<KeptnAppVersionStatus>): Plan {
  return planOfVersion(done, followedIn(seen, done.status), {
    ...seen,
    isLetGo: appChecks(seen.version) !== 'open',
    write: (change) => write(seen, change),
  });
}

/** The plan that stores a status with the milestones and follow-ups that it stands for. */
export function write(
  seen: AppVersionSeen,
  change: VersionChange<KeptnAppVersionStatus>,
): Pick<Plan, 'status' | 'events'> {
  const status = withFollowUpsOfChecks(change.status, appPhases, seen);
  return {
    ...storing(KeptnAppVersion, seen.version, withMilestonesOf(seen, status)),
    events: change.events,
  };
}

/** The status with `Deployed` and `Promoted` as they follow from it. */
export function withMilestonesOf(
  { version, settings, now }: AppVersionSeen,
  status: KeptnAppVersionStatus,
): KeptnAppVersionStatus {
  const conditions = withMilestones({ spec: version.spec, status, settings }, { now, of: version });
  return { ...status, conditions };
}
