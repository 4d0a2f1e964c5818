import { ReplicaSetKind } from '../api/builtin.ts';
import { isEqualJson } from '../api/json.ts';
import { restartedAt } from '../api/keptn/annotations.ts';
import type { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { hasFailedHeld } from '../domain/gate/check-again.ts';
import { conditionTypes, isTrue } from '../domain/conditions.ts';
import type { AnnotatedIdentity, Identity } from '../domain/identity/identity.ts';
import { type Lookup } from '../domain/lookup.ts';
import { workloadNameFor } from '../domain/identity/workload-names.ts';
import type { TemplateManifest, WorkloadManifest } from '../lint/workload/workload-manifest.ts';
import { identityValue, versionByIdentity } from './indexes.ts';

/** A workload under review with the identity of its Pods. */
export interface Reviewed {
  readonly workload: WorkloadManifest;
  readonly identity: Identity | undefined;
}

/**
 * Whether the version that a workload names has been released with another Pod template than it has now. Only a version
 * that is given counts: a computed one is what its template is. The template it was released with is known from the
 * ReplicaSets of a Deployment, if the version's record names them, and from what an update replaces.
 */
export function isReleasedOtherwise(
  reviewed: Reviewed,
  before: Reviewed | undefined,
  by: {
    readonly lookup: Lookup;
    readonly templateDigest: ((template: unknown) => string) | undefined;
  },
): boolean {
  const { workload, identity } = reviewed;
  if (identity?.type !== 'annotated' || identity.versionSource !== 'given') return false;
  const version = releasedVersion(identity, workload.metadata.namespace ?? '', by.lookup);
  const { template } = workload.spec;
  if (version === undefined || template === undefined) return false;
  const { templateDigest: digestOf } = by;
  const released = digestOf === undefined ? [] : releasedSets(workload, version, by.lookup);
  const isOf = ({ template: of }: (typeof released)[number]) =>
    digestOf?.(restartedAs(template, of.annotations?.[restartedAt])) === of.digest;
  if (released.some(isOf)) return false;
  return released.length > 0 || isReplaced(reviewed, before);
}

/** The template, restarted at that time or never. */
function restartedAs(template: TemplateManifest, at: string | undefined): TemplateManifest {
  const { [restartedAt]: _, ...annotations } = template.metadata?.annotations ?? {};
  const restarted = at === undefined ? annotations : { ...annotations, [restartedAt]: at };
  const { annotations: _before, ...metadata } = template.metadata ?? {};
  const hasAny = Object.keys(restarted).length > 0;
  return { ...template, metadata: { ...metadata, ...(hasAny && { annotations: restarted }) } };
}

/** The version that a workload names, if it has failed and its Pods are held for that. */
export function failedVersion(
  { workload, identity }: Reviewed,
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  if (identity?.type !== 'annotated') return undefined;
  return versionsOf(identity, workload.metadata.namespace ?? '', lookup).find(hasFailedHeld);
}

function releasedVersion(
  identity: AnnotatedIdentity,
  namespace: string,
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  return versionsOf(identity, namespace, lookup).find((one) =>
    isTrue(one, conditionTypes.released),
  );
}

function versionsOf(
  { app, workload, version = '' }: AnnotatedIdentity,
  namespace: string,
  lookup: Lookup,
): readonly KeptnWorkloadVersion[] {
  const workloadName = workloadNameFor({ app, workload }, namespace, lookup);
  const value = identityValue({ namespace, app, workloadName, version });
  return lookup.byIndex(versionByIdentity, value);
}

/** The ReplicaSets of the workload that its version was released for, where their templates can be compared with its own. */
function releasedSets(
  { kind, metadata: { uid } }: WorkloadManifest,
  { status }: KeptnWorkloadVersion,
  lookup: Lookup,
) {
  // The API server fills in the defaults of a ReplicaSet's template and leaves those of a Rollout's out.
  if (kind !== 'Deployment' || uid === undefined) return [];
  const revisions = new Set(status?.releasedRevisions);
  return lookup
    .byOwner(ReplicaSetKind, uid)
    .filter(({ metadata }) => revisions.has(metadata.uid ?? ''));
}

/** Whether an update puts another template in the place of one with the same version. */
function isReplaced({ workload, identity }: Reviewed, before: Reviewed | undefined): boolean {
  const old = before?.identity;
  if (identity?.type !== 'annotated' || old?.type !== 'annotated') return false;
  const isSameVersion =
    old.app === identity.app &&
    old.workload === identity.workload &&
    old.version === identity.version;
  return isSameVersion && !isSameTemplate(before?.workload.spec.template, workload.spec.template);
}

/** Whether the templates are the same, whenever they were restarted. */
export function isSameTemplate(
  one: TemplateManifest | undefined,
  other: TemplateManifest | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return isEqualJson(restartedAs(one, undefined), restartedAs(other, undefined));
}
