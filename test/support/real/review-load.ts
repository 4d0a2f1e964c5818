import { setTimeout as sleep } from 'node:timers/promises';
import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import type { Manifest, TestCluster } from '../cluster/test-cluster.ts';

/** What became of the Pods that were asked for meanwhile. */
export interface Reviewed {
  readonly pods: readonly Pod[];
  readonly ungated: readonly Pod[];
  /** What the API server refused, or could not answer. */
  readonly refused: readonly unknown[];
}

/** Asks for a Pod again and again, by dry runs of four clients with about twenty a second each, while something else happens. */
export async function reviewedWhile(
  cluster: TestCluster,
  pod: Manifest,
  happens: () => Promise<unknown>,
): Promise<Reviewed> {
  const pods: Pod[] = [];
  const refused: unknown[] = [];
  const done = new AbortController();
  const load = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await cluster
        .create(PodKind, pod, { dryRun: true })
        .then((reviewed) => pods.push(reviewed))
        .catch((error: unknown) => refused.push(error));
      // A load, not a wait.
      await sleep(50);
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, load));
  try {
    await happens();
  } finally {
    done.abort();
    await clients;
  }
  const ungated = pods.filter(({ spec }) => (spec?.schedulingGates ?? []).length === 0);
  return { pods, ungated, refused };
}
