import { DeploymentKind, RolloutKind } from '../api/builtin.ts';
import { enabledLabel, sluiceKeys } from '../api/keptn/annotations.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { Kind } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import { neverHeld, type NamespaceScope } from '../domain/opt-in/namespace-scope.ts';
import type { Places } from '../domain/settings/places.ts';
import { workloadKinds } from '../lint/workload/workload-manifest.ts';
import { judgeApplied, judgeDeletion } from './review-definition.ts';
import { gateFailedPod, judgeFinalFailedPod } from './pod/failed-pod.ts';
import { gatePod } from './pod/gate-pod.ts';
import { judgeFinalPod } from './pod/final-pod.ts';
import {
  annotationWritten,
  madeByHand,
  madeByWorkload,
  type MatchCondition,
  notByTheCluster,
  notHeld,
  notOfJob,
  optInMentioned,
  placedNowhere,
} from './match-conditions.ts';
import { followOptIn } from './namespace-opt-in.ts';
import { serviceAccountUser } from './sluice-user.ts';
import {
  pauseKeys,
  refuseSteering,
  requestKeys,
  stampPause,
  stampRequests,
} from './stamp-steering.ts';
import type { Verdict } from './verdict.ts';
import { raiseProgressDeadline } from './raise-deadline.ts';
import { reviewWorkload } from './review-workload.ts';

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
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly namespaceSelector?: LabelSelector;
  /** CEL; the API server asks only if all of them hold. */
  readonly matchConditions?: readonly MatchCondition[];
  /**
   * Whether the API server asks a mutating webhook again when one that comes later has changed the object; Never if not given.
   */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
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
export interface AdmissionSettings extends NamespaceScope {
  /** Where definitions are that all may use; the operator's namespace if not given. */
  readonly definitionsNamespace?: string;
  /** Whether a KeptnConfig of another namespace than the operator's may rule. */
  readonly configsAnywhere?: boolean;
  /** How the caches tell Pod templates apart: the same text for the same template. */
  readonly templateDigest?: (template: unknown) => string;
  /**
   * Whether a policy stands behind the webhooks on Pods that knows what is released: they are passed over while no Sluice
   * answers, and what they let through has to be on its list.
   */
  readonly backstop?: boolean;
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
      namespaceSelector: enabled(settings),
      // By nothing that a Pod template could carry, apart from a node, and with that no Pod can be held.
      matchConditions: [placedNowhere, notOfJob],
      // A webhook that comes later may annotate a Pod or take its gate off.
      reinvocationPolicy: 'IfNeeded',
      failurePolicy: settings.backstop === true ? 'Ignore' : 'Fail',
      handle: (request, lookup) => gatePod(request, lookup, settings),
    },
    {
      name: 'vpod.sluice.keptn.sh',
      type: 'validating',
      path: '/validate-v1-pod',
      resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' },
      operations: ['CREATE'],
      namespaceSelector: enabled(settings),
      matchConditions: [notHeld, madeByWorkload],
      // Not even a moment's more is asked of Sluice: without it, no Pod comes as far as this.
      failurePolicy: settings.backstop === true ? 'Ignore' : 'Fail',
      handle: (request, lookup) => judgeFinalPod(request, lookup, settings),
    },
    ...withdrawnWebhooks(settings),
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
      handle: (request, lookup) => followOptIn(request, lookup, settings),
    },
    ...steeringWebhooks(),
    ...workloadKinds.map((kind) => workloadWebhook(kind, settings)),
    ...[DeploymentKind, RolloutKind].map((kind) => deadlineWebhook(kind, settings)),
    ...definitionWebhooks({ definitionsNamespace: settings.operatorNamespace, ...settings }),
  ];
}

/**
 * Those on Pods where the opt-in was withdrawn while versions had failed. Which Namespaces these are is left to the API server:
 * a cache of ours that has not seen a new opt-in yet would let Pods through unchecked. Without Sluice, Pods of workloads are
 * refused there: only Sluice knows which of them have failed.
 */
function withdrawnWebhooks(settings: AdmissionSettings): readonly Webhook[] {
  const row = {
    resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' },
    operations: ['CREATE'],
    namespaceSelector: labelled(enabledLabel.withdrawn, settings),
    failurePolicy: 'Fail',
  } as const;
  return [
    {
      ...row,
      name: 'mpod-withdrawn.sluice.keptn.sh',
      type: 'mutating',
      path: '/mutate-withdrawn-v1-pod',
      matchConditions: [placedNowhere, madeByWorkload],
      reinvocationPolicy: 'IfNeeded',
      handle: (request, lookup) => gateFailedPod(request, lookup, settings),
    },
    {
      ...row,
      name: 'vpod-withdrawn.sluice.keptn.sh',
      type: 'validating',
      path: '/validate-withdrawn-v1-pod',
      matchConditions: [notHeld, madeByWorkload],
      handle: (request, lookup) => judgeFinalFailedPod(request, lookup, settings),
    },
  ];
}

/**
 * Those that put the name of the requester on what they ask of a version. Without an answer nothing is steered, because the
 * name would be missing; only requests that steer wait for it.
 */
