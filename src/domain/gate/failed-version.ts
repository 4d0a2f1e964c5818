import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import type { Lookup } from '../lookup.ts';
import { isReleased } from './release.ts';
import { isRetired } from '../owner/retired-workload.ts';

/**
 * Whether checks of the version, or of its application, have failed before its Pods could start. One that was Released and
 * failed afterwards is none of these.
 */
export function hasFailedChecks(version: KeptnWorkloadVersion | undefined): boolean {
  const { status, preDeploymentStatus, preDeploymentEvaluationStatus } = version?.status ?? {};
  const stalled = conditionOf(version, conditionTypes.stalled);
  return (
    !isReleased(version?.status) &&
    ([status, preDeploymentStatus, preDeploymentEvaluationStatus].includes('Failed') ||
      (stalled?.status === 'True' && stalled.reason === 'AppChecksFailed'))
  );
}

/**
 * Whether the namespace holds a version that has failed its checks and that no other one of its workload has superseded. Pods
 * of it must not start, also where the opt-in was withdrawn.
 */
export function holdsFailedVersion(namespace: string, lookup: Lookup): boolean {
  return lookup
    .list(KeptnWorkloadVersion, namespace)
    .some((version) => hasFailedChecks(version) && !isSuperseded(version, lookup));
}

/** A workload that is not in the cache says nothing: its versions go with it if it is gone. */
function isSuperseded({ metadata, spec }: KeptnWorkloadVersion, lookup: Lookup): boolean {
  const workload = lookup.get(KeptnWorkload, metadata.namespace, spec.workloadName);
  return workload !== undefined && (workload.spec.version !== spec.version || isRetired(workload));
}
