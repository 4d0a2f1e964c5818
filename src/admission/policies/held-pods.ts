import {
  keptnAnnotations,
  recommendedLabels,
  schedulingGate,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { lifecycleGroup } from '../../api/keptn/groups.ts';
import { revisionHashLabel } from '../../domain/owner/owner-chain.ts';
import { templateGenerationLabel } from '../../domain/owner/revision.ts';
import { notByTheCluster } from '../match-conditions.ts';
import { celList, either, hasSameOwners, isGatedIn, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

export const heldPodsPolicyName = 'held-pods.sluice.keptn.sh';

/** The right that lets somebody start what is held: this verb, on this resource, in the namespace of the Pod. */
const releaseRight = { verb: 'release', resource: 'keptnworkloadversions' } as const;

/** The keys by which a held Pod says what it stands for and that it stays held, as annotation or label. */
const identityKeys = [
  keptnAnnotations.app,
  keptnAnnotations.workload,
  keptnAnnotations.version,
  recommendedLabels.app,
  recommendedLabels.workload,
  recommendedLabels.version,
  // A computed version is read together with these two.
  keptnAnnotations.container,
  sluiceKeys.templateDigest,
  sluiceKeys.heldAfterOptOut,
];

/** Labels by which a Pod says of which revision of its owner it is. Its controllers write them, and who owns it. */
const revisionLabels = [revisionHashLabel, templateGenerationLabel];

const standsForAnother = `${celList(identityKeys)}.exists(key, ${differsIn('annotations')} || ${differsIn('labels')})`;
const belongsToAnother = `${celList(revisionLabels)}.exists(key, ${differsIn('labels')}) || !(${hasSameOwners})`;

const role =
  "'kubectl create role release-held --namespace ' + request.namespace + " +
  `' --verb=${releaseRight.verb} --resource=${releaseRight.resource}.${lifecycleGroup}'`;

/**
 * A held Pod stays held. A user who may patch Pods could otherwise take the gate off, or make the Pod name a version or owner that
 * is released already. Sluice may, and so may those who hold the right to release; everything else about a held Pod can be
 * changed as ever. The API server itself binds no gated Pod to a node.
 *
 * It takes labels and annotations (not owners) through `pods/status`, too. Through `pods/ephemeralcontainers` and `pods/resize`
 * it takes neither. Kubelets write the status of Pods on nodes only, which are never held.
 */
export function heldPodsPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: heldPodsPolicyName,
    rules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['pods', 'pods/status'],
        operations: ['UPDATE'],
      },
    ],
    matchConditions: [
      { name: 'held-before', expression: isGatedIn('oldObject') },
      {
        name: 'not-held-or-another-afterwards',
        expression: either(
          `!${isGatedIn('object')}`,
          standsForAnother,
          `(${notByTheCluster.expression}) && (${belongsToAnother})`,
        ),
      },
      notByUser(users),
    ],
    validations: [
      {
        expression: `authorizer.group('${lifecycleGroup}').resource('${releaseRight.resource}').namespace(request.namespace).check('${releaseRight.verb}').allowed()`,
        message: `the Pod is held by Sluice until its version has passed its checks: only Sluice takes the gate ${schedulingGate} off or changes what the Pod stands for, and those who hold the verb ${releaseRight.verb} on ${releaseRight.resource}.${lifecycleGroup}`,
        messageExpression: `'Pod ' + object.metadata.name + ' is held by Sluice until its version has passed its checks: taking the gate ${schedulingGate} off, or changing the app, workload, version or owner the Pod names, needs the verb ${releaseRight.verb} on ${releaseRight.resource}.${lifecycleGroup}, given by: ' + ${role}`,
        reason: 'Forbidden',
      },
    ],
  };
}

/** Whether the value of `key` is another one than before. */
function differsIn(field: 'annotations' | 'labels'): string {
  return `object.metadata.?${field}[?key] != oldObject.metadata.?${field}[?key]`;
}
