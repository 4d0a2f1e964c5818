import { isEqualJson } from '../../api/json.ts';
import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import { hasOpenFollowUps } from '../../domain/follow-up/follow-ups.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { Phase } from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import type { Key } from '../engine/controller.ts';
import { handReleaseOf } from '../../domain/phase/hand-release.ts';
import { openRequests } from '../../domain/steering/requests.ts';

/*
 * What a start leaves out: objects that have ended and will not be looked at again, which in an old cluster are nearly all.
 * Each of these answers "not yet" when it cannot be sure; the simulation asks the decision itself about everything left out.
 */

/** Whether a task or an evaluation in this state has ended, and all that follows it has. */
export function isOver(
  state: KeptnState | undefined,
  status: { readonly followUps?: FollowUpStatus[] } | undefined,
): boolean {
  return isCompleted(state) && !hasOpenFollowUps(status?.followUps);
}

/**
 * Whether a version has ended, and all that follows it and its checks has; nothing is asked of it, and no release by hand
 * of it is still to end.
 */
export function isVersionOver(
  version: KubernetesObject & { readonly status?: VersionStatus },
  phases: readonly Phase[],
): boolean {
  const { status } = version;
  return (
    isOver(status?.status, status) &&
    handReleaseOf(status) === undefined &&
    openRequests(version).length === 0 &&
    itemsOf(status, phases).every(({ followUps }) => !hasOpenFollowUps(followUps))
  );
}

/**
 * The version of this kind that a check belongs to, if it does not show what follows the check: a process that ended between
 * the two writes leaves it so.
 */
export function versionBehind(
  check: KubernetesObject & { readonly status?: { readonly followUps?: FollowUpStatus[] } },
  version: {
    readonly kind: Kind<KubernetesObject & { status?: VersionStatus }>;
    readonly phases: readonly Phase[];
  },
  lookup: Lookup,
): readonly Key[] {
  const { followUps = [] } = check.status ?? {};
  const owner = controllerOf(check);
  if (followUps.length === 0 || owner?.kind !== version.kind.kind) return [];
  const parent = lookup.get(version.kind, check.metadata.namespace, owner.name);
  if (parent === undefined) return [];
  const shown = itemsOf(parent.status, version.phases).find(
    ({ name }) => name === check.metadata.name,
  );
  const isShown = shown === undefined || isEqualJson(shown.followUps, followUps);
  return isShown ? [] : [parent.metadata];
}

function itemsOf(
  status: VersionStatus | undefined,
  phases: readonly Phase[],
): readonly (ItemStatus & { readonly followUps?: FollowUpStatus[] })[] {
  return phases.flatMap((phase) => (phase.type === 'deploy' ? [] : (status?.[phase.items] ?? [])));
}
