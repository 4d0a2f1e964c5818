import { schedulingGate, sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { AdmissionRequest } from '../../api/review.ts';
import { commandToReleaseHeld, heldAfterOptOut } from '../../domain/gate/explanation.ts';
import { hasFailedChecks } from '../../domain/gate/failed-version.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import type { AnnotatedIdentity } from '../../domain/identity/identity.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { versionOfPod } from '../../domain/identity/version-of-pod.ts';
import { placedTooEarly } from './final-pod.ts';
import { identityOptionsOf } from '../../domain/settings/identity-options.ts';
import { isGated, podPatch } from './pod-patch.ts';
import { type ReviewedPod, reviewedPod } from './reviewed-pod.ts';
import { allow, allowWith, deny, type Verdict } from '../verdict.ts';

/*
 * Pods of a Namespace that has withdrawn its opt-in while versions have failed their checks (label `enabled: withdrawn`).
 * Nothing is checked there any more, but what has failed must not start because a held Pod was deleted, evicted or
 * multiplied. So a Pod is held only if its version is known to have failed; every other one enters untouched.
 */

interface Settings {
  readonly operatorNamespace: string;
}

interface Review {
  readonly request: AdmissionRequest;
  readonly lookup: Lookup;
  readonly settings: Settings;
}

/** Gates the Pod if its version has failed its checks. What has to be done further is the controller's. */
export function gateFailedPod(
  request: AdmissionRequest,
  lookup: Lookup,
  settings: Settings,
): Verdict {
  return judge({ request, lookup, settings }, ({ pod, identity, version }) => {
    // No gate holds it: it is refused at the end.
    if ((pod.spec.nodeName ?? '') !== '') return allow();
    const annotations = {
      ...identity.annotations,
      [sluiceKeys.explanation]: heldAfterOptOut(version),
    };
    return allowWith(podPatch(pod, { annotations, isGated: true, isWatched: true }));
  });
}

/** Refuses a Pod whose version has failed its checks and that leaves admission without the gate. */
export function judgeFinalFailedPod(
  request: AdmissionRequest,
  lookup: Lookup,
  settings: Settings,
): Verdict {
  return judge({ request, lookup, settings }, ({ pod, version: { metadata } }) => {
    if (isGated(pod.spec.schedulingGates)) return allow();
    const isPlaced = (pod.spec.nodeName ?? '') !== '';
    const { name, namespace = '' } = metadata;
    const failed = `although the checks of KeptnWorkloadVersion ${name} have failed; to start it all the same: ${commandToReleaseHeld(namespace)}`;
    const cause = isPlaced
      ? {
          path: 'spec.nodeName',
          message: `puts the Pod past the scheduler, where no gate can hold it, ${failed}`,
        }
      : { path: 'spec.schedulingGates', message: `lacks ${schedulingGate} ${failed}` };
    return deny(`Pod "${pod.metadata.name}"`, [cause]);
  });
}

/** A Pod whose version has failed its checks. */
interface FailedPod {
  readonly pod: ReviewedPod;
  readonly identity: AnnotatedIdentity;
  readonly version: KeptnWorkloadVersion;
}

/** The verdict on a Pod of a failed version; every other Pod is let through as it is. */
function judge(
  { request, lookup, settings }: Review,
  onFailed: (failed: FailedPod) => Verdict,
): Verdict {
  const subject = `Pod "${request.name ?? ''}"`;
  const parsed = reviewedPod(request.object, request.namespace ?? '');
  if (!parsed.ok) return deny(subject, parsed.errors);
  // Just started: absence means nothing yet. Whatever makes the Pod tries again.
  if (lookup.isSynced?.(KeptnWorkload, KeptnWorkloadVersion) === false)
    return deny(subject, [unknownYet]);
  const pod = parsed.value;
  const chain = ownerChainOf(pod, lookup);
  const identity = identityIn(lookup, pod, identityOptionsOf(lookup, settings.operatorNamespace));
  const isPlaced = (pod.spec.nodeName ?? '') !== '';
  if (isPlaced && identity.type === 'ownerUnknown') {
    return deny(subject, [
      placedTooEarly(`${identity.missing.kind.kind} ${identity.missing.name} is not in the cache`),
    ]);
  }
  if (chain.type === 'unowned' || identity.type !== 'annotated') return allow();
  const version = versionOfPod(pod, { identity, proof: proofOf(pod, chain) }, lookup);
  if (version === undefined || !hasFailedChecks(version)) return allow();
  return onFailed({ pod, identity, version });
}

const unknownYet = {
  path: 'metadata.ownerReferences',
  message:
    'belongs to a workload of which Sluice, just started, does not know yet whether its checks have failed: retry',
} as const;
