import {
  DaemonSetKind,
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import {
  type CarriedIdentity,
  carriedIdentity,
  namesOf,
  type Owning,
} from '../../domain/identity/carried-identity.ts';
import { uidOf } from '../../domain/identity/workload-names.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { workloadName } from '../../domain/names.ts';
import { ownerOfReference, type RolloutOwner } from '../../domain/owner/rollout-owner.ts';
import { isNameOf } from '../../domain/phase/newest-app-version.ts';
import type { IndexDefinition } from '../../ports/index-definition.ts';
import { inNamespace, isOwnerless } from './lifecycle-indexes.ts';

/*
 * A workload that references no owner is led to by names alone. Both ways cost what the names lead to, however many owners and
 * such workloads a namespace has.
 */

/** Owners by the names that the KeptnWorkload which they say they carry may have. */
function byCarried<T extends KubernetesObject & Owning>(kind: Kind<T>): IndexDefinition<T> {
  return {
    kind,
    name: 'carried',
    values: (owner) => {
      const identity = carriedIdentity(owner);
      if (identity === undefined) return [];
      return namesOf(identity).map((name) => inNamespace(owner.metadata.namespace, name));
    },
  };
}

/** What `ownersNaming` asks the caches by. */
export const ownersByCarried = [
  byCarried(DeploymentKind),
  byCarried(RolloutKind),
  byCarried(StatefulSetKind),
  byCarried(DaemonSetKind),
  byCarried(ReplicaSetKind),
] as const;

/**
 * The owners that may carry this workload by what they, or their ReplicaSets, say: each once. Whether the current revision of
 * one is of the workload is still to be looked at.
 */
export function ownersNaming(
  { metadata: { namespace = '', name }, spec }: KeptnWorkload,
  lookup: Lookup,
): readonly RolloutOwner[] {
  // Discovery may have called it by the name that it has within its application.
  const values = [name, workloadName(spec.app, name)].map((one) => inNamespace(namespace, one));
  const found = ownersByCarried.flatMap((index) =>
    values.flatMap((value) => lookup.byIndex<KubernetesObject>(index, value)),
  );
  const owners = new Map<string, RolloutOwner>();
  for (const object of found) {
    const owner = ownerOfReference(referenceTo(object), namespace, lookup);
    if (owner !== undefined) owners.set(uidOf(owner.object), owner);
  }
  return [...owners.values()];
}

function referenceTo(object: KubernetesObject) {
  return { kind: object.kind, name: object.metadata.name, uid: uidOf(object) };
}

/** The workloads without an owner that a changed owner, or what belongs to it, can name. */
export function ownerlessNamedBy(
  changed: KubernetesObject & Partial<Owning>,
  lookup: Lookup,
): readonly KeptnWorkload[] {
  const { namespace = '', ownerReferences = [] } = changed.metadata;
  const above = ownerReferences.flatMap(
    (reference) => ownerOfReference(reference, namespace, lookup)?.object ?? [],
  );
  const owners = [changed, ...above];
  const below = owners.flatMap((owner) => lookup.byOwner(ReplicaSetKind, uidOf(owner)));
  const identities = new Map<string, CarriedIdentity>();
  for (const object of [...owners, ...below]) {
    const identity = carriedIdentity(object);
    if (identity !== undefined) identities.set(JSON.stringify(identity), identity);
  }
  return [...identities.values()].flatMap((identity) => ownerlessOf(identity, namespace, lookup));
}

function ownerlessOf(
  identity: CarriedIdentity,
  namespace: string,
  lookup: Lookup,
): readonly KeptnWorkload[] {
  const { app, workload: bare } = identity;
  return [...new Set([...namesOf(identity), bare])].flatMap((name) => {
    const workload = lookup.get(KeptnWorkload, namespace, name);
    if (workload === undefined || !isOwnerless(workload)) return [];
    return workload.spec.app === app && isNameOf(name, app, bare) ? [workload] : [];
  });
}
