import { type Namespace, NamespaceKind, type Pod } from '../../api/builtin.ts';
import {
  enabledLabel,
  enabledValue,
  keptnAnnotations,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject, ObjectMeta } from '../../api/object.ts';
import { identityIn } from '../identity/identity-in.ts';
import type { Lookup } from '../lookup.ts';
import { optInSlips } from '../opt-in/opt-in-slips.ts';
import { isOptedIn, optInOf } from '../opt-in-state.ts';
import { supportedOwner } from '../owner/owner-chain.ts';
import { parseTime } from '../time.ts';

/** Why nothing is checked, and what can be done about it. */
export interface Unchecked {
  /** CamelCase. */
  readonly reason: string;
  /** A sentence without a full stop. */
  readonly because: string;
  readonly remedies: readonly string[];
}

/** That the Namespace is not Sluice's concern; undefined where it is, or where it could not be read. */
export function namespaceUnchecked(name: string, lookup: Lookup): Unchecked | undefined {
  const namespace = lookup.get(NamespaceKind, undefined, name);
  if (namespace === undefined) return undefined;
  if (!isOptedIn(namespace.metadata)) return notOptedIn(namespace);
  const label = namespace.metadata.labels?.[sluiceKeys.enabled];
  if (label === enabledLabel.optedIn) {
    return optInOf(namespace) === 'recording' ? notRecorded(name) : undefined;
  }
  if (label === enabledLabel.excluded)
    return {
      reason: 'NamespaceExcluded',
      because: `Namespace ${name} is opted in, but this installation of Sluice leaves it out by name (allowedNamespaces, deniedNamespaces), so its Pods start without any check`,
      remedies: [`ask who installed Sluice to allow Namespace ${name}`],
    };
  return {
    reason: 'NamespaceNotLabelled',
    because: `Namespace ${name} is opted in, but Sluice has not labelled it with ${sluiceKeys.enabled}: Sluice does not run, or cannot patch Namespaces`,
    remedies: ['see whether a Sluice leads: kubectl get lease -A | grep sluice, and read its log'],
  };
}

function notRecorded(name: string): Unchecked {
  return {
    reason: 'OptInNotRecorded',
    because: `Namespace ${name} is opted in, but what ran in it then is not on record yet: nothing of it is checked until that is done`,
    remedies: [
      `wait a moment; if it stays so, see why: kubectl get events -n ${name} --field-selector reason=OptInNotRecorded, and the log of the Sluice that leads`,
    ],
  };
}

/** At most so many slips are named: the first says what is wrong. */
const mostSlips = 3;

function notOptedIn({ metadata }: Namespace): Unchecked {
  const { name } = metadata;
  const key = keptnAnnotations.lifecycleToolkit;
  const slips = optInSlips(metadata).slice(0, mostSlips);
  const rest = slips.length === 0 ? '' : `; ${slips.join(', ')}`;
  return {
    reason: 'NamespaceNotOptedIn',
    because: `Namespace ${name} is not opted in: it has no annotation ${key}: ${enabledValue}${rest}`,
    remedies: [
      `kubectl annotate namespace ${name} --overwrite ${key}=${enabledValue}; what is created from then on is checked`,
    ],
  };
}

/** That neither the object nor what it stands for names a workload. */
export function notAnnotated(): Unchecked {
  return {
    reason: 'NotAnnotated',
    because: `neither the Pod nor its owner names a workload (annotation ${keptnAnnotations.workload} or label app.kubernetes.io/name)`,
    remedies: [
      `to have it checked, add ${keptnAnnotations.workload} and ${keptnAnnotations.version} to the Pod template`,
    ],
  };
}

