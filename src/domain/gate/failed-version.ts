import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import type { Lookup } from '../lookup.ts';
import { isReleased } from './release.ts';

/**
 * Whether checks of the version, or of its application, have failed before its Pods could start, in this attempt or in one
 * before: a retry that has not passed yet starts nothing. One that was Released and failed afterwards is none of these.
 */
export function hasFailedChecks(version: KeptnWorkloadVersion | undefined): boolean {
  const { status, preDeploymentStatus, preDeploymentEvaluationStatus, attempts } =
    version?.status ?? {};
  const stalled = conditionOf(version, conditionTypes.stalled);
  return (
    !isReleased(version?.status) &&
    ([status, preDeploymentStatus, preDeploymentEvaluationStatus].includes('Failed') ||
      attempts?.some((over) => over.status === 'Failed') === true ||
      (stalled?.status === 'True' && stalled.reason === 'AppChecksFailed'))
  );
}

/**
 * Whether the namespace holds a version that has failed its checks. Pods of it must not start, also where the opt-in was
 * withdrawn and another version is current: it may be rolled back to at any moment.
 */
export function holdsFailedVersion(namespace: string, lookup: Lookup): boolean {
  return lookup.list(KeptnWorkloadVersion, namespace).some(hasFailedChecks);
}
