import { keptnAnnotations, recommendedLabels } from '../../api/keptn/annotations.ts';
import { controllerOf, type ObjectMeta } from '../../api/object.ts';
import { type Metadata, valueOf } from '../identity/metadata-value.ts';
import { revisionHashLabel } from '../owner/owner-chain.ts';

/** The entries of a list of released versions. The policy `released-versions` makes the same texts of a Pod. */
export const entryOf = {
  version: (workloadName: string, version: string): string => `version/${workloadName}/${version}`,
  /** Of Pods that name no version: they are recognised by what made them. */
  revision: (revision: string): string => `revision/${revision}`,
  /** Of Pods that name one: a template that is changed in place to name another version is not this revision any more. */
  versionedRevision: (revision: string, version: string): string =>
    `revision/${revision}@${version}`,
  /** An owner that is annotated while its Pods are not: they are recognised by its name. */
  owner: (kind: string, name: string): string => `owner/${kind}/${name}`,
} as const;

/** The version that Pods with this metadata name themselves, as it is listed. */
export function namedVersion(metadata: Metadata): string | undefined {
  return valueOf(metadata, keptnAnnotations.version, recommendedLabels.version)?.toLowerCase();
}

/**
 * The entries of which one suffices to let this Pod start. If it names a version: that version, of its workload or of its revision
 * (where Keptn's rule cannot spell the workload's name). If it names none: its revision.
 */
export function entriesOfPod({ metadata }: { readonly metadata: ObjectMeta }): readonly string[] {
  const version = namedVersion(metadata);
  const revision = revisionIn(metadata);
  if (version === undefined) return revision === undefined ? [] : [entryOf.revision(revision)];
  const workload = valueOf(metadata, keptnAnnotations.workload, recommendedLabels.workload);
  const app = valueOf(metadata, keptnAnnotations.app, recommendedLabels.app) ?? workload;
  const name = workload && `${app}-${workload}`.toLowerCase().replaceAll('_', '-');
  return [
    ...(name === undefined ? [] : [entryOf.version(name, version)]),
    ...(revision === undefined ? [] : [entryOf.versionedRevision(revision, version)]),
  ];
}

/**
 * The entries of which one suffices to let the Pod start that takes the place of this one: made from the same template, without what
 * Sluice has written on this one.
 */
export function entriesOfNextPod(
  { metadata }: { readonly metadata: ObjectMeta },
  template: Metadata,
): readonly string[] {
  const hash = metadata.labels?.[revisionHashLabel];
  const labels = { ...template.labels, ...(hash !== undefined && { [revisionHashLabel]: hash }) };
  return entriesOfPod({
    metadata: { ...metadata, labels, annotations: { ...template.annotations } },
  });
}

function revisionIn(metadata: ObjectMeta): string | undefined {
  const owner = controllerOf({ metadata });
  if (owner === undefined) return undefined;
  const hash = metadata.labels?.[revisionHashLabel] ?? '';
  return owner.kind === 'ReplicaSet' ? owner.uid : `${owner.uid}/${hash}`;
}
