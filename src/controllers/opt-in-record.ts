import { NamespaceKind, type Pod, PodKind } from '../api/builtin.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { identityIn } from '../domain/identity/identity-in.ts';
import type { IdentityOptions } from '../domain/identity/pod-version.ts';
import { workloadNameFor } from '../domain/identity/workload-names.ts';
import type { Lookup, World } from '../domain/lookup.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { ownerChainOf, supportedOwner } from '../domain/owner/owner-chain.ts';
import { proofOf, revisionOfPod } from '../domain/owner/revision.ts';
import { ownerOfReference } from '../domain/owner/rollout-owner.ts';
import { parseTime } from '../domain/time.ts';
import { isStarted } from '../domain/workload/opt-in-record.ts';
import {
  type OptInSeen,
  podsOf,
  recordOptIn,
  type RunningWorkload,
} from '../domain/workload/record-opt-in.ts';
import type { Claim } from '../domain/workload/workload-claim.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import type { Places } from '../domain/settings/places.ts';
import { missingOwners } from './gathering/missing-owners.ts';
import { identityOptionsOf } from '../domain/settings/identity-options.ts';

/** Puts on record what runs in a Namespace when it opts in; until then nothing of its workloads is decided. */
export function optInRecordController({
  operatorNamespace,
}: Pick<Places, 'operatorNamespace'>): Controller<OptInSeen> {
  return {
    name: 'opt-in-record',
    watches: [
      watch(NamespaceKind, (namespace): Key[] =>
        optInOf(namespace) === 'recording' ? [{ name: namespace.metadata.name }] : [],
      ),
      // Its own writes lead to the next decision by themselves.
      watch(KeptnWorkload, () => []),
      watch(KeptnWorkloadVersion, () => []),
      watch(PodKind, () => []),
    ],
    gather({ name }, world) {
      const namespace = world.get(NamespaceKind, undefined, name);
      if (namespace === undefined) return undefined;
      const { kind, labelSelector } = podsOf(namespace);
      const listed = world.listed(kind, name, labelSelector);
      const started = listed ? world.list(PodKind, name).filter(isStarted) : [];
      return {
        namespace,
        listed,
        running: runningWorkloads(started, name, {
          world,
          options: identityOptionsOf(world, operatorNamespace),
        }),
        missing: missingOwners(started, world),
        ...world.answers(),
      };
    },
    decide: recordOptIn,
  };
}

/** The workloads that these Pods carry, each revision of each by its youngest Pod. */
function runningWorkloads(
  pods: readonly Pod[],
  namespace: string,
  { world, options }: { readonly world: World; readonly options: IdentityOptions },
): readonly RunningWorkload[] {
  const age = ({ metadata }: Pod): number => parseTime(metadata.creationTimestamp) ?? 0;
  const claims = new Map<string, [Claim, ...Claim[]]>();
  for (const pod of pods.toSorted((a, b) => age(b) - age(a))) {
    const claim = claimOf(pod, world, options);
    if (claim === undefined) continue;
    const name = workloadNameFor(claim.identity, namespace, world);
    const known = claims.get(name);
    if (known === undefined) claims.set(name, [claim]);
    else if (known.every(({ current }) => current.revision !== claim.current.revision))
      known.push(claim);
  }
  return [...claims].map(([name, of]) => {
    const workload = world.get(KeptnWorkload, namespace, name);
    const uid = workload?.metadata.uid;
    const versions = uid === undefined ? [] : world.byOwner(KeptnWorkloadVersion, uid);
    return { name, claims: of, workload, versions };
  });
}

/** What a Pod carries; undefined where that cannot be told for certain. */
function claimOf(pod: Pod, lookup: Lookup, options: IdentityOptions): Claim | undefined {
  const identity = identityIn(lookup, pod, options);
  const reference = supportedOwner(pod);
  const revision = revisionOfPod(pod);
  if (identity.type !== 'annotated' || reference === undefined || revision === undefined)
    return undefined;
  const { version } = identity;
  const isCertain =
    identity.source === 'pod' || proofOf(pod, ownerChainOf(pod, lookup)).type === 'proven';
  if (version === undefined || !isCertain) return undefined;
  const owner = ownerOfReference(reference, pod.metadata.namespace ?? '', lookup);
  if (owner === undefined) return undefined;
  const { kind, name, uid } = reference;
  const madeAt = parseTime(pod.metadata.creationTimestamp) ?? 0;
  const current = {
    reference: { kind, name, uid },
    revision,
    madeAt,
    identity,
    isOwnersStatus: true,
  };
  return { owner, current, identity: { ...identity, version } };
}
