import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { ChecksSeen } from './checks.ts';
import { isOtherVersion } from './definition-version.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/**
 * Whether a version of an application or workload has failed by its pre-deployment checks: what it was to start is held until
 * they are repeated.
 */
export function hasFailedBefore(status: VersionStatus = {}): boolean {
  return (
    status.status === 'Failed' &&
    [status.preDeploymentStatus, status.preDeploymentEvaluationStatus].includes('Failed')
  );
}

/** The definitions of the pre-deployment checks that have failed: a change behind one of them has the version checked again. */
export function failedDefinitions(status: VersionStatus | undefined): readonly string[] {
  const { tasks, evaluations } = failedChecks(status);
  return [...tasks, ...evaluations].flatMap(({ definitionName = '' }) => definitionName);
}

/** The checks that keep what a failed version was to start held. */
function failedChecks(status: VersionStatus | undefined): {
  readonly tasks: readonly ItemStatus[];
  readonly evaluations: readonly ItemStatus[];
} {
  if (!hasFailedBefore(status)) return { tasks: [], evaluations: [] };
  const failed = (items: readonly ItemStatus[] = []) =>
    items.filter((item) => item.status === 'Failed');
  return {
    tasks: failed(status?.preDeploymentTaskStatus),
    evaluations: failed(status?.preDeploymentEvaluationTaskStatus),
  };
}

/**
 * The definition that was changed or made anew since its check failed, or behind which something was: the definition that a
 * functionRef leads to, or a metric. Undefined while all are as they were. A check that failed before this was on record is
 * repeated by the command only.
 */
export function mendedDefinition(
  status: VersionStatus,
  seen: Pick<ChecksSeen, 'taskDefinitionVersions' | 'evaluationDefinitionVersions'>,
): string | undefined {
  const isMended = (
    { definitionName = '', definitionVersion: before }: ItemStatus,
    versions: ReadonlyMap<string, string>,
  ) => {
    const now = versions.get(definitionName);
    return now !== undefined && before !== undefined && isOtherVersion(before, now);
  };
  const { tasks, evaluations } = failedChecks(status);
  const mended =
    tasks.find((item) => isMended(item, seen.taskDefinitionVersions)) ??
    evaluations.find((item) => isMended(item, seen.evaluationDefinitionVersions));
  return mended?.definitionName;
}

/** The words of the Event that a version is checked again. */
export function repeatedMessage(definition: string): string {
  return `is checked again: definition ${definition}, or what it leads to, was changed since its check failed`;
}
