import { setTimeout as sleep } from 'node:timers/promises';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { functionContainerName } from '../../src/domain/job/job-container.ts';
import type { FunctionEnd } from '../support/functions/function-run.ts';
import { endPod, leftToTest, runPod } from '../support/cluster/played-kubelet.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/**
 * No kubelet runs in the demo. Containers are played: their Pods end as annotations say, usually well. Functions are really
 * run, by the runner and the interpreters of this machine, and their Pods end as they did.
 */

/** On a definition, its tasks and Pods: its function is run here; or none of its code is. */
const runsHere = 'sluice.test/runs-here';
const played = 'sluice.test/played';

const sourcesOfCode = ['deno', 'python', 'bash', 'function'] as const;

/** The manifest; a definition of a function with what makes KWOK leave its Pods alone, any other one marked as played. */
export function leavingFunctions(manifest: Manifest): Manifest {
  const { kind, metadata, spec } = manifest;
  if (kind !== 'KeptnTaskDefinition') return manifest;
  const own = metadata['annotations'];
  const marks = isFunction(spec) ? { ...leftToTest, [runsHere]: 'true' } : { [played]: 'true' };
  const annotations = typeof own === 'object' ? { ...own, ...marks } : marks;
  return { ...manifest, metadata: { ...metadata, annotations } };
}

function isFunction(spec: unknown): boolean {
  return typeof spec === 'object' && spec !== null && sourcesOfCode.some((one) => one in spec);
}

/** Whether what a task reports is played, because none of its code was run. */
export function isPlayed({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[played] !== undefined;
}

/** Runs the functions of a cluster whose kubelet runs nothing. */
export class Functions {
  readonly #cluster: TestCluster;
  readonly #started = new Set<string>();

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Runs every function whose Pod comes to run, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pods = await this.#cluster
        .list(PodKind, { labelSelector: sluiceKeys.task })
        .catch(() => []);
      for (const pod of pods.filter((one) => this.#isDue(one))) {
        this.#started.add(pod.metadata.uid ?? '');
        void this.#play(pod);
      }
      await sleep(200, undefined, { signal }).catch(() => {});
    }
  }

  #isDue({ metadata, spec, status }: Pod): boolean {
    return (
      metadata.annotations?.[runsHere] !== undefined &&
      !this.#started.has(metadata.uid ?? '') &&
      metadata.deletionTimestamp === undefined &&
      status?.phase === 'Running' &&
      spec?.containers?.[0]?.name === functionContainerName
    );
  }

  async #play(pod: Pod): Promise<void> {
    const end = await runPod(this.#cluster, pod).catch(notRun);
    // Its task may have been ended meanwhile, and the Pod with it.
    await endPod(this.#cluster, pod, end).catch(() => {});
  }
}

/** What cannot be run here has failed: it must not look as if it had succeeded. */
function notRun(error: unknown): FunctionEnd {
  const why = error instanceof Error ? error.message : String(error);
  const status = {
    status: 'failed',
    message: `the demo cannot run this function: ${why}`,
    timestamp: new Date().toISOString(),
    reason: 'RunnerFailed',
    exitCode: 125,
    final: true,
    attemptsAllowed: 1,
    attemptsMade: 0,
    attempts: [],
  };
  return { exitCode: 125, stdout: '', stderr: '', status };
}
