import type { KeptnWorkload, KeptnWorkloadSpec } from '../../api/keptn/workload.ts';
import type { OwnerReference } from '../../api/object.ts';
import type { CurrentRevision, OwnerSeen } from '../identity/current-revision.ts';
import type { AnnotatedIdentity } from '../identity/identity.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { listsOf, union } from '../check/requested-checks.ts';
import { defined } from '../../api/json.ts';

/** An owner whose current revision carries a workload in a known version. */
export interface Claim {
  readonly owner: OwnerSeen['owner'];
  readonly current: CurrentRevision;
  readonly identity: AnnotatedIdentity & { readonly version: string };
}

/**
 * The claims on a workload, newest revision first, then by uid: the first one is what `resourceReference` names. Claims of
 * another application whose names come out the same are not among them (B3): they have a workload of their own.
 */
export function claimsOn(
  { name, workload }: { name: string; workload: KeptnWorkload | undefined },
  owners: readonly OwnerSeen[],
): readonly Claim[] {
  const claims = owners
    .flatMap((owner) => claimOf(owner, name) ?? [])
    .toSorted(
      (a, b) =>
        b.current.madeAt - a.current.madeAt ||
        (a.current.reference.uid < b.current.reference.uid ? -1 : 1),
    );
  const app = workload?.spec.app ?? claims[0]?.identity.app;
  return claims.filter(({ identity }) => identity.app === app);
}

function claimOf({ owner, current }: OwnerSeen, name: string): Claim | undefined {
  if (current?.identity.type !== 'annotated') return undefined;
  const { identity } = current;
  const { app, workload, version } = identity;
  if (version === undefined || !isNameOf(name, app, workload)) return undefined;
  return { owner, current, identity: { ...identity, version } };
}

/** One claim for each version that is claimed, the newest first. */
export function distinctVersions(claims: readonly Claim[]): readonly Claim[] {
  const versions = new Map<string, Claim>();
  for (const claim of claims) {
    if (!versions.has(claim.identity.version)) versions.set(claim.identity.version, claim);
  }
  return [...versions.values()];
}

/**
 * What the spec of the workload says by this claim. Its Pods start together with those of every other claim on the same
 * version, so that the checks of all of them are named, its own first.
 */
export function specOf(claim: Claim, claims: readonly Claim[]): KeptnWorkloadSpec {
  const { current, identity } = claim;
  const sameVersion = claims.filter((other) => other.identity.version === identity.version);
  return {
    app: identity.app,
    version: identity.version,
    ...union([claim, ...sameVersion].map((each) => listsOf(each.identity))),
    resourceReference: current.reference,
    ...defined({ deploymentTimeout: identity.deploymentTimeout, mode: identity.mode }),
    ...(identity.deadlines !== undefined && { deadlines: { ...identity.deadlines } }),
    ...(Object.keys(identity.metadata).length > 0 && { metadata: { ...identity.metadata } }),
  };
}

/** The top owner, which outlives pruned ReplicaSets; a plain reference as in Keptn, since several may share a workload. */
export function referenceTo({ owner: { object } }: Claim): OwnerReference {
  const { name, uid = '' } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, uid };
}
