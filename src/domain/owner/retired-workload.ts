import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import { conditionTypes, isTrue } from '../conditions.ts';

/**
 * Whether no owner of the workload carries it any more: it was renamed, moved to another application, or its annotations were
 * removed. It is kept for a rollback, is current no more, and no application waits for it.
 */
export function isRetired(workload: KeptnWorkload | undefined): boolean {
  return isTrue(workload, conditionTypes.retired);
}
