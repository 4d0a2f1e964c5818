import type { Kind, KubernetesObject, OwnerReference } from '../../api/object.ts';
import { controllerOf, isSameOwner, refOf } from '../../api/object.ts';
import type { Refusal } from '../../domain/plan.ts';
import type { LiveView } from './live-view.ts';

/**
 * What an object that already has the name of one to be created means.
 * - `adopt`: it is the one to be created, made by an earlier try of ours, or without an owner.
 * - `gone`: it is not there any more.
 * - `Terminating`, `NameTaken`: see `Refusal`.
 */
export type Collision = 'adopt' | 'gone' | Extract<Refusal['reason'], 'Terminating' | 'NameTaken'>;

/** Resolves AlreadyExists by live reads alone (B3): identity is the uid of the controlling owner, never the name. */
export async function resolveCollision(
  wanted: { readonly kind: Kind; readonly object: KubernetesObject },
  live: LiveView,
  kindOf: (owner: OwnerReference) => Kind | undefined,
): Promise<Collision> {
  const existing = await live.read(refOf(wanted.kind, wanted.object));
  if (existing === undefined) return 'gone';
  if (existing.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const wantedOwner = controllerOf(wanted.object);
  if (wantedOwner === undefined) return 'adopt';
  const owner = controllerOf(existing);
  if (owner === undefined) return 'NameTaken';
  if (isSameOwner(owner, wantedOwner)) return 'adopt';
  if (owner.uid === wantedOwner.uid) return 'NameTaken';
  return (await isGone(owner, existing, { live, kindOf })) ? 'Terminating' : 'NameTaken';
}

// Only an owner that was read live can be called gone. An owner of a kind that is not watched counts as there.
async function isGone(
  owner: OwnerReference,
  owned: KubernetesObject,
  by: { live: LiveView; kindOf: (owner: OwnerReference) => Kind | undefined },
): Promise<boolean> {
  const kind = by.kindOf(owner);
  if (kind === undefined) return false;
  const { namespace } = owned.metadata;
  const ref = {
    kind,
    name: owner.name,
    ...(kind.namespaced && namespace !== undefined && { namespace }),
  };
  return (await by.live.read(ref))?.metadata.uid !== owner.uid;
}
