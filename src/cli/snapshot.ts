import {
  DaemonSetKind,
  DeploymentKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../api/object.ts';
import type { Lookup } from '../domain/lookup.ts';

/** The kinds that an explanation reads. */
const explainedKinds: readonly Kind[] = [
  PodKind,
  ReplicaSetKind,
  DeploymentKind,
  StatefulSetKind,
  DaemonSetKind,
  RolloutKind,
  KeptnApp,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

/** What a snapshot needs of the cluster. */
export interface Lister {
  list(kind: Kind, namespace: string, labelSelector: string): Promise<readonly KubernetesObject[]>;
}

/** Everything in a namespace that an explanation may mention, read live. A kind that the cluster does not have is empty. */
export async function snapshotOf(cluster: Lister, namespace: string): Promise<Lookup> {
  const lists = await Promise.all(
    explainedKinds.map(async (kind) => {
      try {
        return await cluster.list(kind, namespace, '');
      } catch (error) {
        if (error instanceof ClusterError && error.code === 404) return [];
        throw error;
      }
    }),
  );
  return lookupOver(lists.flat());
}

/** A lookup of exactly these objects. It has no indexes. */
export function lookupOver(objects: readonly KubernetesObject[]): Lookup {
  const ofKind = <T extends KubernetesObject>(kind: Kind<T>): T[] =>
    objects.filter(
      (object): object is T => object.kind === kind.kind && object.apiVersion === kind.apiVersion,
    );
  return {
    get: (kind, namespace, name) =>
      ofKind(kind).find(
        ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
      ),
    list: (kind, namespace) =>
      ofKind(kind).filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    byIndex: () => [],
  };
}
