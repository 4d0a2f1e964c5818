import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import type { WorkloadVersionSeen } from '../../../src/domain/workload/workload-version-run.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import { aTask, aWorkload, aWorkloadVersion } from './builders.ts';
import { stored, workloadVersionSeen } from '../observed/lifecycle-seen.ts';
import { aDeploymentSeen, type Rollout } from './owner-builders.ts';

/** Version 1.0.0 of the cart at moments of its life, and what becomes of it. */

/** The status after this decision. */
export function after(seen: WorkloadVersionSeen): KeptnWorkloadVersionStatus {
  return stored(seen.version, decideWorkloadVersion(seen)).status ?? {};
}

/** Decides, stores and decides again, `times` times, in a world that does not move by itself. */
export function settle(seen: WorkloadVersionSeen, times = 3): WorkloadVersionSeen {
  return Array.from({ length: times }).reduce<WorkloadVersionSeen>(
    (at) => ({ ...at, version: stored(at.version, decideWorkloadVersion(at)) }),
    seen,
  );
}

export const preCheck = { preDeploymentTasks: ['smoke'] };
export const appCheck = { preDeploymentTasks: ['migrate'] };
export const running = (rollout: Rollout) => [aDeploymentSeen({ rollout })];
/** A version whose pre-deployment task was made and recorded. */
export const checking = aWorkloadVersion({
  spec: preCheck,
  status: {
    currentPhase: 'WorkloadPreDeployTasks',
    status: 'Progressing',
    preDeploymentStatus: 'Progressing',
    preDeploymentTaskStatus: [
      { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Progressing' },
    ],
  },
});
export const aReleasedStatus: KeptnWorkloadVersionStatus =
  settle(workloadVersionSeen(), 1).version.status ?? {};
export const released = aWorkloadVersion({ status: aReleasedStatus });
export const endedTask = (status: 'Succeeded' | 'Failed') =>
  aTask({ metadata: { name: 'pre-smoke-1' }, status: { status } });
/** The workload as it is once its owner carries version 2. */
export const movedOn = {
  workload: aWorkload({ spec: { version: '2' } }),
  owners: [aDeploymentSeen({ identity: { version: '2' } })],
};
export const readLive = { live: { 'KeptnWorkload shop/shop-cart': 'present' } } as const;
