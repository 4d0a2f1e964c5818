import {
  enabledLabel,
  keptnAnnotations,
  recommendedLabels,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../../api/released-versions.ts';
import { revisionHashLabel } from '../../domain/owner/owner-chain.ts';
import {
  madeByWorkload,
  notByTheCluster,
  notHeld,
  notOfJob,
  placedNowhere,
} from '../match-conditions.ts';
import { outside } from '../registry.ts';
import { celText, notByUser } from './cel.ts';
import type { Expression, PolicyBinding, PolicyDefinition, PolicySettings } from './policy.ts';

/** The first of a Pod's annotation and label of this key, then of the other key; empty if there is none. */
function firstOf(key: string, secondary: string): string {
  const texts = [key, secondary].flatMap((one) => [
    `object.metadata.?annotations[?${celText(one)}].orValue('')`,
    `object.metadata.?labels[?${celText(one)}].orValue('')`,
  ]);
  return `[${texts.join(', ')}].filter(value, value != '')`;
}

const named = (list: string): string => `(${list}.size() > 0 ? ${list}[0] : '')`;

/**
 * What the API server knows of a Pod and of the list: whether it asks for checks, and whether its version is Released. A Pod that names
 * a version is Released by that version alone: its revision is an object that people may change in place.
 */
export const releaseVariables: readonly Expression[] = [
  { name: 'workloads', expression: firstOf(keptnAnnotations.workload, recommendedLabels.workload) },
  { name: 'workload', expression: named('variables.workloads') },
  { name: 'versions', expression: firstOf(keptnAnnotations.version, recommendedLabels.version) },
  { name: 'version', expression: named('variables.versions') },
  { name: 'apps', expression: firstOf(keptnAnnotations.app, recommendedLabels.app) },
  {
    name: 'app',
    expression: `(variables.apps.size() > 0 ? variables.apps[0] : variables.workload)`,
  },
  {
    name: 'hash',
    expression: `object.metadata.?labels[?${celText(revisionHashLabel)}].orValue('')`,
  },
  { name: 'templateHash', expression: `object.metadata.?labels[?'pod-template-hash'].orValue('')` },
  {
    name: 'owners',
    expression:
      'object.metadata.?ownerReferences.orValue([]).filter(owner, has(owner.controller) && owner.controller)',
  },
  { name: 'entries', expression: 'params == null ? {} : params.spec.entries' },
  {
    name: 'isAnnotated',
    expression: `variables.workload != '' || variables.owners.exists(owner, owner.kind == 'ReplicaSet' ? ('owner/ReplicaSet/' + owner.name.replace('-' + variables.templateHash, '')) in variables.entries : ('owner/' + owner.kind + '/' + owner.name) in variables.entries)`,
  },
  {
    name: 'named',
    expression: `variables.version == '' ? '' : '@' + variables.version.lowerAscii()`,
  },
  {
    name: 'isReleased',
    expression: `(variables.version != '' && variables.workload != '' && ('version/' + (variables.app + '-' + variables.workload).lowerAscii().replace('_', '-') + '/' + variables.version.lowerAscii()) in variables.entries) || variables.owners.exists(owner, ('revision/' + owner.uid + (owner.kind == 'ReplicaSet' ? '' : '/' + variables.hash) + variables.named) in variables.entries)`,
  },
];

/** The Pods that are judged: those that Sluice would gate and nothing has gated yet. */
export const ungatedPods = [placedNowhere, notOfJob, madeByWorkload, notHeld];

/** The kind of `params`. */
export const listKind = {
  apiVersion: ReleasedVersionsKind.apiVersion,
  kind: ReleasedVersionsKind.kind,
};

/**
 * Where, and with which list: two bindings, because a parameter is looked for before anything else: one for Namespaces that have a
 * list, one for those that have none yet, whose `params` is null.
 */
export function listBindings(settings: PolicySettings): readonly PolicyBinding[] {
  const isEnabled = {
    key: sluiceKeys.enabled,
    operator: 'In',
    values: [enabledLabel.optedIn],
  } as const;
  const isListed = (operator: 'In' | 'NotIn') =>
    ({ key: sluiceKeys.listed, operator, values: ['true'] }) as const;
  return [
    {
      where: 'listed',
      paramRef: { name: releasedVersionsName, parameterNotFoundAction: 'Deny' },
      namespaceSelector: { matchExpressions: [isEnabled, isListed('In'), ...outside(settings)] },
    },
    {
      where: 'unlisted',
      namespaceSelector: { matchExpressions: [isEnabled, isListed('NotIn'), ...outside(settings)] },
    },
  ];
}

/**
 * While no Sluice answers, lets the Pods of Released versions start and refuses those of any other: the webhooks are then passed
 * over (`failurePolicy: Ignore`), and a Pod that should have been held arrives here without the gate. Controllers try again by
 * themselves.
 */
export function releasedVersionsPolicy(settings: PolicySettings): PolicyDefinition {
  return {
    name: 'released-versions.sluice.keptn.sh',
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
    paramKind: listKind,
    bindings: listBindings(settings),
    matchConditions: ungatedPods,
    variables: releaseVariables,
    validations: [
      {
        expression: '!variables.isAnnotated || variables.isReleased',
        message:
          'no Sluice answers, and the version of this Pod is not on the list of those that are released; it is tried again',
        reason: 'Forbidden',
      },
    ],
  };
}

/** The lists are Sluice's own word: no other client writes them. Whole Namespaces are emptied by the cluster. */
export function releasedListsPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'released-lists.sluice.keptn.sh',
    rules: [
      {
        apiGroups: ['sluice.keptn.sh'],
        apiVersions: ['v1'],
        resources: [ReleasedVersionsKind.plural],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    matchConditions: [notByUser(users), notByTheCluster],
    validations: [
      {
        expression: 'false',
        message:
          'the lists of released versions are written by Sluice alone: they decide what starts while it is down',
        reason: 'Forbidden',
      },
    ],
  };
}
