import { type Pod, PodKind } from '../../api/builtin.ts';
import { enabledLabel, schedulingGate, sluiceKeys } from '../../api/keptn/annotations.ts';
import { isBypassed } from '../../domain/gate/bypassed.ts';
import { isReleased } from '../../domain/gate/release.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import { versionOfPod } from '../../domain/identity/version-of-pod.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { wasReleasedAt } from '../../domain/phase/hand-release.ts';
import { isOptedIn } from '../../domain/opt-in-state.ts';
import { isOnRecordOfOptIn } from '../../domain/workload/opt-in-record.ts';
import { type Lister, snapshotOf } from '../command/snapshot.ts';
import { type Asking, at, listOf, mapSeen, momentOf, textOf } from './asking.ts';
import type { BypassedSeen, HeldSeen, NamespaceSeen, Seen } from './seen.ts';

/** The Namespaces that are opted in. */
export async function observeNamespaces(cluster: Asking): Promise<Seen<readonly NamespaceSeen[]>> {
  return mapSeen(await cluster.list('/api/v1/namespaces'), (namespaces) =>
    namespaces
      .map((one) => ({ metadata: metadataOf(one) }))
      .filter(({ metadata }) => isOptedIn(metadata))
      .map(({ metadata }) => ({
        name: metadata.name,
        isLabelled: metadata.labels[sluiceKeys.enabled] === enabledLabel.optedIn,
        isExcluded: metadata.labels[sluiceKeys.enabled] === enabledLabel.excluded,
      })),
  );
}

function metadataOf(object: unknown) {
  const { labels, annotations, name } = {
    labels: textsOf(at(object, 'metadata', 'labels')),
    annotations: textsOf(at(object, 'metadata', 'annotations')),
    name: textOf(at(object, 'metadata', 'name')),
  };
  return { name, labels, annotations };
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, textOf(text)]));
}

/** The Pods that our gate holds, wherever they are. */
export async function observeHeld(cluster: Asking): Promise<Seen<readonly HeldSeen[]>> {
  const pending = encodeURIComponent('status.phase=Pending');
  return mapSeen(await cluster.list(`/api/v1/pods?fieldSelector=${pending}`), (pods) =>
    pods
      .filter((pod) =>
        listOf(at(pod, 'spec', 'schedulingGates')).some(
          (gate) => at(gate, 'name') === schedulingGate,
        ),
      )
      .map((pod) => ({
        name: textOf(at(pod, 'metadata', 'name')),
        namespace: textOf(at(pod, 'metadata', 'namespace')),
        createdAt: momentOf(at(pod, 'metadata', 'creationTimestamp')),
        explanation: textOf(at(pod, 'metadata', 'annotations', sluiceKeys.explanation)),
      })),
  );
}

/** The Pods of these Namespaces that run unjudged: by the same rule by which Sluice reports them. */
export async function observeBypassed(
  cluster: Lister,
  namespaces: readonly string[],
): Promise<Seen<readonly BypassedSeen[]>> {
  const found: BypassedSeen[] = [];
  try {
    for (const namespace of namespaces) {
      const lookup = await snapshotOf(cluster, namespace);
      const pods = lookup.list(PodKind, namespace).filter((pod) => {
        const identity = identityIn(lookup, pod);
        const proof = proofOf(pod, ownerChainOf(pod, lookup));
        const record = versionOfPod(pod, { identity, proof }, lookup);
        const judged =
          isReleased(record?.status) ||
          isOnRecordOfOptIn(record) ||
          wasReleasedAt(record?.status, pod.metadata.creationTimestamp);
        return isRunning(pod) && isBypassed(pod, identity, { isReleased: judged });
      });
      found.push({ namespace, pods: pods.map(({ metadata }) => metadata.name) });
    }
    return { is: 'found', value: found };
  } catch (error) {
    return { is: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}

function isRunning({ status }: Pod): boolean {
  return status?.phase === 'Running';
}
