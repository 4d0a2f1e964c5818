import { identityOptionsOf } from '../../domain/settings/identity-options.ts';
import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf } from '../../api/object.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../../api/released-versions.ts';
import { entriesOfPod } from '../../domain/backstop/entries.ts';
import type { FieldError } from '../../api/parse.ts';
import type { AdmissionRequest } from '../../api/review.ts';
import {
  heldForChecks,
  heldUntilOwnerIsKnown,
  heldWithoutRecords,
} from '../../domain/gate/explanation.ts';
import { toldApart } from '../../domain/identity/identity-in.ts';
import { asksForChecks, nothingChecked } from '../../domain/gate/bare-pod.ts';
import {
  type AnnotatedIdentity,
  type Identity,
  identityOf,
} from '../../domain/identity/identity.ts';
import type { TooLong } from '../../domain/identity/identity-bounds.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { type OwnerChain, ownerChainOf, topOwner } from '../../domain/owner/owner-chain.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { workloadIn } from '../../domain/identity/workload-names.ts';
import { isGated, podPatch, type PodAdditions } from './pod-patch.ts';
import { type Candidate, isKnownReplica, isOfWorkload, releasingVersion } from './pod-release.ts';
import { type ReviewedPod, reviewedPod } from './reviewed-pod.ts';
import { allow, allowWith, deny, type Verdict } from '../verdict.ts';

/**
 * The life of a Pod begins here. What comes from a cache may hold a Pod; it may let one through only if it cannot be
 * outdated (design, "Admission of Pods"). So a Pod enters without the gate only
 *
 * (a) if it names its workload and version itself, and that version is Released,
 * (b) if its version is Released for exactly the revision it was made from, or
 * (c) if neither it nor its owner is annotated, and the cached owner provably is that revision.
 *
 * In every other case it is gated, and the controller decides after a live look at the owner. Nothing is created here
 * (B6, B18).
 */
export function gatePod(
  request: AdmissionRequest,
  lookup: Lookup,
  settings: { readonly operatorNamespace: string; readonly backstop?: boolean },
): Verdict {
  const parsed = reviewedPod(request.object, request.namespace ?? '');
  if (!parsed.ok) return deny(`Pod "${request.name ?? ''}"`, parsed.errors);
  const pod = parsed.value;
  if (cannotBeHeld(pod)) return allow();
  const chain = ownerChainOf(pod, lookup);
  if (chain.type === 'unowned') return judgeBare(pod);
  const options = identityOptionsOf(lookup, settings.operatorNamespace);
  const identity = toldApart(identityOf(pod, chain, options), { pod, chain, lookup });
  if (identity.type === 'annotated' && identity.tooLong !== undefined) {
    return deny(`Pod "${request.name ?? ''}"`, [unreadable(identity, identity.tooLong, chain)]);
  }
  const additions =
    identity.type === 'annotated'
      ? backstopped(judgeAnnotated({ pod, identity, chain }, lookup), pod, {
          lookup,
          isOn: settings.backstop === true,
        })
      : judgeOthers(identity, pod, chain);
  return additions === undefined ? allow() : allowWith(podPatch(pod, additions));
}

/** Which value is too long, and on which object: of an owner's the Pod can say only the name. */
function unreadable(
  { source }: AnnotatedIdentity,
  { path, message }: TooLong,
  chain: OwnerChain,
): FieldError {
  const owner = chain.type === 'known' ? topOwner(chain.owner) : undefined;
  if (source === 'pod' || owner === undefined) return { path: `metadata.${path}`, message };
  const { kind, object } = owner;
  return {
    path: 'metadata.ownerReferences',
    message: `metadata.${path} of ${kind} ${object.metadata.name} ${message}`,
  };
}

/**
 * Pods that are on a node already (mirror Pods always are) are never scheduled, and the API server refuses them with a
 * gate; Pods of Jobs are tasks, not deployments. The API server does not even ask about them (`registry.ts`).
 */
