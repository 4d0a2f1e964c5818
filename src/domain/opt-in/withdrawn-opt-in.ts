import { type Namespace, type Pod, PodKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { enabledValue, keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ObjectMeta, ObjectRef } from '../../api/object.ts';
import { hasFailedChecks } from '../gate/failed-version.ts';
import { type Effect, type EventNote, patching } from '../plan.ts';
import { commandToReleaseHeld } from '../gate/explanation.ts';
import { gateIndex, liftGate } from '../gate/pod-gate.ts';
import { shortened } from '../shortened.ts';

/** A watched Pod of a Namespace that is not opted in. */
export interface WatchedPod {
  readonly pod: Pod;
  /** The version the Pod carries; undefined while none is on record. */
  readonly version: KeptnWorkloadVersion | undefined;
  /** Where its version is or would be; undefined if the Pod stands for none. Read live before the gate is lifted. */
  readonly versionRef: ObjectRef | undefined;
}

/**
 * What becomes of the held Pods when a Namespace withdraws its opt-in. They start without their checks, except those whose
 * version has failed its checks: one annotation that gets lost must not start these. They stay held until the Namespace
 * says `sluice.keptn.sh/release-held: "true"`, and are marked, so that they stay so even if the version is deleted. `exclusion`
 * says why, where it is not the Namespace that withdrew it but the installation that leaves it out.
 */
export function withdrawOptIn(
  namespace: Namespace,
  pods: readonly WatchedPod[],
  exclusion?: string,
): readonly Effect[] {
  const why = exclusion ?? `Namespace ${namespace.metadata.name} no longer carries ${optIn}`;
  const present = pods.filter(({ pod }) => pod.metadata.deletionTimestamp === undefined);
  const kept = releasesHeld(namespace.metadata) ? [] : present.filter(staysHeld);
  const others = present.filter((one) => !kept.includes(one));
  const released = others.filter(isGated);
  const unmarked = kept.filter(({ pod }) => !isMarked(pod));
  const said = released.length + unmarked.length > 0;
  return [
    ...others.flatMap(({ pod }) => liftGate(pod) ?? []),
    ...unmarked.map(mark),
    ...released.slice(0, mostEvents).map(({ pod }) => toEvent(started(pod, why))),
    ...unmarked.slice(0, mostEvents).map((one) => toEvent(stillHeld(one, { namespace, why }))),
    ...(said ? [toEvent(summary({ namespace, why }, { released, kept }))] : []),
  ];
}

/** The versions that have to be read live before the gates of their Pods may go, each once. */
export function versionsToRead(namespace: Namespace, pods: readonly WatchedPod[]): ObjectRef[] {
  if (releasesHeld(namespace.metadata)) return [];
  const open = pods.filter((one) => isGated(one) && !staysHeld(one));
  const refs = open.flatMap(({ versionRef }) => versionRef ?? []);
  return [...new Map(refs.map((ref) => [ref.name, ref])).values()];
}

/** As many Pods as this get an Event about what becomes of them; the others share their fate. */
const mostEvents = 10;
/** As many versions as this are named in the Event on the Namespace. */
const mostNames = 10;
const longestNote = 1_000;

/** Whether a Namespace that is not opted in lets start, too, what has failed its checks. */
export function releasesHeld({ annotations }: Pick<ObjectMeta, 'annotations'>): boolean {
  return annotations?.[sluiceKeys.releaseHeld] === 'true';
}

function staysHeld(watched: WatchedPod): boolean {
  return isGated(watched) && (isMarked(watched.pod) || hasFailedChecks(watched.version));
}

function isGated({ pod }: WatchedPod): boolean {
  return gateIndex(pod) >= 0;
}

function isMarked({ metadata }: Pod): boolean {
  return metadata.annotations?.[sluiceKeys.heldAfterOptOut] !== undefined;
}

function mark({ pod, version }: WatchedPod): Effect {
  const { annotations } = pod.metadata;
  const key = sluiceKeys.heldAfterOptOut;
  const value = version?.metadata.name ?? 'true';
  const change: JsonPatchOperation =
    annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [key]: value } }
      : { op: 'add', path: pointer('metadata', 'annotations', key), value };
  return patching(PodKind, pod, { operations: [change], goneIsDone: true });
}

const reason = 'NamespaceDisabled';
const optIn = `${keptnAnnotations.lifecycleToolkit}: ${enabledValue}`;

/** The Namespace, and what was withdrawn in it. */
interface Withdrawn {
  readonly namespace: Namespace;
  readonly why: string;
}

function toEvent(note: EventNote): Effect {
  return { type: 'event', note };
}

function started(pod: Pod, why: string): EventNote {
  return {
    about: pod,
    type: 'Warning',
    reason,
    message: `The Pod starts without its checks: ${why}.`,
  };
}

function stillHeld({ pod, version }: WatchedPod, { namespace, why }: Withdrawn): EventNote {
  const name = version?.metadata.name ?? 'its version';
  return {
    about: pod,
    type: 'Warning',
    reason,
    message: `The Pod stays held although ${why}: the checks of ${name} have failed. To start it all the same: ${remedy(namespace)}`,
  };
}

function summary(
  { namespace, why }: Withdrawn,
  { released, kept }: Record<'released' | 'kept', readonly WatchedPod[]>,
): EventNote {
  const parts = [
    why,
    released.length === 0
      ? 'no held Pod was released'
      : `${count(released)} released without checks (${names(released)})`,
    ...(kept.length === 0
      ? []
      : [
          `still held, because the checks of their versions have failed: ${count(kept)} (${names(kept)}); to start these, too: ${remedy(namespace)}`,
        ]),
  ];
  const message = shortened(parts.join('; '), longestNote);
  return { about: namespace, type: 'Warning', reason, message };
}

function remedy({ metadata }: Namespace): string {
  return commandToReleaseHeld(metadata.name);
}

function count(pods: readonly WatchedPod[]): string {
  return pods.length === 1 ? '1 Pod' : `${pods.length} Pods`;
}

function names(pods: readonly WatchedPod[]): string {
  const all = new Set(pods.map(({ version }) => version?.metadata.name ?? 'of no known version'));
  const shown = [...all].slice(0, mostNames).join(', ');
  return all.size > mostNames ? `${shown} and ${all.size - mostNames} more` : shown;
}
