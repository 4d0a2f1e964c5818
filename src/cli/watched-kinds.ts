import {
  ConfigMapKind,
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../api/builtin.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { WatchSpec } from '../kubernetes/watch-all.ts';

/** What makes Pods, and says which revision is current. Rollouts are watched from the moment their CRD exists. */
const owners: readonly WatchSpec[] = [
  { kind: DeploymentKind },
  { kind: ReplicaSetKind },
  { kind: StatefulSetKind },
  { kind: DaemonSetKind },
  { kind: RolloutKind, optional: true },
];

/** What admission answers from, on every replica. */
const ofAdmission: readonly WatchSpec[] = [
  ...owners,
  { kind: KeptnConfig },
  { kind: KeptnWorkload },
  { kind: KeptnWorkloadVersion },
];

/**
 * What the controllers decide on. Pods, Jobs and ConfigMaps are the many things of a cluster: only those that carry one of
 * Sluice's labels are watched.
 */
const ofControllers: readonly WatchSpec[] = [
  ...owners,
  ...ownKinds.map((kind) => ({ kind })),
  { kind: NamespaceKind },
  { kind: ControllerRevisionKind },
  { kind: PodKind, labelSelector: sluiceKeys.watched },
  { kind: PodKind, labelSelector: sluiceKeys.task },
  { kind: JobKind, labelSelector: sluiceKeys.task },
  { kind: ConfigMapKind, labelSelector: sluiceKeys.function },
];

/** What a process watches, and which of it must be there before it answers reviews. */
export function watchedKinds(only: 'admission' | 'controllers' | undefined): {
  readonly watched: readonly WatchSpec[];
  readonly forAdmission: readonly WatchSpec[];
} {
  const forAdmission = only === 'controllers' ? [] : ofAdmission;
  return { watched: only === 'admission' ? ofAdmission : ofControllers, forAdmission };
}
