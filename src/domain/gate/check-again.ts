import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ChecksSeen } from '../check/checks.ts';
import { definitionVersion } from '../check/child-progress.ts';
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

/** The checks that keep the Pods of a failed version held. */
function failedChecks({ status }: Pick<KeptnWorkloadVersion, 'status'>): {
  readonly tasks: readonly ItemStatus[];
  readonly evaluations: readonly ItemStatus[];
} {
  const failed = (items: readonly ItemStatus[] = []) =>
    items.filter((item) => item.status === 'Failed');
  return {
    tasks: failed(status?.preDeploymentTaskStatus),
    evaluations: failed(status?.preDeploymentEvaluationTaskStatus),
  };
}

/** The definitions of the checks that have failed: a change of one of them has the version checked again. */
export function failedDefinitions(
  version: Pick<KeptnWorkloadVersion, 'status'>,
): readonly string[] {
  if (!hasFailedHeld(version)) return [];
  const { tasks, evaluations } = failedChecks(version);
  return [...tasks, ...evaluations].flatMap(({ definitionName = '' }) => definitionName);
}

/**
 * The definition that was changed, or made anew, since its check failed; undefined while all of them are as they were. A
 * check that failed before this was on record is repeated by the command only.
 */
export function mendedDefinition(
  version: Pick<KeptnWorkloadVersion, 'status'>,
  seen: Pick<ChecksSeen, 'taskDefinitions' | 'evaluationDefinitions'>,
): string | undefined {
  if (!hasFailedHeld(version)) return undefined;
  const isMended = (
    item: ItemStatus,
    definitions: ChecksSeen['taskDefinitions'] | ChecksSeen['evaluationDefinitions'],
  ) => {
    const known = definitions.get(item.definitionName ?? '');
    const before = item.definitionVersion;
    return known !== undefined && before !== undefined && definitionVersion(known) !== before;
  };
  const { tasks, evaluations } = failedChecks(version);
  const mended =
    tasks.find((item) => isMended(item, seen.taskDefinitions)) ??
    evaluations.find((item) => isMended(item, seen.evaluationDefinitions));
  return mended?.definitionName;
}
