import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { Identity } from './identity.ts';
import { type Lookup } from '../lookup.ts';
import { type OwnerProof, revisionOfPod } from '../owner/revision.ts';
import { uidOf, workloadNameFor } from './workload-names.ts';

/**
 * The version a Pod carries, found by what it is and not by its name. An owner that has moved on speaks of another version
 * than the Pod's: then only what is on record for the Pod's own revision counts (B4).
 */
export function versionOfPod(
  pod: { readonly metadata: ObjectMeta },
  { identity, proof }: { readonly identity: Identity; readonly proof: OwnerProof },
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  if (identity.type !== 'annotated') return undefined;
  const { namespace = '' } = pod.metadata;
  const name = workloadNameFor(identity, namespace, lookup);
  const workload = lookup.get(KeptnWorkload, namespace, name);
  if (workload === undefined || workload.spec.app !== identity.app) return undefined;
  const versions = lookup.byOwner(KeptnWorkloadVersion, uidOf(workload));
  if (identity.source === 'owner' && proof.type === 'unproven') {
    const revision = revisionOfPod(pod);
    return versions.find((version) => revision !== undefined && isOnRecord(revision, version));
  }
  return versions.find((version) => version.spec.version === identity.version);
}

function isOnRecord(revision: string, { spec, status }: KeptnWorkloadVersion): boolean {
  return (
    status?.releasedRevisions?.includes(revision) === true ||
    spec.resourceReference.uid === revision
  );
}
