import { PodKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { fieldOf } from '../../api/json.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { type Kind, type KubernetesObject, refOf } from '../../api/object.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Installing } from '../install-cluster.ts';
import { DeploymentKind, placeOf, replicasOf } from './keptn-parts.ts';

/** On a Deployment of Keptn: how many replicas it had before Sluice took over. */
const replicasBefore = 'sluice.keptn.sh/replicas-before';

const PodIdentityKind: Kind = { ...PodKind, view: 'metadata' };
const goneWithinMs = 120_000;
const readyWithinMs = 300_000;

/** Scales Deployments to 0, with what they had recorded on them, and resolves when no Pod of them is left. */
export async function stopOperators(
  deployments: readonly KubernetesObject[],
  { cluster, clock, tell }: Installing,
): Promise<void> {
  for (const deployment of deployments) {
    const { wanted } = replicasOf(deployment);
    if (wanted === 0) continue;
    await scale(deployment, 0, cluster);
    tell(`Deployment ${placeOf(deployment)} scaled from ${wanted} to 0`);
  }
  for (const deployment of deployments) {
    const { namespace = '' } = deployment.metadata;
    const labelSelector = selectorOf(deployment);
    await untilNoPods({ namespace, labelSelector }, { cluster, clock });
  }
}

/** Resolves when no Pod with these labels is left, not even one that is ending. */
export async function untilNoPods(
  pods: { readonly namespace: string; readonly labelSelector: string },
  { cluster, clock }: Pick<Installing, 'cluster' | 'clock'>,
): Promise<void> {
  const deadline = clock.elapsed() + goneWithinMs;
  while (await isAny(pods, cluster)) {
    if (clock.elapsed() > deadline) {
      throw new Error(
        `Pods are still there after ${goneWithinMs / 1000} s (kubectl get pods -n ${pods.namespace} -l ${pods.labelSelector}), so their controllers may still run, and no others are started meanwhile. When they are gone, give the same command again`,
      );
    }
    await sleep(clock, 500);
  }
}

/** Scales Deployments to what they had before they were stopped, and resolves when each has a replica that is ready. */
export async function startOperators(
  deployments: readonly KubernetesObject[],
  { cluster, clock, tell }: Installing,
): Promise<void> {
  for (const deployment of deployments) {
    const before = replicasRecorded(deployment);
    if (before === undefined) continue;
    await scale(deployment, before, cluster);
    tell(`Deployment ${placeOf(deployment)} scaled to ${before}`);
  }
  const deadline = clock.elapsed() + readyWithinMs;
  for (const deployment of deployments) {
    for (;;) {
      const live = await cluster.get(refOf(DeploymentKind, deployment));
      if (live === undefined || replicasOf(live).wanted === 0 || isReady(live)) break;
      if (clock.elapsed() > deadline) {
        throw new Error(
          `Deployment ${placeOf(deployment)} is not ready after ${readyWithinMs / 1000} s, and Sluice still answers admission; see kubectl describe deployment ${deployment.metadata.name} -n ${deployment.metadata.namespace ?? ''}, and give the same command again`,
        );
      }
      await sleep(clock, 500);
    }
  }
}

/** So many replicas are restored at most; one of each operator works, and further ones stand by. */
export const mostRestored = 20;

/**
 * The replicas that a Deployment had before it was stopped; undefined where it was not stopped here. Throws where what is written
 * there is no number of replicas that a Keptn has.
 */
export function replicasRecorded(deployment: KubernetesObject): number | undefined {
  const recorded = deployment.metadata.annotations?.[replicasBefore];
  if (recorded === undefined) return undefined;
  const count = /^\d{1,3}$/u.test(recorded) ? Number(recorded) : Infinity;
  if (count <= mostRestored) return count;
  throw new Error(
    `Deployment ${placeOf(deployment)}: the annotation ${replicasBefore} is "${recorded.slice(0, 40)}", expected the number of replicas that it had, at most ${mostRestored}. Nothing is scaled by it: correct it and give the same command again`,
  );
}

async function scale(
  deployment: KubernetesObject,
  replicas: number,
  cluster: Installing['cluster'],
): Promise<void> {
  const ref = refOf(DeploymentKind, deployment);
  for (let tries = 1; ; tries += 1) {
    const live = await cluster.get(ref);
    if (live === undefined) return;
    try {
      await cluster.patch(ref, [
        { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
        ...record(live, replicas),
        { op: 'add', path: '/spec/replicas', value: replicas },
      ]);
      return;
    } catch (error) {
      const raced = error instanceof ClusterError && [409, 422].includes(error.code);
      if (!raced || tries > 10) throw error;
    }
  }
}

function record(live: KubernetesObject, replicas: number): readonly JsonPatchOperation[] {
  const { annotations } = live.metadata;
  const path = pointer('metadata', 'annotations', replicasBefore);
  const isRecorded = annotations?.[replicasBefore] !== undefined;
  if (replicas > 0) return isRecorded ? [{ op: 'remove', path }] : [];
  const { wanted } = replicasOf(live);
  if (wanted === 0) return [];
  const value = String(Math.min(wanted, mostRestored));
  return annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: { [replicasBefore]: value } }]
    : [{ op: 'add', path, value }];
}

async function isAny(
  { namespace, labelSelector }: { readonly namespace: string; readonly labelSelector: string },
  cluster: Installing['cluster'],
): Promise<boolean> {
  for await (const { items } of cluster.listPaged(PodIdentityKind, { namespace, labelSelector })) {
    if (items.length > 0) return true;
  }
  return false;
}

function selectorOf(deployment: KubernetesObject): string {
  const labels = fieldOf(fieldOf(fieldOf(deployment, 'spec'), 'selector'), 'matchLabels');
  return Object.entries(Object(labels))
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',');
}

function isReady(deployment: KubernetesObject): boolean {
  const status = fieldOf(deployment, 'status');
  const ready = fieldOf(status, 'readyReplicas');
  return typeof ready === 'number' && ready > 0;
}
