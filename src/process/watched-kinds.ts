import {
  ConfigMapKind,
  ConfigMapMetadataKind,
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  ServiceAccountMetadataKind,
  StatefulSetKind,
} from '../api/builtin.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { ReleasedVersionsKind } from '../api/released-versions.ts';
import type { WatchSpec } from '../kubernetes/watch/watch-all.ts';

/** What makes Pods, and says which revision is current. Rollouts are watched from the moment their CRD exists. */
const owners: readonly WatchSpec[] = [
  { kind: DeploymentKind },
  { kind: ReplicaSetKind },
  { kind: StatefulSetKind },
  { kind: DaemonSetKind },
  { kind: RolloutKind, optional: true },
];

/**
 * Whether what definitions name outside of Keptn is there. Secrets are never listed. Nothing waits for these for long: a rule
 * that lacks them claims nothing, and no roll-out must wait because a ClusterRole is older than Sluice.
 */
const names: readonly WatchSpec[] = [
  { kind: ConfigMapMetadataKind },
  { kind: ServiceAccountMetadataKind },
];

/** What admission answers from, on every replica. */
const ofAdmission: readonly WatchSpec[] = [
  ...owners,
  { kind: KeptnConfig },
  { kind: KeptnWorkload },
  { kind: KeptnWorkloadVersion },
  { kind: KeptnAppContext },
  { kind: KeptnAppVersion },
  { kind: KeptnTaskDefinition },
  { kind: KeptnEvaluationDefinition },
  { kind: KeptnMetric },
  { kind: KeptnMetricsProvider },
];

/**
 * What the controllers decide on. Pods, Jobs and ConfigMaps are the many things of a cluster: only those that carry one of
 * Sluice's labels are watched.
 */
const ofControllers: readonly WatchSpec[] = [
  ...owners,
  ...names,
  ...ownKinds.map((kind) => ({ kind })),
  { kind: NamespaceKind },
  { kind: ControllerRevisionKind },
  { kind: PodKind, labelSelector: sluiceKeys.watched },
  { kind: PodKind, labelSelector: sluiceKeys.task },
  { kind: JobKind, labelSelector: sluiceKeys.task },
  { kind: ConfigMapKind, labelSelector: sluiceKeys.function },
];

/** What a process watches, and which of it must be there before it answers reviews, and before its controllers run. */
export function watchedKinds(
  only: 'admission' | 'controllers' | undefined,
  { backstop }: { readonly backstop: boolean } = { backstop: false },
): {
  readonly watched: readonly WatchSpec[];
  readonly forAdmission: readonly WatchSpec[];
  readonly forControllers: readonly WatchSpec[];
} {
  const lists = backstop ? [{ kind: ReleasedVersionsKind }] : [];
  const admission = [...ofAdmission, ...lists];
  const controllers = [...ofControllers, ...lists];
  const forAdmission = only === 'controllers' ? [] : admission;
  const watched = only === 'admission' ? [...admission, ...names] : controllers;
  const forControllers =
    only === 'admission' ? [] : controllers.filter((spec) => !names.includes(spec));
  return { watched, forAdmission, forControllers };
}
