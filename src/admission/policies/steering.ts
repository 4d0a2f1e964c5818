import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { steeringKeys, type SteeringVerb, steeringVerbs } from '../../api/keptn/steering.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { celList, differsFromBefore, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings, Validation } from './policy.ts';

/** The annotations that a request with this verb writes: what admission has stamped, and what it should have. */
function keysOf(verb: SteeringVerb): readonly string[] {
  const { asked, stamped } = steeringKeys[verb];
  return verb === 'release' ? [asked, stamped, sluiceKeys.releaseFor] : [asked, stamped];
}

const isWritten = (keys: readonly string[]): string =>
  `${celList(keys)}.exists(key, ${differsFromBefore('key')})`;

/**
 * The right to annotate a version must not be the right to release it: the API server asks for a verb of RBAC on the very
 * version. It is asked after the stamping, so that a list of requests that was written by hand needs the verb as well.
 */
export function steeringPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'steering.sluice.keptn.sh',
    rules: [
      {
        apiGroups: [lifecycleGroup],
        apiVersions: ['v1'],
        resources: [KeptnWorkloadVersion.plural, KeptnAppVersion.plural],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    matchConditions: [
      { name: 'steering-written', expression: isWritten(steeringVerbs.flatMap(keysOf)) },
      notByUser(users),
    ],
    validations: steeringVerbs.map(needsVerb),
  };
}

function needsVerb(verb: SteeringVerb): Validation {
  const resource = 'request.resource.resource';
  const name = "object.metadata.?name.orValue('')";
  const may = `authorizer.group('${lifecycleGroup}').resource(${resource}).namespace(request.namespace).name(${name}).check('${verb}').allowed()`;
  const role = `'kubectl create rolebinding sluice-${verb} --namespace ' + request.namespace + ' --clusterrole=sluice-${verb} --user=' + request.userInfo.username`;
  return {
    expression: `!${isWritten(keysOf(verb))} || ${may}`,
    message: `to ${verb} a version, its requester needs the verb ${verb} on it`,
    messageExpression: `request.userInfo.username + ' lacks the verb ${verb} on ' + request.kind.kind + ' ' + ${name} + ' in namespace ' + request.namespace + ', given by: ' + ${role}`,
    reason: 'Forbidden',
  };
}
