import { expect } from 'vitest';

import { PodKind, type Pod } from '../../src/api/builtin.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { allCompleted, leaks, ownVersion, repeated, revoked } from './oracles.ts';
import type { Simulation } from './simulation.ts';

/** Nothing that must never happen has happened. `versionOf` tells which version a Pod carries, see `leaks`. */
export function expectNoHarm(
  simulation: Simulation,
  versionOf: (pod: Pod) => string | undefined = ownVersion,
): void {
  expect(leaks(simulation, versionOf)).toEqual([]);
  expect(repeated(simulation)).toEqual([]);
  expect(revoked(simulation)).toEqual([]);
  const mistakes = /decision failed|does not settle/u;
  expect(simulation.complaints.filter((complaint) => mistakes.test(complaint))).toEqual([]);
}

/** The Pods of the workload that `aWorkload` made under this name. */
export function podsOf({ store }: Simulation, name: string): Pod[] {
  return store.list(PodKind).filter(({ metadata }) => metadata.labels?.['app'] === name);
}

/** Whether there are so many Pods of the workload, all of them running and of this version. */
export function allRun(
  simulation: Simulation,
  name: string,
  want: { readonly version: string; readonly replicas?: number },
): boolean {
  const pods = podsOf(simulation, name);
  return (
    pods.length === (want.replicas ?? 2) &&
    pods.every(
      (pod) => pod.status?.phase === 'Running' && ownVersion(pod)?.endsWith(` ${want.version}`),
    )
  );
}

/** Waits until this KeptnWorkloadVersion has this status. */
export function versionBecomes(
  simulation: Simulation,
  name: string,
  status: string,
): Promise<void> {
  return simulation.until(`${name} is ${status}`, () => {
    const version = simulation.store.get(KeptnWorkloadVersion, 'shop', name);
    return version?.status?.status === status;
  });
}

/** Waits until every version there is has come to its end. */
export function completed(simulation: Simulation): Promise<void> {
  return simulation.until('every version completed', () => allCompleted(simulation));
}
