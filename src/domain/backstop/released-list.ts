import type { Namespace } from '../../api/builtin.ts';
import { NamespaceKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import {
  type ReleasedVersions,
  releasedVersionsBounds,
  ReleasedVersionsKind,
  releasedVersionsName,
} from '../../api/released-versions.ts';
import { conditionOf, conditionTypes, withCondition } from '../conditions.ts';
import { deleting, type Effect, patching, type Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import { entryOf } from './entries.ts';

/**
 * A list is stored as a whole each time, however little of it changes. What changes within this time after a write is therefore
 * written together; after a quiet time the first change is written at once.
 */
const restMs = 1_000;

/** With more changes at once, the whole map is shorter to say. */
const mostSingleChanges = 200;

/** Everything that decides about the list of one Namespace. */
export interface ReleasedListSeen {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly namespace: Namespace;
  /** Whether Pods of the Namespace are held. */
  readonly isEnabled: boolean;
  readonly list: ReleasedVersions | undefined;
  /** What is to be listed; not given while nothing is written, because the list rests or is to go. */
  readonly content?: ListContent;
}

/** What a list is made of. */
export interface ListContent {
  readonly versions: readonly KeptnWorkloadVersion[];
  readonly workloads: readonly KeptnWorkload[];
  /** The revisions whose owner is there: uids of ReplicaSets; uid, slash and hash of the others. */
  readonly revisions: ReadonlySet<string>;
  /** Those of them whose Pods name a version themselves. */
  readonly versioned: ReadonlySet<string>;
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
  if (!seen.isEnabled) {
    if (isListed) return { effects: [labelled(namespace, undefined)] };
    return list === undefined ? {} : { effects: removed(list) };
  }
  const label = isListed || list === undefined ? {} : { effects: [labelled(namespace, 'true')] };
  if (seen.content === undefined) return { ...label, wakeAfterMs: restOf(list, seen.now) };
  const wanted = fitting(entriesIn(seen.content));
  if (list === undefined) return { effects: [created(seen, wanted), ...fullness(seen, wanted)] };
  const changes = changesOf(list, wanted);
  if (changes.length === 0 && (list.status?.leftOut ?? 0) === wanted.leftOut) return label;
  return { effects: [written(list, { seen, wanted, changes }), ...fullness(seen, wanted)] };
}

/** What a list is to hold. */
interface Wanted {
  readonly entries: readonly string[];
  /** How many found no room. */
  readonly leftOut: number;
}

/** The first entries, as many as a list holds. */
function fitting(all: readonly string[]): Wanted {
  const most = releasedVersionsBounds;
  const encoder = new TextEncoder();
  let bytes = 0;
  const end = all.findIndex((entry, at) => {
    bytes += encoder.encode(`${JSON.stringify(entry)}:true,`).length;
    return at >= most.entries || bytes > most.bytes;
  });
  const entries = end === -1 ? all : all.slice(0, end);
  return { entries, leftOut: all.length - entries.length };
}

/** The operations that make the entries of the list those that are wanted; the whole map where they would be many. */
function changesOf(
  { spec: { entries } }: ReleasedVersions,
  wanted: Wanted,
): readonly JsonPatchOperation[] {
  const kept = new Set(wanted.entries);
  const removals = Object.keys(entries).filter((entry) => !kept.has(entry));
  const additions = wanted.entries.filter((entry) => !Object.hasOwn(entries, entry));
  if (removals.length + additions.length > mostSingleChanges)
    return [{ op: 'replace', path: '/spec/entries', value: mapOf(wanted.entries) }];
  const pathOf = (entry: string): string => pointer('spec', 'entries', entry);
  return [
    ...removals.map((entry) => ({ op: 'remove', path: pathOf(entry) }) as const),
    ...additions.map((entry) => ({ op: 'add', path: pathOf(entry), value: true }) as const),
  ];
}

function mapOf(entries: readonly string[]): Record<string, boolean> {
  return Object.fromEntries(entries.map((entry) => [entry, true]));
}

/** How many milliseconds the list is left alone still; none if a clock was set back since it was written. */
export function restOf(list: ReleasedVersions | undefined, now: number): number {
  const passedMs = now - (parseTime(list?.status?.writtenAt) ?? Number.NEGATIVE_INFINITY);
  return passedMs >= 0 && passedMs < restMs ? restMs - passedMs : 0;
}

function statusOf({ list, now }: ReleasedListSeen, { leftOut }: Wanted) {
  const complete = {
    type: 'Complete',
    status: leftOut === 0 ? 'True' : 'False',
    reason: leftOut === 0 ? 'AllListed' : 'ListFull',
    message: leftOut === 0 ? 'everything that is Released is listed' : fullMessage(leftOut),
  } as const;
  return {
    writtenAt: new Date(now).toISOString(),
    ...(leftOut > 0 && { leftOut }),
    conditions: withCondition(list?.status?.conditions, complete, now),
  };
}

function fullMessage(leftOut: number): string {
  const { entries, bytes } = releasedVersionsBounds;
  return `the list of released versions is full (${entries} entries, ${bytes} bytes): ${leftOut} entries found no room, so that their Pods do not start while no Sluice answers. Revisions that can be rolled back to take up room: lower revisionHistoryLimit, or spread the workloads over several Namespaces`;
}

/** Says that a list has become full, on the Namespace. */
function fullness({ namespace, list }: ReleasedListSeen, { leftOut }: Wanted): readonly Effect[] {
  if (leftOut === 0 || (list?.status?.leftOut ?? 0) > 0) return [];
  const message = fullMessage(leftOut);
  const note = { about: namespace, type: 'Warning', reason: 'ReleasedListFull', message } as const;
  return [{ type: 'event', note }];
}

/**
 * Owners first: what is left out of them would start unjudged. Then what is current, then what could be rolled back to, the
 * newest first.
 */
function entriesIn(content: ListContent): readonly string[] {
  const { versions, workloads, revisions, versioned, annotatedOwners } = content;
  const current = new Set(
    workloads.map(({ metadata, spec }) => `${metadata.name}/${spec.version}`),
  );
  const isCurrent = ({ spec }: KeptnWorkloadVersion): boolean =>
    current.has(`${spec.workloadName}/${spec.version}`);
  const released = versions
    .filter(mayStart)
    .toSorted(
      (one, other) =>
        Number(isCurrent(other)) - Number(isCurrent(one)) || createdAt(other) - createdAt(one),
    );
  const entries = annotatedOwners.map(({ kind, name }) => entryOf.owner(kind, name));
  for (const version of released) {
    const there = (version.status?.releasedRevisions ?? []).filter((one) => revisions.has(one));
    if (there.length === 0 && !isCurrent(version)) continue;
    const { workloadName, version: name } = version.spec;
    const ofRevision = (revision: string): string =>
      versioned.has(revision)
        ? entryOf.versionedRevision(revision, name)
        : entryOf.revision(revision);
    entries.push(entryOf.version(workloadName, name), ...there.map(ofRevision));
  }
  return [...new Set(entries)];
}

function createdAt({ metadata }: KeptnWorkloadVersion): number {
  return parseTime(metadata.creationTimestamp) ?? 0;
}

/** What of a version decides about the list. */
export function listedOf(version: KeptnWorkloadVersion): unknown {
  const { releasedRevisions = [] } = version.status ?? {};
  return [mayStart(version), releasedRevisions];
}

/** A release by hand ends at a time that a policy cannot know. */
function mayStart(version: KeptnWorkloadVersion): boolean {
  const released = conditionOf(version, conditionTypes.released);
  return released?.status === 'True' && released.reason !== 'ReleasedByHand';
}

function created(seen: ReleasedListSeen, wanted: Wanted): Effect {
  const object: ReleasedVersions = {
    apiVersion: ReleasedVersionsKind.apiVersion,
    kind: ReleasedVersionsKind.kind,
    metadata: { name: releasedVersionsName, namespace: seen.namespace.metadata.name },
    spec: { entries: mapOf(wanted.entries) },
    status: statusOf(seen, wanted),
  };
  return { type: 'create', kind: ReleasedVersionsKind, object };
}

function written(
  list: ReleasedVersions,
  by: {
    readonly seen: ReleasedListSeen;
    readonly wanted: Wanted;
    readonly changes: readonly JsonPatchOperation[];
  },
): Effect {
  const status = { op: 'add', path: '/status', value: statusOf(by.seen, by.wanted) } as const;
  return patching(ReleasedVersionsKind, list, {
    operations: [...by.changes, status],
    asGathered: true,
    goneIsDone: true,
  });
}

function removed(list: ReleasedVersions): readonly Effect[] {
  const { uid } = list.metadata;
  return uid === undefined ? [] : [deleting(ReleasedVersionsKind, list)];
}

function labelled(namespace: Namespace, value: string | undefined): Effect {
  const { labels } = namespace.metadata;
  const path = pointer('metadata', 'labels', sluiceKeys.listed);
  const change =
    value === undefined
      ? ({ op: 'remove', path } as const)
      : labels === undefined
        ? ({ op: 'add', path: '/metadata/labels', value: { [sluiceKeys.listed]: value } } as const)
        : ({ op: 'add', path, value } as const);
  return patching(NamespaceKind, namespace, {
    operations: [change],
    asGathered: true,
    goneIsDone: true,
  });
}
