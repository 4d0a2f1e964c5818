import { type Pod, PodKind } from '../../api/builtin.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../lookup.ts';
import { ownerChainOf, topOwner } from '../owner/owner-chain.ts';
import { gateIndex } from '../gate/pod-gate.ts';
import { type Finding, findingAbout } from './finding.ts';
import { namespaceUnchecked, notAnnotated, withoutPods } from './unchecked.ts';
import { whyPod } from './why-pod.ts';
import { whyWorkloadVersion } from './why-version.ts';

/** Why the Pods of a Deployment, StatefulSet, DaemonSet or Rollout are held, by way of its workload's current version. */
export function whyOwner(owner: KubernetesObject, lookup: Lookup): Finding {
  const { namespace, uid } = owner.metadata;
  const pods = lookup.list(PodKind, namespace).filter((pod) => topUid(pod, lookup) === uid);
  const versions = currentVersions(owner, lookup);
  return versions.length === 0
    ? unrecorded(owner, pods, lookup)
    : recorded(owner, { pods, versions, lookup });
}

function recorded(
  owner: KubernetesObject,
  seen: {
    readonly pods: readonly Pod[];
    readonly versions: readonly KeptnWorkloadVersion[];
    readonly lookup: Lookup;
  },
): Finding {
  const { pods, versions, lookup } = seen;
  const held = pods.filter(isHeld);
  const unchecked = pods.filter((pod) => !isHeld(pod)).map((pod) => whyPod(pod, lookup));
  const because = [
    ...versions.map((version) => whyWorkloadVersion(version, lookup)),
    // One of them says what is wrong with all.
    ...unchecked.filter(({ facts }) => facts.reason !== undefined).slice(0, 1),
  ];
  const stopped = pods.length === 0 ? withoutPods(owner) : undefined;
  const says =
    held.length > 0
      ? `${held.length} of ${pods.length} Pods held`
      : stopped === undefined
        ? `no Pod held, ${pods.length} running or starting`
        : `no Pod held, because it has none: ${stopped.because}`;
  const worst = (['failed', 'waiting', 'warning', 'done'] as const).find((mark) =>
    because.some((one) => one.mark === mark),
  );
  return findingAbout(owner, {
    mark: worst ?? 'done',
    says,
    facts: {
      pods: { all: pods.length, held: held.length },
      ...(stopped && { reason: stopped.reason, remedies: stopped.remedies }),
    },
    because,
  });
}

/** Nothing is on record: its first Pods have just come, or one of the possible reasons is true here, and it is named. */
function unrecorded(owner: KubernetesObject, pods: readonly Pod[], lookup: Lookup): Finding {
  const held = pods.filter(isHeld).length;
  const facts = { pods: { all: pods.length, held } };
  if (held > 0) {
    const says = `${held} of ${pods.length} Pods held; its workload is not recorded yet`;
    return findingAbout(owner, { mark: 'waiting', says, facts });
  }
  const elsewhere = namespaceUnchecked(owner.metadata.namespace ?? '', lookup);
  const first = pods[0] && whyPod(pods[0], lookup);
  if (elsewhere === undefined && first?.facts.reason !== undefined) {
    const says = `no Pod held, ${pods.length} running or starting; its Pods are not checked`;
    return findingAbout(owner, { mark: 'warning', says, facts, because: [first] });
  }
  const { reason, because, remedies } =
    elsewhere ?? (pods.length === 0 ? withoutPods(owner) : undefined) ?? notAnnotated();
  return findingAbout(owner, {
    mark: 'warning',
    says: `no workload of Sluice: ${because}`,
    facts: { ...facts, reason, ...(remedies.length > 0 && { remedies }) },
  });
}

function currentVersions(owner: KubernetesObject, lookup: Lookup): readonly KeptnWorkloadVersion[] {
  const { namespace, uid } = owner.metadata;
  const workloads = lookup
    .list(KeptnWorkload, namespace)
    .filter(
      ({ metadata, spec }) =>
        spec.resourceReference.uid === uid ||
        metadata.ownerReferences?.some((reference) => reference.uid === uid) === true,
    );
  return lookup
    .list(KeptnWorkloadVersion, namespace)
    .filter(({ spec }) =>
      workloads.some(
        ({ metadata, spec: current }) =>
          metadata.name === spec.workloadName && current.version === spec.version,
      ),
    );
}

function isHeld(pod: Pod): boolean {
  return gateIndex(pod) >= 0;
}

function topUid(pod: Pod, lookup: Lookup): string | undefined {
  const chain = ownerChainOf(pod, lookup);
  return chain.type === 'known' ? topOwner(chain.owner)?.object.metadata.uid : undefined;
}
