import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { conditionOf, conditionTypes } from '../../src/domain/conditions.ts';
import { supportedOwner } from '../../src/domain/owner/owner-chain.ts';
import type { TestCluster } from '../support/cluster/test-cluster.ts';

/** What the demo shows, as it is at one moment. */
export interface Scene {
  readonly appVersions: readonly KeptnAppVersion[];
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
  readonly tasks: readonly KeptnTask[];
  readonly evaluations: readonly KeptnEvaluation[];
  /** Pods of workloads; those of Jobs are left out. */
  readonly pods: readonly Pod[];
}

export const emptyScene: Scene = {
  appVersions: [],
  workloadVersions: [],
  tasks: [],
  evaluations: [],
  pods: [],
};

/** Reads the scene of some namespaces from the API server. */
export async function readScene(
  cluster: TestCluster,
  namespaces: readonly string[],
): Promise<Scene> {
  const scenes = await Promise.all(
    namespaces.map(async (namespace): Promise<Scene> => {
      // Pods first: what is read after them shows at least as late a state, so that a Pod that runs is never seen
      // together with a version that is not released yet.
      const pods = await cluster.list(PodKind, { namespace });
      const [appVersions, workloadVersions, tasks, evaluations] = await Promise.all([
        cluster.list(KeptnAppVersion, { namespace }),
        cluster.list(KeptnWorkloadVersion, { namespace }),
        cluster.list(KeptnTask, { namespace }),
        cluster.list(KeptnEvaluation, { namespace }),
      ]);
      return {
        appVersions,
        workloadVersions,
        tasks,
        evaluations,
        pods: pods.filter((pod) => supportedOwner(pod) !== undefined),
      };
    }),
  );
  const all = <Part>(part: (scene: Scene) => readonly Part[]): Part[] => scenes.flatMap(part);
  return {
    appVersions: oldestFirst(all((scene) => scene.appVersions)),
    workloadVersions: oldestFirst(all((scene) => scene.workloadVersions)),
    tasks: oldestFirst(all((scene) => scene.tasks)),
    evaluations: oldestFirst(all((scene) => scene.evaluations)),
    pods: oldestFirst(all((scene) => scene.pods)),
  };
}

/** Whether Sluice's gate holds the Pod. */
export function isHeld(pod: Pod): boolean {
  return pod.spec?.schedulingGates?.some(({ name }) => name === schedulingGate) === true;
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