function steeringWebhooks(): readonly Webhook[] {
  const row = (resource: Resource, keys: readonly string[], handle: Handler): Webhook => ({
    ...reviewOf(resource),
    name: `m${resource.kind.toLowerCase()}.sluice.keptn.sh`,
    type: 'mutating',
    path: reviewOf(resource).path.replace('/validate', '/mutate'),
    operations: ['CREATE', 'UPDATE'],
    matchConditions: [annotationWritten(keys)],
    // Asked again, it would take its own stamp for one that came along.
    reinvocationPolicy: 'Never',
    failurePolicy: 'Fail',
    handle,
  });
  return [
    row(KeptnWorkloadVersion, requestKeys, stampRequests),
    row(KeptnAppVersion, requestKeys, stampRequests),
    row(KeptnWorkload, [...pauseKeys, ...requestKeys], stampPause),
    row(KeptnApp, [...pauseKeys, ...requestKeys], stampPause),
    { ...row(KeptnTask, requestKeys, refuseSteering), failurePolicy: 'Ignore' },
    { ...row(KeptnEvaluation, requestKeys, refuseSteering), failurePolicy: 'Ignore' },
  ];
}

/** What people apply is judged where its Pods are. While Sluice is down, it is let in without a word. */
function workloadWebhook({ apiVersion, kind, plural }: Kind, settings: AdmissionSettings): Webhook {
  const [group = '', version = ''] = apiVersion.split('/');
  const places = { definitionsNamespace: settings.operatorNamespace, ...settings };
  return {
    name: `v${kind.toLowerCase()}.sluice.keptn.sh`,
    type: 'validating',
    path: `/validate-${group.replaceAll('.', '-')}-${version}-${kind.toLowerCase()}`,
    resource: { group, version, kind, plural, scope: 'Namespaced' },
    operations: ['CREATE', 'UPDATE'],
    namespaceSelector: enabled(settings),
    failurePolicy: 'Ignore',
    handle: (request, lookup) => reviewWorkload(request, lookup, places),
  };
}

/** Raises the progress deadline of what has one. While Sluice is down, it stays as it is. */
function deadlineWebhook(kind: Kind, settings: AdmissionSettings): Webhook {
  const row = workloadWebhook(kind, settings);
  const places = { definitionsNamespace: settings.operatorNamespace, ...settings };
  return {
    ...row,
    name: row.name.replace('v', 'm'),
    type: 'mutating',
    path: row.path.replace('/validate', '/mutate'),
    handle: (request, lookup) => raiseProgressDeadline(request, lookup, places),
  };
}

/**
 * Those that judge definitions, checks made by hand, and settings. Only Keptn's own stops anybody while Sluice is down; what
 * the others would have said is said by controllers as well.
 */
function definitionWebhooks(places: Places): readonly Webhook[] {
  const byHand = madeByHand(serviceAccountUser(places.operatorNamespace));
  const applied = (resource: Resource): Webhook => ({
    ...reviewOf(resource),
    operations: ['CREATE', 'UPDATE'],
    failurePolicy: 'Ignore',
    handle: judgeApplied(resource, places),
  });
  const deletion = (resource: Resource): Webhook => ({
    ...reviewOf(resource, '-deletion'),
    operations: ['DELETE'],
    matchConditions: [notByTheCluster],
    failurePolicy: 'Ignore',
    handle: judgeDeletion(resource, places),
  });
  return [
    { ...applied(KeptnTaskDefinition), name: 'vkeptntaskdefinition.kb.io', failurePolicy: 'Fail' },
    deletion(KeptnTaskDefinition),
    applied(KeptnEvaluationDefinition),
    deletion(KeptnEvaluationDefinition),
    applied(CheckDefinition),
    deletion(CheckDefinition),
    applied(KeptnAppContext),
    { ...applied(KeptnApp), matchConditions: [byHand] },
    { ...applied(KeptnTask), matchConditions: [byHand] },
    { ...applied(KeptnEvaluation), matchConditions: [byHand] },
    { ...applied(KeptnMetric), name: 'vkeptnmetric.kb.io' },
    applied(KeptnMetricsProvider),
    applied(KeptnConfig),
  ];
}

function reviewOf({ group, kind, plural, versions }: Resource, what = '') {
  const version = versions[0].name;
  return {
    name: `v${kind.toLowerCase()}${what}.sluice.keptn.sh`,
    type: 'validating',
    path: `/validate${what}-${group.replaceAll('.', '-')}-${version}-${kind.toLowerCase()}`,
    resource: { group, version, kind, plural, scope: 'Namespaced' },
  } as const;
}

function enabled(settings: AdmissionSettings): LabelSelector {
  return labelled(enabledLabel.optedIn, settings);
}

function labelled(value: string, settings: AdmissionSettings): LabelSelector {
  return {
    matchExpressions: [
      { key: sluiceKeys.enabled, operator: 'In', values: [value] },
      ...outside(settings),
    ],
  };
}

/**
 * By name, whose Pods can be held at all: the same as `exclusionOf`, in the words of a selector.
 */
export function outside(settings: AdmissionSettings): LabelSelector['matchExpressions'] {
  const { allowedNamespaces = [], deniedNamespaces = [] } = settings;
  const key = 'kubernetes.io/metadata.name';
  const never = neverHeld(settings);
  if (allowedNamespaces.length === 0) {
    const values = [...new Set([...never, ...deniedNamespaces])];
    return [{ key, operator: 'NotIn', values }];
  }
  return [
    { key, operator: 'NotIn', values: never },
    { key, operator: 'In', values: allowedNamespaces },
  ];
}
