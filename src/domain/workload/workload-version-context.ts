import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import { ownedBy } from '../../api/object.ts';
import { type CheckContext } from '../check/child-objects.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { workloadPhases } from '../phase/phases.ts';
import { withAllChecks } from '../check/requested-checks.ts';
import type { FollowedVersion } from '../follow-up/version-follow-ups.ts';
import { attemptOf } from '../phase/version-status.ts';

/** What the Events of a workload version say of it. */
export function subjectOf(version: KeptnWorkloadVersion): PhaseSubject {
  const { spec, metadata } = version;
  return {
    object: version,
    version: spec.version,
    annotations: {
      appName: spec.app,
      workloadName: spec.workloadName,
      workloadVersion: spec.version,
      workloadVersionName: metadata.name,
    },
    reportedBy: 'keptnworkloadversion-controller',
  };
}

/** What its checks get as context. */
export function contextOf(
  version: KeptnWorkloadVersion,
  status: KeptnWorkloadVersionStatus,
): CheckContext {
  const { spec, metadata } = version;
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnWorkloadVersion, version),
    appName: spec.app,
    appVersion: '',
    workloadName: spec.workloadName,
    workloadVersion: spec.version,
    objectType: 'Workload',
    metadata: { ...status.appContextMetadata, ...spec.metadata },
    attempt: attemptOf(status),
  };
}

/** What its follow-ups go by. */
export function followedIn(
  version: KeptnWorkloadVersion,
  status: KeptnWorkloadVersionStatus,
): FollowedVersion<KeptnWorkloadVersionStatus> {
  const { spec } = withAllChecks({ ...version, status });
  return {
    version: { ...version, spec },
    kind: KeptnWorkloadVersion,
    phases: workloadPhases,
    subject: subjectOf(version),
    context: contextOf(version, status),
  };
}
