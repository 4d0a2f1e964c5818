import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { isReleased } from './release.ts';

/** Whether a version has failed before its Pods could start: they are held until it is checked again. */
export function hasFailedHeld({ status }: Pick<KeptnWorkloadVersion, 'status'>): boolean {
  return status?.status === 'Failed' && !isReleased(status);
}

/**
 * The command by which a version that has failed is checked again, once its cause was mended. Its KeptnWorkloadVersion is
 * made anew, with new tasks and evaluations; its Pods stay held meanwhile.
 */
export function commandToCheckAgain({
  metadata: { name, namespace = '' },
}: Pick<KeptnWorkloadVersion, 'metadata'>): string {
  return `kubectl delete keptnworkloadversion ${name} -n ${namespace}`;
}
