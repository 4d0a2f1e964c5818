import { asksForChecks, bareNote } from './bare-pod.ts';
import { type Pod, PodKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { type Answers, isUnread, unreadOf } from '../answers.ts';
import { keptnAnnotations, schedulingGate, sluiceKeys } from '../../api/keptn/annotations.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ObjectRef } from '../../api/object.ts';
import { heldForChecks, heldWithoutOwner, stalledExplanation } from './explanation.ts';
import { templateMetadata } from '../owner/revision.ts';
import { awaitedListing, type ListingSeen } from './awaited-listing.ts';
import type { AnnotatedIdentity, Identity } from '../identity/identity.ts';
import { isObsolete } from './obsolete-pod.ts';
import type { OwnerChain } from '../owner/owner-chain.ts';
import { deleting, type Effect, nothing, patching, type Plan } from '../plan.ts';
import { isReleased } from './release.ts';
import { type OwnerProof, revisionOfPod } from '../owner/revision.ts';
import { refToOwner } from '../owner/rollout-owner.ts';
import { troubleOf } from '../trouble.ts';
import { handReleaseAt, handReleaseOf } from '../phase/hand-release.ts';

/*
 * The life of a watched Pod:
 *
 *   1. The webhook admits it with our gate and the label `watched`, or with the label alone.
 *   2. Whose it is was read from a cache there; what the cache cannot prove is read live here.
 *   3. It belongs to nothing that is checked               → gate and label go. With the gate and without an owner it
 *                                                            cannot be told: it is held.
 *   4. Its version is Released                             → gate and label go, once it is listed where there are lists.
 *   5. It is of an old StatefulSet revision and nothing
 *      will release it any more                            → it is deleted, and comes back as the current revision.
 *   6. Its version waits or has failed                     → it is held; if the version stalls, the Pod says why.
 *
 * A Pod is released by the version it carries and by nothing else (B4). As soon as it is known what a held Pod stands for,
 * that is written on it: what its owner says later, or that there is none any more, does not release it.
 */

/** What the decision on a watched Pod knows of the world. */
export interface PodGateSeen extends Pick<Answers, 'live'> {
  readonly pod: Pod;
  readonly chain: OwnerChain;
  readonly identity: Identity;
  readonly proof: OwnerProof;
  /** The version the Pod carries; undefined while there is none, or none is known. */
  readonly version: KeptnWorkloadVersion | undefined;
  readonly now: number;
  /** The list that what is Released has to be on before its gate is lifted; undefined where there are no lists. */
  readonly listing: ListingSeen | undefined;
  /** Whether the Pod is among those of its version that get an explanation; gathered only if it `needsExplanation`. */
  readonly isExplained: boolean;
}

/** Decides whether a Pod may start. */
export function decidePodGate(seen: PodGateSeen): Plan {
  const { pod } = seen;
  const isConcern = gateIndex(pod) >= 0 || isWatched(pod);
  if (!isConcern || pod.metadata.deletionTimestamp !== undefined) return nothing;

  const look = unproven(seen);
  if (look.length > 0) return { look };
  const { identity, version } = seen;
  if (identity.type === 'ownerUnknown') return nothing;
  if (seen.chain.type === 'unowned' && gateIndex(pod) < 0) {
    const isUnchecked = asksForChecks(pod.metadata) && !isReleased(version?.status);
    return isUnchecked ? releaseBare(pod) : release(pod);
  }
  if (identity.type === 'notAnnotated') {
    return seen.chain.type === 'unowned'
      ? explain(seen, heldWithoutOwner(undefined))
      : release(pod);
  }
  if (version !== undefined && mayStart(version.status, seen.now)) {
    const waitMs = gateIndex(pod) < 0 ? 0 : untilListed(seen, version);
    if (waitMs > 0) return { wakeAfterMs: waitMs };
    if (isNoted(seen, version)) return release(pod);
    // The label stays until the controllers have learnt of its owner: nothing else would lead to it.
    return gateIndex(pod) >= 0 ? release(pod, 'still watched') : nothing;
  }
  return remove(seen) ?? hold(seen, identity);
}

function untilListed({ pod, chain, listing }: PodGateSeen, version: KeptnWorkloadVersion): number {
  if (listing === undefined) return 0;
  const template = templateMetadata(pod, chain);
  return awaitedListing({ pod, template, version }, listing);
}

/** A release by hand ends at its time, also before it has been taken back. */
function mayStart(status: KeptnWorkloadVersion['status'], now: number): boolean {
  const isByHand = handReleaseOf(status) !== undefined;
  return isReleased(status) && (!isByHand || handReleaseAt(status, now) !== undefined);
}

/** Whether our gate holds the Pod, and where it stands in the list; -1 if it does not. */
export function gateIndex(pod: Pod): number {
  return pod.spec?.schedulingGates?.findIndex(({ name }) => name === schedulingGate) ?? -1;
}

function isWatched(pod: Pod): boolean {
  return pod.metadata.labels?.[sluiceKeys.watched] !== undefined;
}

/**
 * One patch that takes our gate (and no other, B5), our label and the explanation from a Pod, and records that it did.
 * Undefined when the Pod has nothing of ours. The tests make it hold for this very Pod as it was seen.
 */
export function liftGate(
  pod: Pod,
  label: 'unwatched' | 'still watched' = 'unwatched',
): Effect | undefined {
  const index = gateIndex(pod);
  const { labels = {}, annotations } = pod.metadata;
  const operations: JsonPatchOperation[] = [];
  if (index >= 0) {
    operations.push(
      {
        op: 'test',
        path: pointer('spec', 'schedulingGates', index, 'name'),
        value: schedulingGate,
      },
      { op: 'remove', path: pointer('spec', 'schedulingGates', index) },
    );
    const marker = { [keptnAnnotations.gateRemoved]: 'true' };
    operations.push(
      annotations === undefined
        ? { op: 'add', path: '/metadata/annotations', value: marker }
        : {
            op: 'add',
            path: pointer('metadata', 'annotations', keptnAnnotations.gateRemoved),
            value: 'true',
          },
    );
  }
  if (labels[sluiceKeys.watched] !== undefined && label === 'unwatched') {
    operations.push({ op: 'remove', path: pointer('metadata', 'labels', sluiceKeys.watched) });
  }
  for (const key of [sluiceKeys.explanation, sluiceKeys.heldAfterOptOut]) {
    if (annotations?.[key] === undefined) continue;
    operations.push({ op: 'remove', path: pointer('metadata', 'annotations', key) });
  }
  if (operations.length === 0) return undefined;
  return patchOf(pod, operations);
}

/** The operations on this very Pod; that it is gone is the end of the matter. */
function patchOf(pod: Pod, operations: readonly JsonPatchOperation[]): Effect {
  return patching(PodKind, pod, { operations, goneIsDone: true });
}

function release(pod: Pod, label?: 'still watched'): Plan {
  const effect = liftGate(pod, label);
  return effect === undefined ? nothing : { afterwards: [effect] };
}

/** A Pod that nothing owns and nothing holds: one Event says so, at the last look at it. */
function releaseBare(pod: Pod): Plan {
  const effect = liftGate(pod);
  return effect === undefined
    ? nothing
    : { effects: [effect, { type: 'event', note: bareNote(pod) }] };
}

/** What has to be read live before anything may be concluded from the Pod's owners. */
function unproven(seen: PodGateSeen): readonly ObjectRef[] {
  const { identity, proof, chain } = seen;
  if (identity.type === 'ownerUnknown') return unreadOf([identity.missing], seen);
  if (chain.type === 'unknown')
    return identity.type === 'annotated' && identity.version !== undefined
      ? []
      : unreadOf([chain.missing], seen);
  const isOwnersWord = identity.type === 'notAnnotated' || identity.source === 'owner';
  return isOwnersWord && proof.type === 'unproven' ? unreadOf(refsOf(chain), seen) : [];
}

function refsOf(chain: OwnerChain): readonly ObjectRef[] {
  if (chain.type !== 'known') return [];
  const { owner } = chain;
  const direct = refToOwner(owner);
  if (owner.kind !== 'ReplicaSet' || owner.parent === undefined) return [direct];
  return [direct, refToOwner(owner.parent)];
}

/**
 * An OrderedReady StatefulSet waits for its first Pod before it updates any, so that a held Pod of an old revision would
 * block the new one for ever (B11). The preconditions make the deletion hold for this very Pod as it was seen: gated.
 */
function remove(seen: PodGateSeen): Plan | undefined {
  const { pod, chain, version } = seen;
  if (gateIndex(pod) < 0 || chain.type !== 'known' || chain.owner.kind !== 'StatefulSet')
    return undefined;
  const owner = chain.owner.object;
  const mayStillBeReleased = version !== undefined && !isCompleted(version.status?.status);
  if (mayStillBeReleased || !isObsolete(pod, owner)) return undefined;
  const ref = refToOwner(chain.owner);
  if (isUnread(ref, seen)) return { look: [ref] };
  return { effects: [deleting(PodKind, pod, { asGathered: true })] };
}

/** Held: what the Pod stands for is written on it, and why it is held, once that needs somebody's help. */
function hold(seen: PodGateSeen, identity: AnnotatedIdentity): Plan {
  const identified = identify(seen, identity);
  if (identified !== undefined) return identified;
  const { namespace = '' } = seen.pod.metadata;
  if (identity.versionSource === 'impossible') {
    return explain(seen, heldForChecks(identity, namespace));
  }
  const { version, chain } = seen;
  if (version === undefined && chain.type === 'unowned') {
    return explain(seen, heldWithoutOwner(identity));
  }
  if (version === undefined) return nothing;
  const trouble = troubleOf(version);
  return trouble === undefined
    ? nothing
    : explain(seen, stalledExplanation(version, trouble.message));
}

/**
 * What the webhook could not write on the Pod, because the owner was not in its cache yet; undefined if the Pod says it
 * all, or if its owner may speak of another revision.
 */
function identify({ pod, proof }: PodGateSeen, identity: AnnotatedIdentity): Plan | undefined {
  const missing = Object.keys(identity.annotations).length > 0;
  const isOthers = identity.source === 'owner' && proof.type === 'unproven';
  if (gateIndex(pod) < 0 || !missing || isOthers) return undefined;
  const { namespace = '' } = pod.metadata;
  const why = heldForChecks(identity, namespace);
  const written = { ...identity.annotations, [sluiceKeys.explanation]: why };
  const { annotations } = pod.metadata;
  const operations: readonly JsonPatchOperation[] =
    annotations === undefined
      ? [{ op: 'add', path: '/metadata/annotations', value: written }]
      : Object.entries(written).map(([key, value]) => ({
          op: 'add',
          path: pointer('metadata', 'annotations', key),
          value,
        }));
  return { effects: [patchOf(pod, operations)] };
}

/**
 * Whether a held Pod of this version may get another explanation than the one it has from its admission. Which Pods of a version get one
 * is expensive to tell, so that it is gathered for these alone.
 */
export function needsExplanation({
  identity,
  version,
}: Pick<PodGateSeen, 'identity' | 'version'>): boolean {
  const isImpossible = identity.type === 'annotated' && identity.versionSource === 'impossible';
  return version === undefined || isImpossible || troubleOf(version) !== undefined;
}

/** The explanation renewed with one Event, where that says anything new; for a few Pods of a version only (T6). */
function explain(seen: PodGateSeen, text: string): Plan {
  const { pod } = seen;
  const { annotations } = pod.metadata;
  if (gateIndex(pod) < 0 || annotations?.[sluiceKeys.explanation] === text) return nothing;
  if (!seen.isExplained) return nothing;
  const path = pointer('metadata', 'annotations', sluiceKeys.explanation);
  const change: JsonPatchOperation =
    annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [sluiceKeys.explanation]: text } }
      : { op: 'add', path, value: text };
  return {
    effects: [
      patchOf(pod, [change]),
      { type: 'event', note: { about: pod, type: 'Warning', reason: 'Held', message: text } },
    ],
  };
}

/**
 * Whether the controllers have learnt all there is from a Pod that starts without our gate: its revision is on record,
 * and the workload's current version was compared with the owner's (which happens on every change of the owner).
 */
function isNoted({ pod }: PodGateSeen, version: KeptnWorkloadVersion): boolean {
  const revision = revisionOfPod(pod);
  return revision !== undefined && version.status?.releasedRevisions?.includes(revision) === true;
}
