import { celList, differsFromBefore, isGatedIn, notByUser } from './policies/cel.ts';

/** CEL that decides whether the API server asks at all; a webhook or policy is asked only if all of its conditions hold. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** Mirror Pods are on their node from the start: the API server refuses the mirror annotation without a node. */
export const placedNowhere: MatchCondition = {
  name: 'placed-nowhere',
  expression: "!has(object.spec.nodeName) || object.spec.nodeName == ''",
};

/** Pods of Jobs are tasks, not deployments. */
export const notOfJob: MatchCondition = {
  name: 'not-of-a-job',
  expression:
    '!has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(owner, ' +
    "owner.kind == 'Job' && owner.apiVersion.startsWith('batch/') && has(owner.controller) && owner.controller)",
};

/** What makes Pods that Sluice gates: Deployments and Argo Rollouts make them by ReplicaSets. */
export const madeByWorkload: MatchCondition = {
  name: 'made-by-a-workload',
  expression:
    'has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, ' +
    "owner.apiVersion.startsWith('apps/') && owner.kind in ['ReplicaSet', 'StatefulSet', 'DaemonSet'])",
};

/** A Pod that the gate holds needs no second look. */
export const notHeld: MatchCondition = {
  name: 'not-held',
  expression: `!${isGatedIn('object')}`,
};

const mentions = (map: string): string =>
  `(has(object.metadata.${map}) && object.metadata.${map}.exists(key, key.contains('keptn') || key.contains('lifecycle-toolkit')))`;

/** Namespaces that say anything of the opt-in, be it misspelt. */
export const optInMentioned: MatchCondition = {
  name: 'opt-in-mentioned',
  expression: `${mentions('annotations')} || ${mentions('labels')}`,
};

/**
 * What Sluice's service account makes it need not be told about. Owners and labels do not tell: anybody can write them. A Sluice
 * outside the cluster is asked about its own, too: its user is a person, who makes things by hand.
 */
export function madeByHand(serviceAccount: string): MatchCondition {
  return { ...notByUser([serviceAccount]), name: 'made-by-hand' };
}

/** Warnings to the garbage collector, or while a whole Namespace goes, would not be read. */
export const notByTheCluster: MatchCondition = {
  name: 'not-by-the-cluster',
  expression:
    "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:') && " +
    "request.userInfo.username != 'system:kube-controller-manager'",
};

/** Requests that write one of these annotations; all others are none of the webhook's business. */
export function annotationWritten(keys: readonly string[]): MatchCondition {
  return {
    name: 'annotation-written',
    expression: `${celList(keys)}.exists(key, ${differsFromBefore('key')})`,
  };
}
