import { isCompleted } from '../../api/keptn/states.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { PhaseOutcome } from '../phase/advance.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { countsOf } from './deployment.ts';
import { type CheckPhase, isPassed } from '../phase/phases.ts';
import { listsOfVersion } from '../check/requested-checks.ts';
import { namesIn } from '../standing/check-item.ts';
import { scaledToZeroReason } from '../owner/rollout-judgement.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/** The definitions that a workload version runs in a phase. A workload is not promoted. */
export function definitionsIn(
  phase: CheckPhase,
  version: KeptnWorkloadVersion,
  status: KeptnWorkloadVersionStatus,
): readonly string[] {
  return phase.definitions === 'promotionTasks'
    ? []
    : namesIn(phase, listsOfVersion({ ...version, status }));
}

/**
 * Checks after the deployment never run against nothing: those of a workload that was deployed with 0 replicas begin with its
 * first available Pod. Undefined where nothing holds them; what has begun goes on.
 */
export function heldWithoutPods(
  phase: CheckPhase,
  status: KeptnWorkloadVersionStatus,
  seen: { readonly version: KeptnWorkloadVersion; readonly carriers: readonly OwnerSeen[] },
): PhaseOutcome<KeptnWorkloadVersionStatus> | undefined {
  const { version, carriers } = seen;
  const before: VersionStatus = status;
  const isAfter = phase.checkType === 'post' || phase.checkType === 'post-eval';
  // Which owners carry it may not be known for a moment, as after a change of their template: what waits goes on waiting.
  const isUnknown = carriers.length === 0 && !waitsForPods(version);
  if (!isAfter || (before[phase.items] ?? []).length > 0 || isUnknown) return undefined;
  if (definitionsIn(phase, version, status).length === 0) return undefined;
  if (countsOf(carriers).available > 0) return undefined;
  return {
    state: 'Pending',
    progress: {
      kind: 'waiting',
      reason: scaledToZeroReason,
      message: `${phase.long}: no Pod is available (0 replicas); the checks begin with the first one, and the application goes on without them`,
    },
    eventful: true,
  };
}

/** Whether a version is deployed with 0 replicas, and its own checks wait for its first Pod. */
export function waitsForPods(version: Pick<KeptnWorkloadVersion, 'status'>): boolean {
  const { deploymentStatus, status } = version.status ?? {};
  const reason = conditionOf(version, conditionTypes.succeeded)?.reason;
  return isPassed(deploymentStatus) && !isCompleted(status) && reason === scaledToZeroReason;
}
