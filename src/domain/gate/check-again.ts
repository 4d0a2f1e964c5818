import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { retryFailed } from '../../api/keptn/steering.ts';
import { isReleased } from './release.ts';

/** Whether a version has failed before its Pods could start: they are held until it is checked again. */
export function hasFailedHeld({ status }: Pick<KeptnWorkloadVersion, 'status'>): boolean {
  return status?.status === 'Failed' && !isReleased(status);
}

/**
 * The command by which a version that has failed is checked again, once its cause was mended: what failed runs again, and
 * what has passed stays as it is; its Pods stay held meanwhile.
 */
export function commandToCheckAgain({
  metadata: { name, namespace = '' },
}: Pick<KeptnWorkloadVersion, 'metadata'>): string {
  return `kubectl annotate kwv ${name} -n ${namespace} ${sluiceKeys.retry}=${retryFailed}`;
}
