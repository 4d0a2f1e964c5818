import { type ReplicaSet, ReplicaSetKind } from '../../api/builtin.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { suffix } from '../hash.ts';
import { type AnnotatedIdentity, type Identity, identityOf } from './identity.ts';
import type { IdentityOptions } from './pod-version.ts';
import { type Lookup } from '../lookup.ts';
import { type OwnerChain, ownerChainOf } from '../owner/owner-chain.ts';
import { revisionOfPod } from '../owner/revision.ts';
import { uidOf, workloadNameFor } from './workload-names.ts';

/**
 * The identity of a Pod as the caches know it. A computed version counts only what Keptn's does, names, images and literal
 * environment of the containers: a template that differs in anything else (`command`, `args`, init containers, volumes,
 * references) would be released by the checks of another one. So the first template with a computed version has Keptn's,
 * and every other one has that with a hash of its digest appended. A template that was only restarted is the same one.
 */
export function identityIn(
  lookup: Lookup,
  pod: { metadata: ObjectMeta },
  options: IdentityOptions = {},
): Identity {
  const chain = ownerChainOf(pod, lookup);
  return toldApart(identityOf(pod, chain, options), { pod, chain, lookup });
}

/** Where an identity comes from: the Pod, its owners and the caches. */
interface Place {
  readonly pod: { metadata: ObjectMeta };
  readonly chain: OwnerChain;
  readonly lookup: Lookup;
}

/** The identity with the version that its template has, where another template had the computed version before. */
export function toldApart(identity: Identity, place: Place): Identity {
  if (identity.type !== 'annotated') return identity;
  const { version, templateDigest } = identity;
  if (version === undefined || templateDigest === undefined) return identity;
  const computed = { ...identity, version, templateDigest };
  return { ...identity, version: versionOfTemplate(computed, place) };
}

function versionOfTemplate(
  identity: AnnotatedIdentity & { readonly version: string; readonly templateDigest: string },
  place: Place,
): string {
  const { version, templateDigest } = identity;
  const { lookup, pod } = place;
  const { namespace = '' } = pod.metadata;
  const workload = lookup.get(
    KeptnWorkload,
    namespace,
    workloadNameFor(identity, namespace, lookup),
  );
  if (workload === undefined || workload.spec.app !== identity.app) return version;
  const versions = lookup.byOwner(KeptnWorkloadVersion, uidOf(workload));
  const own = `${version}-${suffix(['template', templateDigest])}`;
  if (versions.some(({ spec }) => spec.version === own)) return own;
  const first = versions.find(({ spec }) => spec.version === version);
  return first === undefined || standsFor(first, templateDigest, place) ? version : own;
}

/**
 * Whether the version stands for this template. What Keptn or an earlier Sluice made does not say for which: then it
 * stands for the revisions that were released by it, and for their templates as far as they are still there. A revision
 * on record counts whatever its digest: a newer API server may fill in defaults that it did not know.
 */
function standsFor(
  { spec, status }: KeptnWorkloadVersion,
  templateDigest: string,
  { pod, chain, lookup }: Place,
): boolean {
  if (spec.templateDigest === templateDigest) return true;
  const released = status?.releasedRevisions ?? [];
  const revision = revisionOfPod(pod);
  if (revision !== undefined && [...released, spec.resourceReference.uid].includes(revision))
    return true;
  if (spec.templateDigest === undefined && released.length === 0) return true;
  return siblings(chain, lookup).some(
    ({ metadata, template }) =>
      released.includes(metadata.uid ?? '') &&
      (template.unrestartedDigest ?? template.digest) === templateDigest,
  );
}

/** The ReplicaSets of the Deployment or Rollout that the Pod belongs to. */
function siblings(chain: OwnerChain, lookup: Lookup): readonly ReplicaSet[] {
  if (chain.type !== 'known' || chain.owner.kind !== 'ReplicaSet') return [];
  const { parent } = chain.owner;
  return parent === undefined ? [] : lookup.byOwner(ReplicaSetKind, uidOf(parent.object));
}
