import {
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { type Lookup } from '../../domain/lookup.ts';

/** The kinds that an explanation reads. */
const explainedKinds: readonly Kind[] = [
  PodKind,
  ReplicaSetKind,
  DeploymentKind,
  StatefulSetKind,
  DaemonSetKind,
  RolloutKind,
  JobKind,
  KeptnApp,
  KeptnAppContext,
  KeptnAppVersion,
  KeptnConfig,
  KeptnTaskDefinition,
  KeptnEvaluationDefinition,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
  KeptnMetric,
  KeptnMetricsProvider,
];

/** What a snapshot needs of the cluster. */
export interface Lister {
  /** Of all namespaces where none is given, and of a kind that is in none. */
  list(
    kind: Kind,
    namespace: string | undefined,
    labelSelector: string,
  ): Promise<readonly KubernetesObject[]>;
}

/**
 * Everything in a namespace that an explanation may mention, and the Namespace itself, read live. A kind that the cluster does
 * not have is empty. The Namespace is left out where the user may not read it.
 */
export async function snapshotOf(cluster: Lister, namespace: string): Promise<Lookup> {
  const lists = await Promise.all([
    ...listsOf(cluster, explainedKinds, namespace),
    // A list of one: users who may read their own Namespace alone are refused, and do without.
    listOrNone([403, 404], () =>
      cluster.list(NamespaceKind, undefined, `kubernetes.io/metadata.name=${namespace}`),
    ),
  ]);
  return lookupOver(lists.flat());
}

/** All objects of these kinds in a namespace (in all of them if it is undefined), read live. A kind that the cluster does not have is empty. */
export async function lookupOf(
  cluster: Lister,
  kinds: readonly Kind[],
  namespace: string | undefined,
): Promise<Lookup> {
  const lists = await Promise.all(listsOf(cluster, kinds, namespace));
  return lookupOver(lists.flat());
}

function listsOf(cluster: Lister, kinds: readonly Kind[], namespace: string | undefined) {
  return kinds.map((kind) => listOrNone([404], () => cluster.list(kind, namespace, '')));
}

/** What a list answers; nothing where the API server refuses it with one of these codes. */
export async function listOrNone(
  codes: readonly number[],
  list: () => Promise<readonly KubernetesObject[]>,
): Promise<readonly KubernetesObject[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof ClusterError && error.code !== undefined && codes.includes(error.code)) {
      return [];
    }
    throw error;
  }
}

/** A lookup of exactly these objects. Of the indexes it has the one by owner. */
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
    byOwner: (kind, owner) =>
      ofKind(kind).filter(({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === owner),
      ),
  };
}
