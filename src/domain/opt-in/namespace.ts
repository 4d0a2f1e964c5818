import { type Answers, unreadOf } from '../answers.ts';
import { type Namespace, NamespaceKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { enabledLabel, keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isOptedIn } from '../opt-in-state.ts';
import { type Effect, onlyWhile, patching, type Plan } from '../plan.ts';
import {
  releasesHeld,
  versionsToRead,
  type WatchedPod,
  withdrawOptIn,
} from './withdrawn-opt-in.ts';

type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/**
 * What brings Sluice's marks on a Namespace in step with its opt-in; empty when they are. The label `enabled` follows the
 * annotation. With either of them goes the record of what ran at the opt-in: without the label no Pod was held, so that others
 * may run now. `holdsFailed`: whether the Namespace holds versions that have failed their checks, of which no Pod may start
 * although it is not opted in. `isExcluded`: whether the installation leaves it out by name.
 */
export function optInOperations(
  metadata: Metadata,
  holdsFailed: boolean,
  isExcluded = false,
): readonly JsonPatchOperation[] {
  return [...recordOperations(metadata), ...labelOperations(metadata, holdsFailed, isExcluded)];
}

function recordOperations(metadata: Metadata): readonly JsonPatchOperation[] {
  const isThere = metadata.annotations?.[sluiceKeys.optInRecorded] !== undefined;
  const isHeld = metadata.labels?.[sluiceKeys.enabled] === enabledLabel.optedIn;
  if (!isThere || (isOptedIn(metadata) && isHeld)) return [];
  return [{ op: 'remove', path: pointer('metadata', 'annotations', sluiceKeys.optInRecorded) }];
}

function labelOperations(
  metadata: Metadata,
  holdsFailed: boolean,
  isExcluded: boolean,
): readonly JsonPatchOperation[] {
  const { labels } = metadata;
  const label = labels?.[sluiceKeys.enabled];
  const path = pointer('metadata', 'labels', sluiceKeys.enabled);
  const wanted = isExcluded ? excludedLabel(metadata) : wantedLabel(metadata, holdsFailed);
  if (label === wanted) return [];
  if (wanted === undefined) return [{ op: 'remove', path }];
  return labels === undefined
    ? [{ op: 'add', path: '/metadata/labels', value: { [sluiceKeys.enabled]: wanted } }]
    : [{ op: 'add', path, value: wanted }];
}

/** Says of an opt-in that it has no effect, also to those who cannot see the settings of the installation. */
function excludedLabel(metadata: Metadata): string | undefined {
  return isOptedIn(metadata) ? enabledLabel.excluded : undefined;
}

function wantedLabel(metadata: Metadata, holdsFailed: boolean): string | undefined {
  if (isOptedIn(metadata)) return enabledLabel.optedIn;
  return holdsFailed && !releasesHeld(metadata) ? enabledLabel.withdrawn : undefined;
}

export interface NamespaceObservation extends Pick<Answers, 'live'> {
  readonly namespace: Namespace;
  /** The Pods in it that Sluice watches; those of a Namespace that is opted in need not be gathered. */
  readonly pods: readonly WatchedPod[];
  /** Whether it holds versions that have failed their checks; need not be gathered of one that is opted in. */
  readonly holdsFailed: boolean;
  /** Why the installation leaves the Namespace out, see `exclusionOf`; undefined if it does not. */
  readonly exclusion: string | undefined;
}

/**
 * Keeps the label in step with the annotation, also on Namespaces that were there before Sluice. When the opt-in is
 * withdrawn, the label goes first, so that no further Pod is held, and then our gates in the Namespace (see
 * `withdrawOptIn`). While there are versions that have failed, the label gets another value instead: further Pods of these
 * are held, and no others. The same happens where the installation comes to leave the Namespace out.
 */
export function decideNamespace(seen: NamespaceObservation): Plan {
  const { namespace, pods, exclusion } = seen;
  const { metadata } = namespace;
  if (metadata.deletionTimestamp !== undefined) return {};
  const isEnabled = isOptedIn(metadata) && exclusion === undefined;
  // The cache may not have seen yet that a version has failed.
  const look = isEnabled ? [] : unreadOf(versionsToRead(namespace, pods), seen);
  if (look.length > 0) return { look };
  const operations = optInOperations(metadata, seen.holdsFailed, exclusion !== undefined);
  const effects: readonly Effect[] = [
    ...(operations.length === 0 ? [] : [marksPatch(namespace, operations)]),
    ...(isEnabled ? [] : withdrawOptIn(namespace, pods, exclusion)),
    ...(operations.length > 0 && exclusion !== undefined && isOptedIn(metadata)
      ? [excludedEvent(namespace, exclusion)]
      : []),
  ];
  if (effects.length === 0) return {};
  // A cache that has not seen the opt-in yet must not release what was held because of it.
  return { effects, ...onlyWhile(NamespaceKind, namespace) };
}

function marksPatch(namespace: Namespace, operations: readonly JsonPatchOperation[]): Effect {
  return patching(NamespaceKind, namespace, { operations, asGathered: true, goneIsDone: true });
}

function excludedEvent(namespace: Namespace, exclusion: string): Effect {
  const message = `The opt-in (annotation ${keptnAnnotations.lifecycleToolkit}) has no effect: ${exclusion}. Its Pods start without any check.`;
  return {
    type: 'event',
    note: { about: namespace, type: 'Warning', reason: 'NamespaceExcluded', message },
  };
}
