import type { Pod } from '../../api/builtin.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { currentRevision, type OwnerSeen } from '../../domain/identity/current-revision.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import { identityOf } from '../../domain/identity/identity.ts';
import { withWordOfPods } from '../../domain/identity/word-of-pods.ts';
import type { IdentityOptions } from '../../domain/identity/pod-version.ts';
import { type Lookup } from '../../domain/lookup.ts';
import { ownerChainOf, supportedOwner } from '../../domain/owner/owner-chain.ts';
import { ownerOfReference, type RolloutOwner } from '../../domain/owner/rollout-owner.ts';
import { uidOf, workloadNameFor } from '../../domain/identity/workload-names.ts';
import { isNameOf } from '../../domain/phase/newest-app-version.ts';
import { ownersNaming } from './carried-workloads.ts';
import {
  inNamespace,
  isOwnerless,
  podsByWorkload,
  podsWithoutWorkload,
} from './lifecycle-indexes.ts';

/** The name of the KeptnWorkload a Pod belongs to, as far as the caches can tell. */
export function workloadNameOfPod(
  pod: Pod,
  lookup: Lookup,
  options: IdentityOptions,
): string | undefined {
  const identity = identityOf(pod, ownerChainOf(pod, lookup), options);
  return identity.type === 'annotated'
    ? workloadNameFor(identity, pod.metadata.namespace ?? '', lookup)
    : undefined;
}

/** The watched Pods of a workload, whether they name it themselves or their owner does. */
export function podsOfWorkload(
  at: { readonly namespace: string; readonly name: string },
  lookup: Lookup,
  options: IdentityOptions,
): readonly Pod[] {
  return podsMaybeOfWorkload(at, lookup).filter(
    (pod) => workloadNameOfPod(pod, lookup, options) === at.name,
  );
}

/** The Pods among which those of a workload are, without a look at their owners. */
export function podsMaybeOfWorkload(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  lookup: Lookup,
): readonly Pod[] {
  return [
    ...lookup.byIndex(podsByWorkload, inNamespace(namespace, name)),
    ...lookup.byIndex(podsWithoutWorkload, namespace),
  ];
}

/**
 * The owners of a workload with their current revisions: those it references and those of its Pods, each once. Of one without
 * any (deleted with `--cascade=orphan`), whatever carries it: what it has left behind, or what has taken its place.
 */
export function ownersOfWorkload(
  workload: KeptnWorkload | undefined,
  from: {
    readonly pods: readonly Pod[];
    readonly lookup: Lookup;
    readonly options: IdentityOptions;
  },
): readonly OwnerSeen[] {
  const { pods, lookup, options } = from;
  const owners = new Map<string, RolloutOwner>();
  const referenced = (workload?.metadata.ownerReferences ?? []).map((reference) =>
    ownerOfReference(reference, workload?.metadata.namespace ?? '', lookup),
  );
  const above = pods.map((pod) => {
    const reference = supportedOwner(pod);
    return reference && ownerOfReference(reference, pod.metadata.namespace ?? '', lookup);
  });
  for (const owner of [...referenced, ...above]) {
    if (owner !== undefined) owners.set(uidOf(owner.object), owner);
  }
  if (workload !== undefined && owners.size === 0 && isOwnerless(workload)) {
    for (const owner of carrying(workload, lookup, options)) owners.set(uidOf(owner.object), owner);
  }
  const identified = pods.map((pod) => ({ pod, identity: identityIn(lookup, pod, options) }));
  const uid = workload && uidOf(workload);
  const versions = uid === undefined ? [] : lookup.byOwner(KeptnWorkloadVersion, uid);
  return [...owners.values()].map((owner) => {
    const current = currentRevision(owner, lookup, options);
    return {
      owner,
      current: current && withWordOfPods(current, { pods: identified, versions }),
    };
  });
}

function carrying(
  workload: KeptnWorkload,
  lookup: Lookup,
  options: IdentityOptions,
): readonly RolloutOwner[] {
  const { metadata, spec } = workload;
  return ownersNaming(workload, lookup).filter((owner) => {
    // It would take the workload along.
    if (owner.object.metadata.deletionTimestamp !== undefined) return false;
    const identity = currentRevision(owner, lookup, options)?.identity;
    return (
      identity?.type === 'annotated' &&
      identity.app === spec.app &&
      isNameOf(metadata.name, identity.app, identity.workload)
    );
  });
}