/** Why a Pod runs whose version was never released: it was made without an owner, before the opt-in, or past the webhook. */
export function pastTheGate(pod: Pod, lookup: Lookup): Unchecked {
  if (supportedOwner(pod) === undefined) {
    return {
      reason: 'BarePod',
      because:
        'nothing is checked for it: no Deployment, StatefulSet, DaemonSet or Rollout owns it, so that it has no version that could be released',
      remedies: ['let a Deployment, StatefulSet, DaemonSet or Rollout make it'],
    };
  }
  const { namespace = '', name } = pod.metadata;
  const madeAt = parseTime(pod.metadata.creationTimestamp);
  const optedInAt = optInTime(lookup.get(NamespaceKind, undefined, namespace)?.metadata);
  const restart = `kubectl rollout restart of its owner makes new Pods, which are checked`;
  if (madeAt !== undefined && optedInAt !== undefined && madeAt <= optedInAt) {
    return {
      reason: 'OlderThanOptIn',
      because: `it is older than the opt-in of Namespace ${namespace}`,
      remedies: [restart],
    };
  }
  if (pod.metadata.annotations?.[keptnAnnotations.gateRemoved] !== undefined) {
    return {
      reason: 'GateRemoved',
      because: 'its gate was removed although its version was never released',
      remedies: [`find out who may patch Pods in Namespace ${namespace}`, restart],
    };
  }
  if (isNamedByPodAlone(pod, lookup)) {
    return {
      reason: 'AnnotatedAfterAdmission',
      because:
        'the annotations that name its workload are on the Pod alone, neither in its Pod template nor on its owner: something wrote them after the Pod was admitted (a policy that mutates existing objects, or a hand), when it could not be held any more',
      remedies: [
        `find out who did: kubectl get pod ${name} -n ${namespace} -o yaml --show-managed-fields`,
        `put ${keptnAnnotations.workload} and ${keptnAnnotations.version} into the Pod template, or let the policy mutate Deployments in place of Pods`,
      ],
    };
  }
  return {
    reason: 'PastTheWebhook',
    because:
      'its version was never released: Sluice was down or its webhook was not called when it was created, or its gate was removed by hand',
    remedies: ['see that the webhook is there: kubectl get mutatingwebhookconfigurations', restart],
  };
}

/** Whether a Pod names a workload, and what made it does not. */
function isNamedByPodAlone(pod: Pod, lookup: Lookup): boolean {
  const bare = { ...pod, metadata: { ...pod.metadata, labels: {}, annotations: {} } };
  return identityIn(lookup, bare).type === 'notAnnotated';
}

/**
 * When the annotation that opts in was last written, as the API server noted it in `managedFields`. Writing it again
 * moves it; undefined where it is not noted.
 */
function optInTime(
  metadata: (ObjectMeta & { managedFields?: unknown }) | undefined,
): number | undefined {
  if (!Array.isArray(metadata?.managedFields)) return undefined;
  const times = metadata.managedFields.flatMap((entry: unknown) =>
    JSON.stringify(entry).includes(`"f:${keptnAnnotations.lifecycleToolkit}"`)
      ? (parseTime(timeIn(entry)) ?? [])
      : [],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

function timeIn(entry: unknown): string | undefined {
  const time: unknown = fieldOf(entry, 'time');
  return typeof time === 'string' ? time : undefined;
}

/** Why an owner has no Pods: it asks for none, or their creation is refused. Undefined where neither is so. */
export function withoutPods(owner: KubernetesObject): Unchecked | undefined {
  if (fieldOf(fieldOf(owner, 'spec'), 'replicas') === 0) {
    return { reason: 'ScaledToZero', because: 'it asks for 0 replicas', remedies: [] };
  }
  const conditions = fieldOf(fieldOf(owner, 'status'), 'conditions');
  const refused: unknown = Array.isArray(conditions)
    ? conditions.find((one) => fieldOf(one, 'type') === 'ReplicaFailure')
    : undefined;
  const message = fieldOf(refused, 'message');
  if (typeof message !== 'string') return undefined;
  return {
    reason: 'PodsRefused',
    because: `the API server refuses its Pods: ${message}`,
    remedies: [
      'mend what the message names; the ReplicaSet tries again by itself, after up to 16 minutes, or at once after kubectl rollout restart',
    ],
  };
}
