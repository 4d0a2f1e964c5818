import {
  ConfigMapKind,
  ConfigMapMetadataKind,
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  ServiceAccountMetadataKind,
  StatefulSetKind,
} from '../api/builtin.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { ReleasedVersionsKind } from '../api/released-versions.ts';
import type { WatchSpec } from '../kubernetes/watch/watch-all.ts';
import type { Kind } from '../api/object.ts';
import type { Controller } from '../controllers/engine/controller.ts';

/** What makes Pods, and says which revision is current. */
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
  { kind: CheckDefinition, optional: true },
];

/**
 * Pods, Jobs and ConfigMaps are the many things of a cluster: only those that carry one of Sluice's labels are watched. Rollouts
 * are watched from the moment their CRD exists, and so are CheckDefinitions: a Sluice that is newer than its CRDs works without.
 */
const partly: readonly WatchSpec[] = [
  { kind: PodKind, labelSelector: sluiceKeys.watched },
  { kind: PodKind, labelSelector: sluiceKeys.task },
  { kind: JobKind, labelSelector: sluiceKeys.task },
  { kind: ConfigMapKind, labelSelector: sluiceKeys.function },
  { kind: RolloutKind, optional: true },
  { kind: CheckDefinition, optional: true },
];

/** What controllers decide on: the kinds that they watch. */
function watchedBy(controllers: readonly Controller[]): readonly WatchSpec[] {
  const kinds = new Set(controllers.flatMap(({ watches }) => watches.map(({ kind }) => kind)));
  return [...kinds].flatMap((kind): readonly WatchSpec[] => {
    const specs = partly.filter((spec) => spec.kind === kind);
    return specs.length > 0 ? specs : [{ kind }];
  });
}

/** What a process watches, and which of it must be there before it answers reviews, and before its controllers run. */
export function watchedKinds(
  only: 'admission' | 'controllers' | undefined,
  controllers: readonly Controller[],
): {
  readonly watched: readonly WatchSpec[];
  readonly forAdmission: readonly WatchSpec[];
  readonly forControllers: readonly WatchSpec[];
} {
  const ofControllers = watchedBy(controllers);
  const lists = ofControllers.filter(({ kind }) => kind === ReleasedVersionsKind);
  const admission = [...ofAdmission, ...lists];
  const forAdmission = only === 'controllers' ? [] : admission;
  const watched = only === 'admission' ? [...admission, ...names] : ofControllers;
  const forControllers =
    only === 'admission' ? [] : ofControllers.filter(({ kind }) => !isName(kind));
  return { watched, forAdmission, forControllers };
}

function isName(kind: Kind): boolean {
  return names.some((name) => name.kind === kind);
}
