import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import type { RealSluice } from './real-sluice.ts';

/** The Pod of the one task in a namespace, once it runs. */
export async function running(sluice: RealSluice, namespace: string): Promise<Pod> {
  return eventually(
    `a Pod of a task runs in ${namespace}`,
    async () => (await taskPods(sluice, namespace)).find(isRunning),
    60_000,
  );
}

/** The Pods of the Jobs whose names begin so, but for those on their way out. */
export async function taskPods(sluice: RealSluice, namespace: string, task = ''): Promise<Pod[]> {
  const pods = await sluice.cluster.list(PodKind, { namespace });
  return pods.filter(
    ({ metadata }) =>
      metadata.ownerReferences?.some(({ kind }) => kind === 'Job') === true &&
      metadata.deletionTimestamp === undefined &&
      metadata.name.startsWith(task),
  );
}

/** Whether the Pod's containers have been started and have not all ended. */
export function isRunning({ status }: Pod): boolean {
  return status?.phase === 'Running';
}
