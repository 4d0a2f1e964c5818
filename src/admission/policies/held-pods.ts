import {
  keptnAnnotations,
  recommendedLabels,
  schedulingGate,
} from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { celList, isGatedIn, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

export const heldPodsPolicyName = 'held-pods.sluice.keptn.sh';

/** The right that lets somebody start what is held: this verb, on this resource, in the namespace of the Pod. */
const releaseRight = { verb: 'release', resource: 'keptnworkloadversions' } as const;

/** The keys by which a held Pod says what it stands for, as annotation or label. */
const identityKeys = [
  keptnAnnotations.app,
  keptnAnnotations.workload,
  keptnAnnotations.version,
  recommendedLabels.app,
  recommendedLabels.workload,
  recommendedLabels.version,
];

const role =
  "'kubectl create role release-held --namespace ' + request.namespace + " +
  `' --verb=${releaseRight.verb} --resource=${releaseRight.resource}.${lifecycleGroup}'`;

/**
 * A held Pod stays held. A user who may patch Pods could otherwise take the gate off, or make the Pod name a version that is
 * released already. Sluice may, and so may those who hold the right to release; everything else about a held Pod can be
 * changed as ever. The API server itself binds no gated Pod to a node.
 */
export function heldPodsPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: heldPodsPolicyName,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['UPDATE'] }],
    matchConditions: [
      { name: 'held-before', expression: isGatedIn('oldObject') },
      {
        name: 'not-held-or-another-afterwards',
        expression: `!${isGatedIn('object')} || ${celList(identityKeys)}.exists(key, ${differsIn('annotations')} || ${differsIn('labels')})`,
      },
      notByUser(users),
    ],
    validations: [
      {
        expression: `authorizer.group('${lifecycleGroup}').resource('${releaseRight.resource}').namespace(request.namespace).check('${releaseRight.verb}').allowed()`,
        message: `the Pod is held by Sluice until its version has passed its checks: only Sluice takes the gate ${schedulingGate} off or changes what the Pod stands for, and those who hold the verb ${releaseRight.verb} on ${releaseRight.resource}.${lifecycleGroup}`,
        messageExpression: `'Pod ' + object.metadata.name + ' is held by Sluice until its version has passed its checks: taking the gate ${schedulingGate} off, or changing the app, workload or version the Pod names, needs the verb ${releaseRight.verb} on ${releaseRight.resource}.${lifecycleGroup}, given by: ' + ${role}`,
        reason: 'Forbidden',
      },
    ],
  };
}

/** Whether the value of `key` is another one than before. */
function differsIn(field: 'annotations' | 'labels'): string {
  return `object.metadata.?${field}[?key] != oldObject.metadata.?${field}[?key]`;
}
