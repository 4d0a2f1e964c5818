import { ControllerRevisionKind, type ReplicaSet, ReplicaSetKind } from '../../api/builtin.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { toldApart } from '../identity/identity-in.ts';
import { type Identity, identityOf } from '../identity/identity.ts';
import { type Lookup } from '../lookup.ts';
import { ownerChainOf, revisionHashLabel } from '../owner/owner-chain.ts';
import type { IdentityOptions } from '../identity/pod-version.ts';
import type { RolloutOwner } from '../owner/rollout-owner.ts';
import { defined } from '../../api/json.ts';

/** A revision of an owner that is still there: Pods of it may run, and a rollback may go back to it. */
export interface LivingRevision {
  /** As `status.releasedRevisions` records it. */
  readonly revision: string;
  /** What its Pod template says by itself; undefined where the template is not cached. */
  readonly identity: Identity | undefined;
}

/** The ReplicaSets (of a StatefulSet or DaemonSet: the ControllerRevisions) that an owner still has. */
export function livingRevisions(
  owner: RolloutOwner,
  lookup: Lookup,
  options: IdentityOptions,
): readonly LivingRevision[] {
  const { uid = '' } = owner.object.metadata;
  switch (owner.kind) {
    case 'ReplicaSet':
      return [ofReplicaSet(owner.object, lookup, options)];
    case 'Deployment':
    case 'Rollout':
      return lookup.byOwner(ReplicaSetKind, uid).map((set) => ofReplicaSet(set, lookup, options));
    case 'StatefulSet':
    case 'DaemonSet':
      return lookup
        .byOwner(ControllerRevisionKind, uid)
        .map((made) => ({ revision: `${uid}/${hashOf(made)}`, identity: undefined }));
  }
}

function ofReplicaSet(set: ReplicaSet, lookup: Lookup, options: IdentityOptions): LivingRevision {
  const { name, namespace, uid = '' } = set.metadata;
  const { labels, annotations } = set.template;
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true };
  const metadata = {
    name,
    ...defined({ namespace }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ownerReferences: [reference],
  };
  // Without its parent: what that says now may be said of another revision.
  const owner = { kind: 'ReplicaSet', object: set } as const;
  const identity = identityOf({ metadata }, { type: 'known', reference, owner }, options);
  const chain = ownerChainOf({ metadata }, lookup);
  return { revision: uid, identity: toldApart(identity, { pod: { metadata }, chain, lookup }) };
}

function hashOf({ metadata }: KubernetesObject): string {
  return metadata.labels?.[revisionHashLabel] ?? metadata.name;
}
