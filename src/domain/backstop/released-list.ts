import type { Namespace } from '../../api/builtin.ts';
import { NamespaceKind } from '../../api/builtin.ts';
import { pointer } from '../../api/json-patch.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { refOf } from '../../api/object.ts';
import {
  type ReleasedVersions,
  ReleasedVersionsKind,
  releasedVersionsName,
} from '../../api/released-versions.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { isOptedIn } from '../opt-in/namespace.ts';
import type { Effect, Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import { entryOf } from './entries.ts';

/** The most that a list holds, in entries and in bytes of JSON. The API server stores objects of up to 1.5 MiB. */
const most = { entries: 10_000, bytes: 1_000_000 } as const;

/** A list is written as a whole, so that what changes within a second after a write is written together. */
const restMs = 1_000;

/** Everything that decides about the list of one Namespace. */
export interface ReleasedListSeen {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly namespace: Namespace;
  readonly list: ReleasedVersions | undefined;
  readonly versions: readonly KeptnWorkloadVersion[];
  readonly workloads: readonly KeptnWorkload[];
  /** The revisions whose owner is there: uids of ReplicaSets; uid, slash and hash of the others. */
  readonly revisions: ReadonlySet<string>;
  /** Owners that are annotated while their template is not. */
  readonly annotatedOwners: readonly { readonly kind: string; readonly name: string }[];
}

/**
 * Keeps the list of what may start while no Sluice answers, and the label by which the API server knows that there is one. The
 * label is set once the list is there and taken off before the list goes: with the label and no list, no Pod could start.
 */
export function decideReleasedList(seen: ReleasedListSeen): Plan {
  const { namespace, list } = seen;
  if (namespace.metadata.deletionTimestamp !== undefined) return {};
  const isListed = namespace.metadata.labels?.[sluiceKeys.listed] !== undefined;
  if (!isOptedIn(namespace.metadata)) {
    if (isListed) return { effects: [labelled(namespace, undefined)] };
    return list === undefined ? {} : { effects: removed(list) };
  }
  const wanted = wantedSpec(seen);
  const full = fullness(namespace, wanted);
  if (list === undefined) {
    return { effects: [created(namespace.metadata.name, wanted), ...full] };
  }
  const label = isListed ? {} : { effects: [labelled(namespace, 'true')] };
  if (isSame(list.spec, wanted)) return label;
  const waitMs = restOf(list, seen.now);
  if (waitMs > 0) return { ...label, wakeAfterMs: waitMs };
  return { effects: [replaced(list, wanted), ...full] };
}

function isSame(is: Spec, wanted: Spec): boolean {
  const entries = Object.keys(wanted.entries);
  return (
    entries.length === Object.keys(is.entries).length &&
    entries.every((entry) => Object.hasOwn(is.entries, entry)) &&
    (is.leftOut ?? 0) === (wanted.leftOut ?? 0)
  );
}

/** How long the list is left alone still; not at all when a clock was set back since it was written. */
function restOf({ spec }: ReleasedVersions, now: number): number {
  const passed = now - (parseTime(spec.writtenAt) ?? Number.NEGATIVE_INFINITY);
  return passed >= 0 && passed < restMs ? restMs - passed : 0;
}

type Spec = ReleasedVersions['spec'];

function wantedSpec(seen: ReleasedListSeen): Spec {
  const all = entriesIn(seen);
  const kept = fitting(all);
  return {
    entries: Object.fromEntries(kept.map((entry) => [entry, true])),
    writtenAt: new Date(seen.now).toISOString(),
    ...(kept.length < all.length && { leftOut: all.length - kept.length }),
  };
}

/** The first entries, as many as a list holds. */
function fitting(entries: readonly string[]): readonly string[] {
  const text = new TextEncoder();
  let bytes = 0;
  const end = entries.findIndex((entry, at) => {
    bytes += text.encode(`${JSON.stringify(entry)}:true,`).length;
    return at >= most.entries || bytes > most.bytes;
  });
  return end === -1 ? entries : entries.slice(0, end);
}

/** Says that a list is full, on the Namespace. */
function fullness(namespace: Namespace, { leftOut = 0 }: Spec): readonly Effect[] {
  if (leftOut === 0) return [];
  const message = `the list of released versions is full: ${leftOut} entries found no room, so that their Pods do not start while no Sluice answers. Versions that can still be rolled back to take up room: lower revisionHistoryLimit, or spread the workloads over several Namespaces`;
  const note = { about: namespace, type: 'Warning', reason: 'ReleasedListFull', message } as const;
  return [{ type: 'event', note }];
}

/** Owners first, then what is current, then what could be rolled back to. */
function entriesIn(seen: ReleasedListSeen): readonly string[] {
  const { versions, workloads, revisions, annotatedOwners } = seen;
  const current = new Set(
    workloads.map(({ metadata, spec }) => `${metadata.name}/${spec.version}`),
  );
  const isCurrent = ({ spec }: KeptnWorkloadVersion): boolean =>
    current.has(`${spec.workloadName}/${spec.version}`);
  const released = versions
    .filter(mayStart)
    .toSorted((one, other) => Number(isCurrent(other)) - Number(isCurrent(one)));
  const entries = annotatedOwners.map(({ kind, name }) => entryOf.owner(kind, name));
  for (const version of released) {
    const there = (version.status?.releasedRevisions ?? []).filter((one) => revisions.has(one));
    if (there.length === 0 && !isCurrent(version)) continue;
    const { workloadName, version: name } = version.spec;
    entries.push(entryOf.version(workloadName, name), ...there.map(entryOf.revision));
  }
  return [...new Set(entries)];
}

/** A release by hand ends at a time that a policy cannot know. */
function mayStart(version: KeptnWorkloadVersion): boolean {
  const released = conditionOf(version, conditionTypes.released);
  return released?.status === 'True' && released.reason !== 'ReleasedByHand';
}

function created(namespace: string, spec: Spec): Effect {
  const object: ReleasedVersions = {
    apiVersion: ReleasedVersionsKind.apiVersion,
    kind: ReleasedVersionsKind.kind,
    metadata: { name: releasedVersionsName, namespace },
    spec,
  };
  return { type: 'create', kind: ReleasedVersionsKind, object };
}

function replaced(list: ReleasedVersions, spec: Spec): Effect {
  const { resourceVersion } = list.metadata;
  return {
    type: 'patch',
    ref: refOf(ReleasedVersionsKind, list),
    operations: [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'replace', path: '/spec', value: spec },
    ],
    goneIsDone: true,
  };
}

function removed(list: ReleasedVersions): readonly Effect[] {
  const { uid } = list.metadata;
  return uid === undefined ? [] : [{ type: 'delete', ref: refOf(ReleasedVersionsKind, list), uid }];
}

function labelled(namespace: Namespace, value: string | undefined): Effect {
  const { uid, resourceVersion, labels } = namespace.metadata;
  const path = pointer('metadata', 'labels', sluiceKeys.listed);
  const change =
    value === undefined
      ? ({ op: 'remove', path } as const)
      : labels === undefined
        ? ({ op: 'add', path: '/metadata/labels', value: { [sluiceKeys.listed]: value } } as const)
        : ({ op: 'add', path, value } as const);
  return {
    type: 'patch',
    ref: refOf(NamespaceKind, namespace),
    operations: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      change,
    ],
    goneIsDone: true,
  };
}
