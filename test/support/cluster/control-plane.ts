import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import {
  attachControlPlane,
  startControlPlane,
  type ControlPlane,
} from '../../control-plane/control-plane.ts';
import { withLock } from '../../control-plane/lock.ts';
import { TestCluster } from './test-cluster.ts';

/**
 * The cluster that the test files of one vitest run share: the first to ask starts it (about four seconds), with an audit log,
 * and it ends with the run. SLUICE_TEST_CLUSTER names the data directory of one that already runs (`npm run cluster --
 * start --audit --data DIR`) to use instead: then nothing is started or stopped.
 *
 * There are two of them: on the bare one, files bring along the parts of Sluice they are about; on the other, all of it runs
 * (`running-sluice.ts`).
 */
export async function sharedCluster(use: 'bare' | 'sluice' = 'bare'): Promise<TestCluster> {
  const running = process.env['SLUICE_TEST_CLUSTER'];
  if (running === undefined) return new TestCluster(await sharedControlPlane(use));
  const controlPlane = attachControlPlane(running);
  if (controlPlane === undefined) {
    throw new Error(`no control plane runs in ${running}, which SLUICE_TEST_CLUSTER names`);
  }
  return new TestCluster(controlPlane);
}

async function sharedControlPlane(use: string): Promise<ControlPlane> {
  const owner = testRunPid();
  const dataDirectory = join(tmpdir(), `sluice-control-plane-vitest-${owner}-${use}`);
  return withLock(`${dataDirectory}.lock`, async () => {
    const running = existsSync(dataDirectory) ? attachControlPlane(dataDirectory) : undefined;
    if (running !== undefined) return running;
    rmSync(dataDirectory, { recursive: true, force: true });
    return startControlPlane({ audit: true, dataDirectory, owner, removeData: true });
  });
}

/** The process of the whole test run: test files run in workers that come and go, vitest itself is the process above them. */
export function testRunPid(): number {
  return isMainThread ? process.ppid : process.pid;
}