function cannotBeHeld(pod: ReviewedPod): boolean {
  const controller = controllerOf(pod);
  const isOfJob = controller?.kind === 'Job' && controller.apiVersion.startsWith('batch/');
  return isOfJob || (pod.spec.nodeName ?? '') !== '';
}

/**
 * A Pod of its own has no version that could be released, and nothing is checked for it: a warning says so at once,
 * and an Event, for which the controller has to see the Pod.
 */
function judgeBare(pod: ReviewedPod): Verdict {
  if (!asksForChecks(pod.metadata)) return allow();
  const additions = { annotations: {}, isGated: false, isWatched: true };
  return { ...allowWith(podPatch(pod, additions)), warnings: [nothingChecked] };
}

function judgeAnnotated(candidate: Candidate, lookup: Lookup): PodAdditions {
  const { pod, identity, chain } = candidate;
  const version = releasingVersion(candidate, lookup);
  if (version === undefined) {
    // What is written on the Pod counts as its own word from then on; a cached owner may speak of another revision.
    const proof = identity.source === 'owner' ? proofOf(pod, chain) : undefined;
    if (proof?.type === 'unproven') {
      return held({ [sluiceKeys.explanation]: heldUntilOwnerIsKnown(proof.why) });
    }
    const isBlind = lookup.isMissing?.(KeptnWorkload, KeptnWorkloadVersion) === true;
    const why = isBlind
      ? heldWithoutRecords()
      : heldForChecks(identity, pod.metadata.namespace ?? '');
    return held({ ...identity.annotations, [sluiceKeys.explanation]: why });
  }
  return {
    annotations: annotationsFor(candidate, version),
    isGated: false,
    // A gate that the Pod brings along has to be lifted by somebody.
    isWatched: isGated(pod.spec.schedulingGates) || !isKnownReplica(pod, version, lookup),
  };
}

/**
 * Where the policy on released versions stands behind this webhook, what is not on its list yet is held for the moment until it
 * is: without a gate the policy would refuse it.
 */
function backstopped(
  additions: PodAdditions,
  pod: ReviewedPod,
  { lookup, isOn }: { readonly lookup: Lookup; readonly isOn: boolean },
): PodAdditions {
  if (!isOn || additions.isGated) return additions;
  const { namespace } = pod.metadata;
  const entries = lookup.get(ReleasedVersionsKind, namespace, releasedVersionsName)?.spec.entries;
  const withAdded = {
    ...pod.metadata,
    annotations: { ...pod.metadata.annotations, ...additions.annotations },
  };
  const isListed = entriesOfPod({ metadata: withAdded }).some((entry) => entries?.[entry] === true);
  return isListed ? additions : { ...additions, isGated: true, isWatched: true };
}

/** Undefined: the Pod enters untouched. */
function judgeOthers(
  identity: Exclude<Identity, { type: 'annotated' }>,
  pod: ReviewedPod,
  chain: OwnerChain,
): PodAdditions | undefined {
  const proof = proofOf(pod, chain);
  if (identity.type === 'notAnnotated' && proof.type === 'proven') return undefined;
  const why = proof.type === 'unproven' ? proof.why : 'its owner is not known';
  return held({ [sluiceKeys.explanation]: heldUntilOwnerIsKnown(why) });
}

function held(annotations: Readonly<Record<string, string>>): PodAdditions {
  return { annotations, isGated: true, isWatched: true };
}

/**
 * Normally what the look-up found. A Pod of an older revision is not what its owner now says but what was released, and
 * carries that, if its workload can be read back from the version.
 */
function annotationsFor(
  { identity }: Candidate,
  version: KeptnWorkloadVersion,
): Readonly<Record<string, string>> {
  const { spec } = version;
  const isFound = isOfWorkload(identity, version);
  if (isFound && spec.version === identity.version) return identity.annotations;
  const released = { [keptnAnnotations.version]: spec.version };
  if (identity.source === 'pod') return { ...identity.annotations, ...released };
  const workload = isFound ? identity.workload : workloadIn(spec);
  return workload === undefined
    ? {}
    : { [keptnAnnotations.app]: spec.app, [keptnAnnotations.workload]: workload, ...released };
}
