import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { celList, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

/** Annotations by which Sluice itself knows why a version is Released, or who said what it is. */
const marks = [sluiceKeys.runningAtOptIn, sluiceKeys.wordOfPods];

const before =
  "(request.operation == 'UPDATE' ? oldObject.metadata.?annotations[?key] : optional.none())";

/**
 * Annotations of workloads and their versions are free, but for these: Sluice releases a version without its checks when the
 * mark says that it ran when its Namespace opted in. Taking a mark off releases nothing and is free.
 */
export function releaseMarksPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'release-marks.sluice.keptn.sh',
    rules: [
      {
        apiGroups: [lifecycleGroup],
        apiVersions: ['v1'],
        // Through their status no annotation can be written.
        resources: [KeptnWorkload.plural, KeptnWorkloadVersion.plural],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    matchConditions: [
      {
        name: 'mark-written',
        expression: `${celList(marks)}.exists(key, object.metadata.?annotations[?key].hasValue() && object.metadata.?annotations[?key] != ${before})`,
      },
      notByUser(users),
    ],
    validations: [
      {
        expression: 'false',
        message: `only Sluice writes the annotations ${marks.join(' and ')}: they release Pods without checks; leave them out. To start held Pods, take the gate off with the right to release (docs/security.md)`,
        reason: 'Forbidden',
      },
    ],
  };
}
