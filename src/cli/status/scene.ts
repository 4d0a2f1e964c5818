import { type Pod, PodKind } from '../../api/builtin.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { gateIndex } from '../../domain/gate/pod-gate.ts';
import { conditionOf, conditionTypes } from '../../domain/conditions.ts';
import { supportedOwner } from '../../domain/owner/owner-chain.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { lists } from '../../domain/phase/newest-app-version.ts';
import { type PastRuns, pastRunsIn } from './past-runs.ts';
import type { IsMeant } from '../command/selected-workloads.ts';

/** What a roll-out looks like at one moment. */
export interface Scene {
  readonly appVersions: readonly KeptnAppVersion[];
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
  readonly tasks: readonly KeptnTask[];
  readonly evaluations: readonly KeptnEvaluation[];
  /** Pods of workloads; those of Jobs are left out. */
  readonly pods: readonly Pod[];
  /** How long the versions before took, those that are not shown among them. */
  readonly past?: PastRuns;
  /** What is to be said of a task beside its state, by its uid. */
  readonly remarks?: ReadonlyMap<string, string>;
}

export const emptyScene: Scene = {
  appVersions: [],
  workloadVersions: [],
  tasks: [],
  evaluations: [],
  pods: [],
};

/** Everything that is to be shown of a namespace, or of all of them, oldest first. */
export function sceneIn(lookup: Lookup, namespace: string | undefined): Scene {
  const appVersions = oldestFirst(lookup.list(KeptnAppVersion, namespace));
  const workloadVersions = oldestFirst(lookup.list(KeptnWorkloadVersion, namespace));
  return {
    appVersions,
    workloadVersions,
    past: pastRunsIn([...appVersions, ...workloadVersions]),
    tasks: oldestFirst(lookup.list(KeptnTask, namespace)),
    evaluations: oldestFirst(lookup.list(KeptnEvaluation, namespace)),
    pods: oldestFirst(lookup.list(PodKind, namespace)).filter(
      (pod) => supportedOwner(pod) !== undefined,
    ),
  };
}

/** The scene of these workloads alone, with the application versions that list them. */
export function onlyOf(scene: Scene, isMeant: IsMeant | undefined): Scene {
  if (isMeant === undefined) return scene;
  const workloadVersions = scene.workloadVersions.filter(isMeant);
  const appVersions = scene.appVersions.filter((app) =>
    workloadVersions.some(
      (version) => version.metadata.namespace === app.metadata.namespace && lists(app, version),
    ),
  );
  return { ...scene, appVersions, workloadVersions };
}

/** The kinds that a scene is made of. */
export const sceneKinds: readonly Kind[] = [
  PodKind,
  KeptnAppVersion,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

/** Whether Sluice's gate holds the Pod. */
export function isHeld(pod: Pod): boolean {
  return gateIndex(pod) >= 0;
}

/** Whether the Pod does its work. */
export function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
    true
  );
}

/** Whether nothing more will happen to a version by itself: it has ended, or waits for somebody. */
export function isAtRest(version: KeptnAppVersion | KeptnWorkloadVersion): boolean {
  return (
    version.status?.endTime !== undefined ||
    version.status?.status === 'Failed' ||
    version.status?.status === 'Deprecated' ||
    conditionOf({ ...(version.status && { status: version.status }) }, conditionTypes.stalled)
      ?.status === 'True'
  );
}

function oldestFirst<T extends KubernetesObject>(objects: readonly T[]): T[] {
  const key = ({ metadata }: T): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
