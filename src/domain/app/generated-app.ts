import { managedByKeptn, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { AppWorkload, KeptnApp } from '../../api/keptn/app.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isBookkeeping } from '../copied-metadata.ts';
import { sha256 } from '../hash.ts';

const { managedBy } = recommendedLabels;

/**
 * Whether discovery made the app and keeps it up to date. The label alone does not tell, because an export carries it along:
 * an app that kubectl, Helm, Argo CD or Flux applies, that another object owns, or whose version or list is not what discovery
 * wrote there, is its users'. One that Keptn generated carries the label alone.
 */
export function isGenerated(app: KeptnApp): boolean {
  return hasLabel(app) && !isKeptByOthers(app);
}

/** Whether the app says that discovery made it, although its users keep it: an exported one that was applied. */
export function isGeneratedInNameOnly(app: KeptnApp): boolean {
  return hasLabel(app) && isKeptByOthers(app);
}

function hasLabel({ metadata }: KeptnApp): boolean {
  return metadata.labels?.[managedBy] === managedByKeptn;
}

function isKeptByOthers(app: KeptnApp): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [] } = app.metadata;
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  return (
    ownerReferences.length > 0 ||
    isChanged(app) ||
    keys.some((key) => key !== managedBy && key !== sluiceKeys.generated && isBookkeeping(key))
  );
}

function isChanged({ metadata, spec: { version, workloads = [] } }: KeptnApp): boolean {
  const mark = metadata.annotations?.[sluiceKeys.generated];
  return mark !== undefined && mark !== generatedMark(metadata, { version, workloads });
}

/**
 * The value of the annotation with which discovery marks what it has written, and where: a copy in another place, and a list
 * that somebody has changed, do not match it. `revision` is not part of it, because users may raise it.
 */
export function generatedMark(
  { namespace = '', name }: Pick<ObjectMeta, 'namespace' | 'name'>,
  { version, workloads }: { readonly version: string; readonly workloads: readonly AppWorkload[] },
): string {
  const listed = workloads.map((entry) => [entry.name, entry.version]);
  return sha256(JSON.stringify([namespace, name, version, listed])).slice(0, 16);
}
