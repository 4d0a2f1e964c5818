import { PodKind } from '../../src/api/builtin.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { lookupOver } from '../../src/cli/command/snapshot.ts';
import { type Scene, sceneIn } from '../../src/cli/status/scene.ts';
import type { TestCluster } from '../support/cluster/test-cluster.ts';
import { isPlayed } from './functions.ts';

/** Reads the scene of some namespaces from the API server; tasks that are played say so. */
export async function readScene(
  cluster: TestCluster,
  namespaces: readonly string[],
): Promise<Scene> {
  const found = await Promise.all(
    namespaces.map(async (namespace) => {
      // Pods first: what is read after them shows at least as late a state, so that a Pod that runs is never seen
      // together with a version that is not released yet.
      const pods = await cluster.list(PodKind, { namespace });
      const others = await Promise.all([
        cluster.list(KeptnAppVersion, { namespace }),
        cluster.list(KeptnWorkloadVersion, { namespace }),
        cluster.list(KeptnTask, { namespace }),
        cluster.list(KeptnEvaluation, { namespace }),
      ]);
      return [...pods, ...others.flat()];
    }),
  );
  const scene = sceneIn(lookupOver(found.flat()), undefined);
  return { ...scene, remarks: remarksOn(scene) };
}

/** What is said of the tasks that are played. */
function remarksOn({ tasks }: Pick<Scene, 'tasks'>): ReadonlyMap<string, string> {
  const played = tasks.filter(isPlayed);
  return new Map(played.map(({ metadata }) => [metadata.uid ?? '', 'played']));
}
