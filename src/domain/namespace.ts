import { type Namespace, NamespaceKind, type Pod } from '../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { enabledValue, keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import { type ObjectMeta, refOf } from '../api/object.ts';
import type { Effect, Plan } from './plan.ts';
import { gateIndex, liftGate } from './pod-gate.ts';

/** The value of the label `enabled`, by which the webhook selects Namespaces. */
const labelValue = 'true';

type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** Whether a Namespace opts in. Only the annotation says so; a label of that key does not count, as in Keptn. */
export function isOptedIn({ annotations }: Metadata): boolean {
  return annotations?.[keptnAnnotations.lifecycleToolkit] === enabledValue;
}

/** What brings the label `enabled` in step with the annotation; empty when it is. */
export function labelOperations(metadata: Metadata): readonly JsonPatchOperation[] {
  const { labels } = metadata;
  const label = labels?.[sluiceKeys.enabled];
  const path = pointer('metadata', 'labels', sluiceKeys.enabled);
  if (!isOptedIn(metadata)) return label === undefined ? [] : [{ op: 'remove', path }];
  if (label === labelValue) return [];
  return labels === undefined
    ? [{ op: 'add', path: '/metadata/labels', value: { [sluiceKeys.enabled]: labelValue } }]
    : [{ op: 'add', path, value: labelValue }];
}

export interface NamespaceObservation {
  readonly namespace: Namespace;
  /** The Pods in it that Sluice watches; those of a Namespace that is opted in need not be gathered. */
  readonly pods: readonly Pod[];
}

/**
 * Keeps the label in step with the annotation, also on Namespaces that were there before Sluice. When the opt-in is
 * withdrawn, the label goes first, so that no further Pod is held, and then every gate of ours in the Namespace.
 */
export function decideNamespace({ namespace, pods }: NamespaceObservation): Plan {
  const { metadata } = namespace;
  if (metadata.deletionTimestamp !== undefined) return {};
  const operations = labelOperations(metadata);
  const effects: readonly Effect[] = [
    ...(operations.length === 0 ? [] : [labelPatch(namespace, operations)]),
    ...(isOptedIn(metadata) ? [] : releases(pods)),
  ];
  if (effects.length === 0) return {};
  const { resourceVersion = '' } = metadata;
  // A cache that has not seen the opt-in yet must not release what was held because of it.
  return { effects, onlyIfCurrent: { ...refOf(NamespaceKind, namespace), resourceVersion } };
}

function labelPatch(namespace: Namespace, operations: readonly JsonPatchOperation[]): Effect {
  const { uid, resourceVersion } = namespace.metadata;
  return {
    type: 'patch',
    ref: refOf(NamespaceKind, namespace),
    operations: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...operations,
    ],
    goneIsDone: true,
  };
}

/** As many Pods as this are told why their gate goes; the others went with them. */
const mostEvents = 10;

function releases(pods: readonly Pod[]): readonly Effect[] {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const lifted = present.map(liftGate).filter((effect) => effect !== undefined);
  const held = present.filter((pod) => gateIndex(pod) >= 0).slice(0, mostEvents);
  return [...lifted, ...held.map(withdrawn)];
}

function withdrawn(pod: Pod): Effect {
  return {
    type: 'event',
    note: {
      about: pod,
      type: 'Warning',
      reason: 'NamespaceDisabled',
      message: `The Pod starts without its checks: Namespace ${pod.metadata.namespace ?? ''} no longer carries ${keptnAnnotations.lifecycleToolkit}: ${enabledValue}.`,
    },
  };
}
