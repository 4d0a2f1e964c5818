import { KeptnAppVersion, type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import { ownedBy } from '../../api/object.ts';
import { type CheckContext } from '../check/child-objects.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { appPhases } from '../phase/phases.ts';
import type { FollowedVersion } from '../follow-up/version-follow-ups.ts';
import { attemptOf } from '../phase/version-status.ts';
import type { AppVersionSeen } from './app-version-run.ts';

/** The version as far as its follow-ups go. */
export function followedIn(
  { version }: AppVersionSeen,
  status: KeptnAppVersionStatus,
): FollowedVersion<KeptnAppVersionStatus> {
  return {
    version,
    kind: KeptnAppVersion,
    phases: appPhases,
    subject: subjectOf(version),
    context: contextOf(version, status),
  };
}

/** What the Events about an app version are about. */
export function subjectOf(version: KeptnAppVersion): PhaseSubject {
  const { spec, metadata } = version;
  return {
    object: version,
    version: spec.version,
    annotations: { appName: spec.appName, appVersion: spec.version, appVersionName: metadata.name },
    reportedBy: 'keptnappversion-controller',
  };
}

/** What the checks of an app version know of it. */
export function contextOf(version: KeptnAppVersion, status: KeptnAppVersionStatus): CheckContext {
  const { spec, metadata } = version;
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnAppVersion, version),
    appName: spec.appName,
    appVersion: spec.version,
    workloadName: '',
    workloadVersion: '',
    objectType: 'App',
    metadata: spec.metadata ?? {},
    attempt: attemptOf(status),
  };
}
