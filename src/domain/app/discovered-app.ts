import { managedByKeptn, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import { type AppWorkload, KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { withoutBookkeeping } from '../copied-metadata.ts';
import { sha256 } from '../hash.ts';
import { type Effect, patching } from '../plan.ts';
import { generatedMark } from './generated-app.ts';

/** An app is made, or brought up to date. */
export type AppChange = Extract<Effect, { type: 'create' | 'patch' }>;

/** Where a discovered app is, or is to be, and what it is made with. */
export interface DiscoveredPlace extends Pick<ObjectMeta, 'namespace' | 'name' | 'annotations'> {
  /** As it is, if there is one. */
  readonly app: KeptnApp | undefined;
}

/**
 * What makes the app list exactly these workloads, which are at least one; undefined when it does. It holds for the app as it
 * was seen: a creation is none where there is one by now, and a patch tests its version.
 */
export function appListing(
  workloads: readonly KeptnWorkload[],
  { app, ...place }: DiscoveredPlace,
): AppChange | undefined {
  const byName = workloads.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const version = discoveredVersion(byName);
  const entries = byName.flatMap(entriesOf);
  if (app === undefined)
    return { type: 'create', kind: KeptnApp, object: appOf(place, version, entries) };
  const listed = merged(app.spec.workloads ?? [], entries);
  if (app.spec.version === version && isSame(app.spec.workloads ?? [], listed)) return undefined;
  const operations: readonly JsonPatchOperation[] = [
    { op: 'replace', path: '/spec/version', value: version },
    { op: 'add', path: '/spec/workloads', value: listed },
    marked(app, generatedMark(app.metadata, { version, workloads: listed })),
  ];
  return patching(KeptnApp, app, { operations, asGathered: true });
}

function marked({ metadata: { annotations } }: KeptnApp, mark: string): JsonPatchOperation {
  return annotations === undefined
    ? { op: 'add', path: '/metadata/annotations', value: { [sluiceKeys.generated]: mark } }
    : { op: 'add', path: pointer('metadata', 'annotations', sluiceKeys.generated), value: mark };
}

/**
 * Keptn's version of a generated app: that of its only workload, otherwise ten hex digits over all names and versions.
 * `workloads` are sorted by name.
 */
export function discoveredVersion(workloads: readonly KeptnWorkload[]): string {
  const [first, second] = workloads;
  if (first !== undefined && second === undefined) return first.spec.version;
  return sha256(
    workloads.map(({ metadata, spec }) => `${metadata.name}-${spec.version}`).join(''),
  ).slice(0, 10);
}

/** A workload in its version; several owners may carry it in several versions at once, and all of them are deployed. */
function entriesOf({ metadata, spec, status }: KeptnWorkload): AppWorkload[] {
  const prefix = `${spec.app}-`;
  const name = metadata.name.startsWith(prefix)
    ? metadata.name.slice(prefix.length)
    : metadata.name;
  const isUpToDate = status?.observedGeneration === metadata.generation;
  const owned = isUpToDate ? (status?.owners ?? []).flatMap(({ version }) => version ?? []) : [];
  return [...new Set([spec.version, ...owned])].map((version) => ({ name, version }));
}

/** The wanted entries, those that are listed already in their present order. */
function merged(listed: readonly AppWorkload[], wanted: readonly AppWorkload[]): AppWorkload[] {
  const names = [...new Set(listed.map(({ name }) => name))];
  const kept = names.flatMap((name) => wanted.filter((entry) => entry.name === name));
  return [...kept, ...wanted.filter((entry) => !kept.includes(entry))];
}

function isSame(one: readonly AppWorkload[], other: readonly AppWorkload[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, version }, i) => name === other[i]?.name && version === other[i]?.version)
  );
}

function appOf(
  { annotations: given, name, namespace = '' }: Omit<DiscoveredPlace, 'app'>,
  version: string,
  workloads: AppWorkload[],
): KeptnApp {
  // The annotations go along, as in Keptn: they say that the app is one of a single service.
  const { annotations } = withoutBookkeeping(given === undefined ? {} : { annotations: given });
  const mark = generatedMark({ name, namespace }, { version, workloads });
  return {
    apiVersion: KeptnApp.apiVersion,
    kind: KeptnApp.kind,
    metadata: {
      name,
      namespace,
      labels: { [recommendedLabels.managedBy]: managedByKeptn },
      annotations: { ...annotations, [sluiceKeys.generated]: mark },
    },
    spec: { version, workloads },
  };
}
