import { schedulingGate, sluiceKeys } from '../../api/keptn/annotations.ts';
import { celText } from './cel.ts';
import { type PolicyObject, type PolicySettings, policyVersion } from './policy.ts';
import { listBindings, listKind, releaseVariables, ungatedPods } from './released-versions.ts';

/** What a Pod says that the API server has gated by itself; Sluice writes more once it has seen the Pod. */
const heldByPolicy =
  'Held by Sluice: the version of this Pod has not been released yet; its checks run when Sluice has seen it';

const text = celText;

/** Adds to a Pod that asks for checks and is not Released what the webhook would add, as far as it can be told from the Pod. */
const mutation = `variables.isAnnotated && !variables.isReleased ? Object{
  metadata: Object.metadata{
    labels: {${text(sluiceKeys.watched)}: 'true'},
    annotations: {${text(sluiceKeys.explanation)}: ${text(heldByPolicy)}}
  },
  spec: Object.spec{
    schedulingGates: [Object.spec.schedulingGates{name: ${text(schedulingGate)}}]
  }
} : Object{}`;

/**
 * The MutatingAdmissionPolicy (Kubernetes 1.36) that gates Pods inside the API server, by the same list by which the policy
 * `released-versions` lets Pods start: what is not Released is held, and not refused, while no Sluice answers. The webhook is asked
 * after it and adds what only caches know.
 */
export function gatePolicyObjects(settings: PolicySettings): readonly PolicyObject[] {
  const name = 'gate.sluice.keptn.sh';
  const labels = { 'app.kubernetes.io/part-of': 'keptn' };
  const policy: PolicyObject = {
    apiVersion: policyVersion,
    kind: 'MutatingAdmissionPolicy',
    metadata: { name, labels },
    spec: {
      paramKind: listKind,
      failurePolicy: 'Fail',
      // A webhook that comes later may annotate a Pod or take its gate off.
      reinvocationPolicy: 'IfNeeded',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
        ],
      },
      matchConditions: ungatedPods,
      variables: releaseVariables,
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: mutation } },
      ],
    },
  };
  const bindings = listBindings(settings).map(({ where, paramRef, namespaceSelector }) => ({
    apiVersion: policyVersion,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: `${where}.${name}`, labels },
    spec: {
      policyName: name,
      ...(paramRef && { paramRef }),
      matchResources: { namespaceSelector },
    },
  }));
  return [policy, ...bindings];
}
