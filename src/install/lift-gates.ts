import { heldPodsPolicyName } from '../admission/policies/held-pods.ts';
import { type Pod, PodKind } from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import type { KubernetesObject } from '../api/object.ts';
import { liftGate } from '../domain/gate/pod-gate.ts';
import { sleep } from '../runtime/sleep.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import { unlessGone } from './remove-object.ts';

const mostPasses = 10;

/**
 * Lifts the own gate from every Pod that waits; resolves with their number. It looks again until none is left: a Pod may have
 * changed since it was read, and the API server may still have asked the webhook about some after the list.
 */
export async function liftGates({
  cluster,
  clock,
}: Pick<Installing, 'cluster' | 'clock'>): Promise<number> {
  const lifted = new Set<string>();
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    const held = await liftFound(cluster, lifted);
    if (held === 0) return lifted.size;
    // The API server goes by a policy that was deleted for about a second more.
    if (pass > 1) await sleep(clock, 500);
  }
  throw new Error(
    `Pods with the gate keep appearing after ${mostPasses} looks; is a Sluice still running? Stop it and uninstall again`,
  );
}

/** One pass; adds the uids of the Pods it let go, and resolves with the number of those it found held. */
async function liftFound(cluster: InstallCluster, lifted: Set<string>): Promise<number> {
  let held = 0;
  for await (const { items } of cluster.listPaged(PodKind, {
    fieldSelector: 'status.phase=Pending',
  })) {
    for (const pod of items.filter(isPod)) {
      const effect = liftGate(pod);
      if (effect?.type !== 'patch') continue;
      held += 1;
      const isDone = await unlessDenied(unlessGone(cluster.patch(effect.ref, effect.operations)));
      if (isDone) lifted.add(pod.metadata.uid ?? pod.metadata.name);
    }
  }
  return held;
}

/** The policy on held Pods has gone, and is still in force for a moment. */
async function unlessDenied(done: Promise<boolean>): Promise<boolean> {
  try {
    return await done;
  } catch (error) {
    const isDenied = error instanceof ClusterError && error.message.includes(heldPodsPolicyName);
    if (!isDenied) throw error;
    return false;
  }
}

function isPod(object: KubernetesObject): object is Pod {
  return object.kind === PodKind.kind && object.apiVersion === PodKind.apiVersion;
}
