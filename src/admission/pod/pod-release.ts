import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { conditionOf, conditionTypes } from '../../domain/conditions.ts';
import type { AnnotatedIdentity } from '../../domain/identity/identity.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { workloadName } from '../../domain/names.ts';
import type { OwnerChain } from '../../domain/owner/owner-chain.ts';
import { proofOf, revisionOfPod } from '../../domain/owner/revision.ts';
import { identityValue, revisionValue, versionByIdentity, versionByRevision } from '../indexes.ts';
import type { ReviewedPod } from './reviewed-pod.ts';

/** An annotated Pod and where it comes from. */
export interface Candidate {
  readonly pod: ReviewedPod;
  readonly identity: AnnotatedIdentity;
  readonly chain: OwnerChain;
}

/**
 * The Released version that lets this Pod through, if one does (design, "Admission of Pods"): (a) the version the Pod
 * itself names, or (b) the one for which the very revision the Pod was made from is recorded as released. What a cached
 * owner says is not enough, because the cache may be behind.
 */
export function releasingVersion(
  candidate: Candidate,
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  return versionNamedByPod(candidate, lookup) ?? versionOfRevision(candidate, lookup);
}

function versionNamedByPod(
  { pod, identity }: Candidate,
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  const { source, versionSource, app, workload, version } = identity;
  if (source !== 'pod' || versionSource !== 'given' || version === undefined) return undefined;
  const value = identityValue({
    namespace: pod.metadata.namespace ?? '',
    app,
    workloadName: workloadName(app, workload),
    version,
  });
  return lookup.byIndex(versionByIdentity, value).find(mayStartPods);
}

function versionOfRevision(candidate: Candidate, lookup: Lookup): KeptnWorkloadVersion | undefined {
  const { metadata } = candidate.pod;
  const revision = revisionOfPod({ metadata });
  if (revision === undefined) return undefined;
  const value = revisionValue(metadata.namespace ?? '', revision);
  const recorded = lookup.byIndex(versionByRevision, value).filter(mayStartPods);
  const { identity } = candidate;
  return (
    recorded.find(
      (version) => isOfWorkload(identity, version) && version.spec.version === identity.version,
    ) ?? recorded.find((version) => isWhatPodWas(candidate, version))
  );
}

/** Whether the version is one of the workload that the look-up found. */
export function isOfWorkload(
  { app, workload }: AnnotatedIdentity,
  { spec }: KeptnWorkloadVersion,
): boolean {
  return spec.app === app && spec.workloadName === workloadName(app, workload);
}

/**
 * Whether the record of the Pod's revision says better than the look-up what the Pod is: while a new version is held, an
 * evicted Pod of the old one comes back at once, although its owner now speaks of the new one. Not so if the version was
 * given on the Pod or computed from its own template, or if the owner provably speaks of this revision.
 */
function isWhatPodWas({ pod, identity, chain }: Candidate, version: KeptnWorkloadVersion): boolean {
  const { source, versionSource } = identity;
  if (versionSource === 'computed') return false;
  if (source === 'pod' && (versionSource === 'given' || !isOfWorkload(identity, version)))
    return false;
  return proofOf(pod, chain).type === 'unproven';
}

/** Whether the version is Released in a way that holds at any time; a release by hand ends, and is judged live. */
function mayStartPods(version: KeptnWorkloadVersion): boolean {
  const released = conditionOf(version, conditionTypes.released);
  return released?.status === 'True' && released.reason !== 'ReleasedByHand';
}

/**
 * Whether the controller has nothing to learn from one more Pod of this version: the Pod's revision is on record, and
 * the version is the workload's current one.
 */
export function isKnownReplica(
  pod: ReviewedPod,
  { metadata, spec, status }: KeptnWorkloadVersion,
  lookup: Lookup,
): boolean {
  const revision = revisionOfPod(pod);
  if (revision === undefined || status?.releasedRevisions?.includes(revision) !== true)
    return false;
  const workload = lookup.get(KeptnWorkload, metadata.namespace, spec.workloadName);
  return workload?.spec.app === spec.app && workload.spec.version === spec.version;
}
