import { type Asking, at, listOf, mapSeen, momentOf, textOf } from './asking.ts';
import type { Place } from './observe-cluster.ts';
import type { LeaderSeen, ReplicaSeen, Seen } from './seen.ts';

export async function observeLeader(
  cluster: Asking,
  { leaseName, leaseNamespace }: Place,
): Promise<LeaderSeen> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/${leaseName}`;
  const lease = mapSeen(await cluster.get(path), (object) => {
    const spec = at(object, 'spec');
    return {
      holder: textOf(at(spec, 'holderIdentity')),
      renewedAt: momentOf(at(spec, 'renewTime')),
      acquiredAt: momentOf(at(spec, 'acquireTime')),
      leaseMs: Number(at(spec, 'leaseDurationSeconds') ?? 15) * 1000,
    };
  });
  return { name: `${leaseNamespace}/${leaseName}`, lease };
}

/** The Pods of Sluice in its Namespace. */
export async function observeReplicas(
  cluster: Asking,
  { namespace }: Place,
): Promise<Seen<readonly ReplicaSeen[]>> {
  const selector = encodeURIComponent('app.kubernetes.io/name=sluice');
  const pods = await cluster.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  if (pods.is !== 'found') return pods;
  // Pods that are over, and those that are going, are no replicas.
  const running = pods.value.filter(
    (pod) =>
      at(pod, 'metadata', 'deletionTimestamp') === undefined &&
      !['Succeeded', 'Failed'].includes(textOf(at(pod, 'status', 'phase'))),
  );
  return { is: 'found', value: await Promise.all(running.map((pod) => replica(cluster, pod))) };
}

async function replica(cluster: Asking, pod: unknown): Promise<ReplicaSeen> {
  const statuses = listOf(at(pod, 'status', 'containerStatuses'));
  const ready = listOf(at(pod, 'status', 'conditions')).find((one) => at(one, 'type') === 'Ready');
  return {
    name: textOf(at(pod, 'metadata', 'name')),
    isReady: at(ready, 'status') === 'True',
    why: reasonOf(statuses) || textOf(at(ready, 'message')) || textOf(at(pod, 'status', 'phase')),
    restarts: statuses.reduce((sum: number, one) => sum + Number(at(one, 'restartCount') ?? 0), 0),
    metrics: await metricsOf(cluster, pod),
  };
}

/** `CrashLoopBackOff: back-off 5m0s …`, of the first container that waits. */
function reasonOf(statuses: readonly unknown[]): string {
  const waiting = statuses
    .map((one) => at(one, 'state', 'waiting'))
    .find((one) => one !== undefined);
  const reason = textOf(at(waiting, 'reason'));
  const message = textOf(at(waiting, 'message'));
  return message === '' ? reason : `${reason}: ${message}`;
}

/** The first line of what the port called `metrics` serves, by way of the API server. */
async function metricsOf(cluster: Asking, pod: unknown): Promise<Seen<string>> {
  const port = listOf(at(pod, 'spec', 'containers'))
    .flatMap((container) => listOf(at(container, 'ports')))
    .find((one) => at(one, 'name') === 'metrics');
  if (port === undefined) return { is: 'absent' };
  const { namespace, name } = {
    namespace: textOf(at(pod, 'metadata', 'namespace')),
    name: textOf(at(pod, 'metadata', 'name')),
  };
  const number = Number(at(port, 'containerPort'));
  const path = `/api/v1/namespaces/${namespace}/pods/${name}:${number}/proxy/metrics`;
  const text = await cluster.text(path);
  if (text.is === 'absent') return { is: 'unreadable', why: 'nothing is served there' };
  return mapSeen(text, (all) => all.slice(0, all.indexOf('\n')));
}
