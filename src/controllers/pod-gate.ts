import { identityOptionsOf } from '../domain/settings/identity-options.ts';
import { type Pod, PodKind } from '../api/builtin.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../api/released-versions.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { heldForChecks } from '../domain/gate/explanation.ts';
import { identityIn } from '../domain/identity/identity-in.ts';
import type { Identity } from '../domain/identity/identity.ts';
import type { IdentityOptions } from '../domain/identity/pod-version.ts';
import { type Lookup } from '../domain/lookup.ts';
import { ownerChainOf } from '../domain/owner/owner-chain.ts';
import {
  decidePodGate,
  gateIndex,
  needsExplanation,
  type PodGateSeen,
} from '../domain/gate/pod-gate.ts';
import { proofOf } from '../domain/owner/revision.ts';
import { isVersion } from '../domain/workload/wanted-version.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { ownerWatches } from './gathering/owner-watches.ts';
import type { Places } from '../domain/settings/places.ts';
import { versionOfPod } from '../domain/identity/version-of-pod.ts';
import { podsMaybeOfWorkload, podsOfWorkload } from './gathering/workload-owners.ts';
import { podsByWorkload, podsWithoutWorkload } from './gathering/lifecycle-indexes.ts';

/** At most this many Pods of a version get an explanation: more would only be more of the same (T6). */
const explainedPods = 10;

/** Releases Pods whose version is Released, and those that need no check. */
export function podGateController(
  { operatorNamespace }: Places,
  { backstop }: { readonly backstop: boolean },
): Controller<PodGateSeen> {
  return {
    name: 'pod-gate',
    stepsToGate: 0,
    workers: 32,
    startingPoints: [watch(PodKind, ({ metadata }) => [metadata])],
    indexes: [podsByWorkload, podsWithoutWorkload],
    watches: [
      watch(PodKind, ({ metadata }) => [metadata]),
      watch(KeptnWorkloadVersion, ({ metadata, spec }, lookup) => {
        const at = { namespace: metadata.namespace ?? '', name: spec.workloadName };
        return keysOf(podsOfWorkload(at, lookup, identityOptionsOf(lookup, operatorNamespace)));
      }),
      ...ownerWatches((uids, lookup) =>
        uids.flatMap((uid) => keysOf(lookup.byOwner(PodKind, uid))),
      ),
    ],
    gather({ namespace, name }, world) {
      const pod = world.get(PodKind, namespace, name);
      if (pod === undefined) return undefined;
      const options = identityOptionsOf(world, operatorNamespace);
      const chain = ownerChainOf(pod, world);
      const identity = identityIn(world, pod, options);
      const proof = proofOf(pod, chain);
      const version = versionOfPod(pod, { identity, proof }, world);
      return {
        pod,
        chain,
        identity,
        proof,
        version,
        now: world.now,
        listing: backstop
          ? {
              list: world.get(ReleasedVersionsKind, namespace, releasedVersionsName),
              now: world.now,
            }
          : undefined,
        isExplained:
          needsExplanation({ identity, version }) &&
          isExplained(pod, version, { lookup: world, options }),
        live: world.answers().live,
      };
    },
    decide: decidePodGate,
  };
}

/**
 * Whether the Pod is among the few of its version that get an explanation: those that have one, then by name. Names alone
 * would not do, because the first ones are others whenever a Pod comes.
 */
function isExplained(
  pod: Pod,
  version: KeptnWorkloadVersion | undefined,
  { lookup, options }: { lookup: Lookup; options: IdentityOptions },
): boolean {
  if (version === undefined) return true;
  const at = { namespace: pod.metadata.namespace ?? '', name: version.spec.workloadName };
  const isToldItself = isTold(pod, identityIn(lookup, pod, options));
  let before = 0;
  for (const other of podsMaybeOfWorkload(at, lookup)) {
    if (other.metadata.uid === pod.metadata.uid || gateIndex(other) < 0) continue;
    const identity = identityIn(lookup, other, options);
    if (!isVersion(identity, version)) continue;
    const isFirst = other.metadata.name < pod.metadata.name;
    if (isToldItself ? isFirst && isTold(other, identity) : isFirst || isTold(other, identity))
      before += 1;
    if (before === explainedPods) return false;
  }
  return true;
}

/** Whether a held Pod says more than what it was given at its admission. */
function isTold({ metadata }: Pod, identity: Identity): boolean {
  const text = metadata.annotations?.[sluiceKeys.explanation];
  if (text === undefined || identity.type !== 'annotated') return false;
  // Earlier releases have left out the namespace at the end.
  return !heldForChecks(identity, metadata.namespace ?? '').startsWith(text);
}

function keysOf(pods: readonly Pod[]): readonly Key[] {
  return pods.map((pod) => pod.metadata);
}
