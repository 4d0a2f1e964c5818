import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { celList, celText, differsFromBefore, either, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

/** Annotations by which Sluice itself knows why a version is Released, or who said what it is. */
const marks = [sluiceKeys.runningAtOptIn, sluiceKeys.wordOfPods];

const before =
  "(request.operation == 'UPDATE' ? oldObject.metadata.?annotations[?key] : optional.none())";

/**
 * The context that an application version was made with. With the one that is to come, its checks would count for a version
 * with other checks; with any other one, or none, a failed version would be checked again without the verb `retry`.
 */
const contextMark = sluiceKeys.appContext;

/**
 * Annotations of workloads and versions are free, but for these: Sluice releases a version without its checks when the
 * mark says that it ran when its Namespace opted in. Taking such a mark off releases nothing and is free; the context stays.
 */
export function releaseMarksPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'release-marks.sluice.keptn.sh',
    rules: [
      {
        apiGroups: [lifecycleGroup],
        apiVersions: ['v1'],
        // Through their status no annotation can be written.
        resources: [KeptnWorkload.plural, KeptnWorkloadVersion.plural, KeptnAppVersion.plural],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    matchConditions: [
      {
        name: 'mark-written',
        expression: either(
          `${celList(marks)}.exists(key, object.metadata.?annotations[?key].hasValue() && object.metadata.?annotations[?key] != ${before})`,
          differsFromBefore(celText(contextMark)),
        ),
      },
      notByUser(users),
    ],
    validations: [
      {
        expression: 'false',
        message: `only Sluice writes the annotations ${marks.join(', ')} and ${contextMark}: they release Pods without checks, or repeat checks; leave them as they are. To start held Pods, take the gate off with the right to release (docs/security.md)`,
        reason: 'Forbidden',
      },
    ],
  };
}
