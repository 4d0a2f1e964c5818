import { PodKind } from '../../api/builtin.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { daemonSetController } from '../played/actors/daemon-sets.ts';
import { deploymentController, replicaSetController } from '../played/actors/deployments.ts';
import { garbageCollector } from '../played/actors/garbage-collector.ts';
import { jobController } from '../played/actors/jobs.ts';
import { kubelet } from '../played/actors/kubelet.ts';
import { metricsActor } from '../played/actors/metrics.ts';
import { rolloutController } from '../played/actors/rollouts.ts';
import { statefulSetController } from '../played/actors/stateful-sets.ts';
import type { MemoryStore } from '../played/memory-store.ts';
import { type Judged, PlayedSluice } from '../played/played-sluice.ts';
import { isAtRest } from '../status/scene.ts';
import { applyAll, manifestsOf } from './applied-manifests.ts';
import { metricValue, taskOutcome } from './outcomes.ts';
import type { Given, TestCase } from './test-file.ts';
import { workloadNameOf } from './workload-of-pod.ts';

/** How a case has gone. */
export interface Played {
  readonly play: PlayedSluice;
  /** What the webhooks said of each object that was applied or made. */
  readonly judged: readonly Judged[];
  /** `KeptnTaskDefinition check`: what was not let in, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** Whether everything came to its end within the time of the case. */
  readonly isAtEnd: boolean;
}

/** An application is discovered, and its versions are made, within this time. */
const beginningMs = 60_000;
/** After its end: Pods become ready, follow-ups end. */
const afterwardsMs = 30_000;

/**
 * Applies the manifests of a case to a cluster that is played, with the webhooks and controllers of Sluice, and lets time pass
 * until every version has come to its end. Throws `BadInput` for manifests that cannot be read.
 */
export async function playCase(testCase: TestCase): Promise<Played> {
  const { operatorNamespace, definitionsNamespace, given, withinMs } = testCase;
  const judged: Judged[] = [];
  const play = new PlayedSluice({
    operatorNamespace,
    definitionsNamespace,
    actors: (store) => actorsFor(given, store),
    onJudged: (one) => void judged.push(one),
  });
  const refused = applyAll(await manifestsOf(testCase), testCase, play);
  play.start();
  await play.until(() => false, beginningMs);
  const isAtEnd = await play.until(() => isOver(play.store), Math.max(0, withinMs - beginningMs));
  await play.until(() => false, afterwardsMs);
  await play.end();
  const [fault] = play.faults;
  if (fault !== undefined) throw new Error(`a fault of Sluice, please report it: ${fault}`);
  return { play, judged, refused, isAtEnd };
}

function actorsFor(given: Given, store: MemoryStore) {
  const fate = kubelet({
    outcomeOf: (pod) => taskOutcome(pod, given, store),
    becomesReady: (pod) => given.pods?.[workloadNameOf(pod, store) ?? ''] !== 'unready',
  });
  return [
    deploymentController,
    replicaSetController,
    statefulSetController,
    daemonSetController,
    rolloutController,
    jobController(),
    fate,
    garbageCollector,
    metricsActor((metric) => metricValue(metric, given, store)),
  ];
}

/** Whether nothing more will happen by itself: every version has ended, or waits for somebody. */
function isOver(store: MemoryStore): boolean {
  const versions = [...store.list(KeptnAppVersion), ...store.list(KeptnWorkloadVersion)];
  const isStarting = store
    .list(PodKind)
    .some(({ spec, status }) => (spec?.schedulingGates ?? []).length === 0 && status === undefined);
  return versions.every(isAtRest) && !isStarting;
}
