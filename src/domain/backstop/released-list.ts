import type { Namespace } from '../../api/builtin.ts';
import { NamespaceKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import {
  type ReleasedVersions,
  ReleasedVersionsKind,
  releasedVersionsName,
} from '../../api/released-versions.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { deleting, type Effect, patching, type Plan } from '../plan.ts';
import { entryOf } from './entries.ts';

/** The most entries of a Namespace; an object of the API server holds several times as many. */
const mostEntries = 10_000;

/** Everything that decides about the list of one Namespace. */
export interface ReleasedListSeen {
  readonly namespace: Namespace;
  /** Whether Pods of the Namespace are held. */
  readonly isEnabled: boolean;
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
  if (!seen.isEnabled) {
    if (isListed) return { effects: [labelled(namespace, undefined)] };
    return list === undefined ? {} : { effects: removed(list) };
  }
  const entries = Object.fromEntries(entriesIn(seen).map((entry) => [entry, true]));
  if (list === undefined) return { effects: [created(namespace.metadata.name, entries)] };
  const isSame =
    Object.keys(entries).length === Object.keys(list.spec.entries).length &&
    Object.keys(entries).every((entry) => Object.hasOwn(list.spec.entries, entry));
  if (!isSame) return { effects: [replaced(list, entries)] };
  return isListed ? {} : { effects: [labelled(namespace, 'true')] };
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
  return [...new Set(entries)].slice(0, mostEntries);
}

/** A release by hand ends at a time that a policy cannot know. */
function mayStart(version: KeptnWorkloadVersion): boolean {
  const released = conditionOf(version, conditionTypes.released);
  return released?.status === 'True' && released.reason !== 'ReleasedByHand';
}

function created(namespace: string, entries: Record<string, boolean>): Effect {
  const object: ReleasedVersions = {
    apiVersion: ReleasedVersionsKind.apiVersion,
    kind: ReleasedVersionsKind.kind,
    metadata: { name: releasedVersionsName, namespace },
    spec: { entries },
  };
  return { type: 'create', kind: ReleasedVersionsKind, object };
}

function replaced(list: ReleasedVersions, entries: Record<string, boolean>): Effect {
  const replacement: JsonPatchOperation = { op: 'replace', path: '/spec/entries', value: entries };
  return patching(ReleasedVersionsKind, list, {
    operations: [replacement],
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
