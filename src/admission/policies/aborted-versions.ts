import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { abortedReason } from '../../domain/phase/aborted.ts';
import { notByTheCluster } from '../match-conditions.ts';
import { celText, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

const verb = 'retry';

/** As `isAborted` has it. */
const isAborted =
  "oldObject.?status.?status.orValue('') == 'Failed' && oldObject.?status.?conditions.orValue([])" +
  `.exists(condition, condition.type == 'Succeeded' && condition.?reason.orValue('') == ${celText(abortedReason)})`;

/**
 * A version that is deleted is made again, and knows nothing of having been aborted: its checks run and its Pods start. So who
 * deletes an aborted one needs the right to have it tried again. The cluster deletes with the owner or the Namespace; other
 * versions, failed ones included, are deleted freely: they are checked as before.
 */
export function abortedVersionsPolicy({ users }: PolicySettings): PolicyDefinition {
  const resource = 'request.resource.resource';
  const name = "oldObject.metadata.?name.orValue('')";
  const role = `'kubectl create rolebinding sluice-${verb} --namespace ' + request.namespace + ' --clusterrole=sluice-${verb} --user=' + request.userInfo.username`;
  return {
    name: 'aborted-versions.sluice.keptn.sh',
    rules: [
      {
        apiGroups: [lifecycleGroup],
        apiVersions: ['v1'],
        resources: [KeptnWorkloadVersion.plural, KeptnAppVersion.plural],
        operations: ['DELETE'],
      },
    ],
    matchConditions: [
      { name: 'aborted', expression: isAborted },
      notByTheCluster,
      notByUser(users),
    ],
    validations: [
      {
        expression: `authorizer.group('${lifecycleGroup}').resource(${resource}).namespace(request.namespace).name(${name}).check('${verb}').allowed()`,
        message: `an aborted version that is deleted is made again without the abort: to delete it, its requester needs the verb ${verb} on it`,
        messageExpression: `request.kind.kind + ' ' + ${name} + ' was aborted; deleted, it is made again without the abort, so that ' + request.userInfo.username + ' needs the verb ${verb} on it in namespace ' + request.namespace + ', given by: ' + ${role}`,
        reason: 'Forbidden',
      },
    ],
  };
}
