import { keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import { gatePod } from './gate-pod.ts';
import { followOptIn } from './namespace-opt-in.ts';
import { judgeTaskDefinition } from './task-definition.ts';
import type { Verdict } from './verdict.ts';

/** A webhook: one row of the table that routes, manifests and tests are made from. There is no other way to add one. */
export interface Webhook {
  /** Keptn's name where Keptn has it. */
  readonly name: string;
  readonly type: 'mutating' | 'validating';
  readonly path: string;
  /** What is reviewed; the API server converts other versions to this one (matchPolicy Equivalent). */
  readonly resource: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly plural: string;
    readonly scope: 'Namespaced' | 'Cluster';
  };
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  readonly namespaceSelector?: LabelSelector;
  /** CEL; the API server asks only if all of them hold. */
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  /** What the API server does without an answer. */
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** A pure function of its arguments. */
  readonly handle: Handler;
}

export type Handler = (request: AdmissionRequest, lookup: Lookup, now: number) => Verdict;

export interface LabelSelector {
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn';
    readonly values: readonly string[];
  }[];
}

/** What differs from installation to installation. */
export interface AdmissionSettings {
  /** Where Sluice itself runs: its KeptnConfig rules, and its own Pods are never held. */
  readonly operatorNamespace: string;
}

/** All webhooks. */
export function webhooks(settings: AdmissionSettings): readonly Webhook[] {
  return [
    {
      name: 'mpod.keptn.sh',
      type: 'mutating',
      path: '/mutate-v1-pod',
      resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' },
      operations: ['CREATE'],
      namespaceSelector: {
        matchExpressions: [
          { key: sluiceKeys.enabled, operator: 'In', values: ['true'] },
          outside(settings),
        ],
      },
      // By nothing that a Pod template could carry, apart from a node, and with that no Pod can be held.
      matchConditions: [placedNowhere, notOfJob],
      failurePolicy: 'Fail',
      handle: (request, lookup) => gatePod(request, lookup, settings),
    },
    {
      name: 'mnamespace.sluice.keptn.sh',
      type: 'mutating',
      path: '/mutate-v1-namespace',
      resource: {
        group: '',
        version: 'v1',
        kind: 'Namespace',
        plural: 'namespaces',
        scope: 'Cluster',
      },
      operations: ['CREATE', 'UPDATE'],
      matchConditions: [optInMentioned],
      failurePolicy: 'Ignore',
      handle: followOptIn,
    },
    {
      name: 'vkeptntaskdefinition.kb.io',
      type: 'validating',
      path: '/validate-lifecycle-keptn-sh-v1-keptntaskdefinition',
      resource: {
        group: KeptnTaskDefinition.group,
        version: 'v1',
        kind: KeptnTaskDefinition.kind,
        plural: KeptnTaskDefinition.plural,
        scope: 'Namespaced',
      },
      operations: ['CREATE', 'UPDATE'],
      failurePolicy: 'Fail',
      handle: judgeTaskDefinition,
    },
  ];
}

/** The cluster must be able to heal without Sluice, and Sluice without itself. */
export function outside({ operatorNamespace }: AdmissionSettings) {
  return {
    key: 'kubernetes.io/metadata.name',
    operator: 'NotIn',
    values: ['kube-system', 'kube-public', 'kube-node-lease', operatorNamespace],
  } as const;
}

/** Mirror Pods are on their node from the start: the API server refuses the mirror annotation without a node. */
export const placedNowhere = {
  name: 'placed-nowhere',
  expression: "!has(object.spec.nodeName) || object.spec.nodeName == ''",
} as const;

const notOfJob = {
  name: 'not-of-a-job',
  expression:
    '!has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(owner, ' +
    "owner.kind == 'Job' && owner.apiVersion.startsWith('batch/') && has(owner.controller) && owner.controller)",
} as const;

const optInMentioned = {
  name: 'opt-in-mentioned',
  expression:
    `(has(object.metadata.annotations) && '${keptnAnnotations.lifecycleToolkit}' in object.metadata.annotations) || ` +
    `(has(object.metadata.labels) && '${sluiceKeys.enabled}' in object.metadata.labels)`,
} as const;
