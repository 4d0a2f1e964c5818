import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { type Lookup } from '../../domain/lookup.ts';
import { exportables } from '../../domain/trace/trace-export.ts';
import type { IsTraced } from '../engine/traced.ts';

/**
 * Whether below a version (its tasks, evaluations, and what follows those) something is not over, or spans of it or of the
 * version are still to be sent. Without a collector nothing waits for one.
 */
export function hasUnfinished(
  version: KubernetesObject,
  lookup: Lookup,
  isTraced: IsTraced,
): boolean {
  const traced = isTraced(lookup);
  const open: KubernetesObject[] = [version];
  const seen = new Set<string>();
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    const { uid = '' } = object.metadata;
    if (seen.has(uid)) continue;
    seen.add(uid);
    if (traced && isPending(object)) return true;
    const tasks = lookup.byOwner(KeptnTask, uid);
    const evaluations = lookup.byOwner(KeptnEvaluation, uid);
    if (tasks.some(({ status }) => !isCompleted(status?.status))) return true;
    if (evaluations.some(({ status }) => !isCompleted(status?.overallStatus))) return true;
    open.push(...tasks, ...evaluations);
  }
  return false;
}

function isPending(object: KubernetesObject): boolean {
  return exportables.some((one) => one.kind.kind === object.kind && one.isPending(object));
}
