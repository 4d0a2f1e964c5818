import { schedulingGate } from '../../api/keptn/annotations.ts';
import type { AdmissionRequest } from '../../api/review.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { identityOptionsOf } from '../../domain/settings/identity-options.ts';
import { isGated } from './pod-patch.ts';
import { releasingVersion } from './pod-release.ts';
import { reviewedPod } from './reviewed-pod.ts';
import { allow, deny, type Verdict } from '../verdict.ts';

/**
 * The last look at a Pod, after every mutating webhook has had its turn: one that leaves admission without the gate must be of
 * a version that is Released, by the same look-up that decides who is gated (`gate-pod.ts`). Other webhooks may have taken
 * the gate off, or written annotations onto a Pod that had none.
 *
 * What is not annotated has been judged at the gate, unless its template places it on a node: the gate is not asked about such a
 * Pod and could not hold it, so it enters only if its owner provably is not annotated either. A refusal may be wrong for a moment, when this replica's cache is behind
 * the one's that let the Pod through: whatever made the Pod tries again.
 */
export function judgeFinalPod(
  request: AdmissionRequest,
  lookup: Lookup,
  settings: { readonly operatorNamespace: string },
): Verdict {
  const parsed = reviewedPod(request.object, request.namespace ?? '');
  if (!parsed.ok) return deny(`Pod "${request.name ?? ''}"`, parsed.errors);
  const pod = parsed.value;
  if (isGated(pod.spec.schedulingGates)) return allow();
  const chain = ownerChainOf(pod, lookup);
  const identity = identityIn(lookup, pod, identityOptionsOf(lookup, settings.operatorNamespace));
  if (chain.type === 'unowned') return allow();
  const isPlaced = (pod.spec.nodeName ?? '') !== '';
  if (identity.type !== 'annotated') {
    const proof = proofOf(pod, chain);
    return isPlaced && proof.type === 'unproven'
      ? refused(pod.metadata.name, placedTooEarly(proof.why))
      : allow();
  }
  if (isPlaced) return refused(pod.metadata.name, placed);
  if (releasingVersion({ pod, identity, chain }, lookup) !== undefined) return allow();
  const { app, workload, version = 'of its template' } = identity;
  return refused(pod.metadata.name, {
    path: 'spec.schedulingGates',
    message: `lacks ${schedulingGate} although workload ${workload}, version ${version}, of application ${app} is not released: a mutating webhook that runs after Sluice’s has taken the gate off; let it leave spec.schedulingGates as they are`,
  });
}

const placed = {
  path: 'spec.nodeName',
  message:
    'puts the Pod past the scheduler, where no gate can hold it until its checks have passed; remove nodeName from the template of its workload and use nodeSelector or affinity',
} as const;

/** Why a Pod on a node has to wait until the cache is certain of its owner. */
export function placedTooEarly(why: string) {
  return {
    path: 'spec.nodeName',
    message: `puts the Pod past the scheduler, where no gate can hold it until it is known whether it has to be checked (${why}): it is tried again; with nodeSelector or affinity in place of nodeName it would wait by itself`,
  } as const;
}

function refused(name: string, cause: { readonly path: string; readonly message: string }) {
  return deny(`Pod "${name}"`, [cause]);
}
