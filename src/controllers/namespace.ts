import { NamespaceKind, type Pod, PodKind } from '../api/builtin.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { type KubernetesObject, type ObjectRef, refOf } from '../api/object.ts';
import { holdsFailedVersion } from '../domain/gate/failed-version.ts';
import { identityIn } from '../domain/identity/identity-in.ts';
import type { Identity } from '../domain/identity/identity.ts';
import type { Lookup, World } from '../domain/lookup.ts';
import { workloadVersionName } from '../domain/names.ts';
import { decideNamespace, type NamespaceObservation } from '../domain/opt-in/namespace.ts';
import { exclusionOf, isEnabled, type NamespaceScope } from '../domain/opt-in/namespace-scope.ts';
import { ownerChainOf } from '../domain/owner/owner-chain.ts';
import type { IdentityOptions } from '../domain/identity/pod-version.ts';
import { proofOf } from '../domain/owner/revision.ts';
import type { WatchedPod } from '../domain/opt-in/withdrawn-opt-in.ts';
import { workloadNameFor } from '../domain/identity/workload-names.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { versionOfPod } from '../domain/identity/version-of-pod.ts';
import { identityOptionsOf } from '../domain/settings/identity-options.ts';

/** Keeps the label that the webhook selects Namespaces by, and lifts the gates of those that have opted out. */
export function namespaceController(scope: NamespaceScope): Controller<NamespaceObservation> {
  const { operatorNamespace } = scope;
  const unlessHeld = unlessEnabled(scope);
  return {
    name: 'namespace',
    watches: [
      watch(NamespaceKind, ({ metadata }) => [{ name: metadata.name }]),
      // A Pod that was admitted just before its Namespace opted out.
      watch(PodKind, unlessHeld),
      // As long as there are versions that have failed, further Pods of these are held.
      watch(KeptnWorkloadVersion, unlessHeld),
      watch(KeptnWorkload, unlessHeld),
    ],
    gather({ name }, world) {
      const namespace = world.get(NamespaceKind, undefined, name);
      if (namespace === undefined) return undefined;
      const options = identityOptionsOf(world, operatorNamespace);
      const enabled = isEnabled(namespace.metadata, scope);
      const pods = enabled ? [] : world.list(PodKind, name);
      return {
        namespace,
        pods: pods.map((pod) => watchedPod(pod, world, options)),
        holdsFailed: !enabled && holdsFailedVersion(name, world),
        exclusion: exclusionOf(name, scope),
        live: world.answers().live,
      };
    },
    decide: decideNamespace,
  };
}

/** The Namespace of an object, where Pods are not held. */
function unlessEnabled(scope: NamespaceScope) {
  return ({ metadata: { namespace } }: KubernetesObject, lookup: Lookup): readonly Key[] => {
    if (namespace === undefined) return [];
    const cached = lookup.get(NamespaceKind, undefined, namespace);
    return cached === undefined || isEnabled(cached.metadata, scope) ? [] : [{ name: namespace }];
  };
}

function watchedPod(pod: Pod, world: World, options: IdentityOptions): WatchedPod {
  const identity = identityIn(world, pod, options);
  const proof = proofOf(pod, ownerChainOf(pod, world));
  const version = versionOfPod(pod, { identity, proof }, world);
  const versionRef =
    version === undefined
      ? refOfVersion(pod, identity, world)
      : refOf(KeptnWorkloadVersion, version);
  return { pod, version, versionRef };
}

/** Where a version that is not in the cache is if it exists. */
function refOfVersion(pod: Pod, identity: Identity, world: World): ObjectRef | undefined {
  if (identity.type !== 'annotated' || identity.version === undefined) return undefined;
  const { namespace = '' } = pod.metadata;
  const workload = workloadNameFor(identity, namespace, world);
  const name = workloadVersionName(workload, identity.version);
  return { kind: KeptnWorkloadVersion, namespace, name };
}
