import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Lister, listOrNone } from './snapshot.ts';

/** Whether a workload version is meant. */
export type IsMeant = (version: KeptnWorkloadVersion) => boolean;

const owners = [DeploymentKind, StatefulSetKind, DaemonSetKind, RolloutKind];

/**
 * The workloads whose Deployment, StatefulSet, DaemonSet or Rollout, or whose KeptnWorkload, has these labels, read live once;
 * undefined without a selector, for all. Rejects with what the API server says of a selector that is none.
 */
export async function workloadsWith(
  selector: string | undefined,
  cluster: Lister,
  namespace: string | undefined,
): Promise<IsMeant | undefined> {
  if (selector === undefined) return undefined;
  const [workloads, named, ...labelled] = await Promise.all([
    listOrNone([404], () => cluster.list(KeptnWorkload, namespace, '')),
    listOrNone([404], () => cluster.list(KeptnWorkload, namespace, selector)),
    ...owners.map((kind) => listOrNone([404], () => cluster.list(kind, namespace, selector))),
  ]);
  const uids = new Set(labelled.flat().map(({ metadata }) => metadata.uid));
  const owned = workloads.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uids.has(uid)),
  );
  const names = new Set(
    [...named, ...owned].map(({ metadata }) => keyOf(metadata.namespace, metadata.name)),
  );
  return ({ metadata, spec }) => names.has(keyOf(metadata.namespace, spec.workloadName));
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
