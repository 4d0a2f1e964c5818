import { execFile } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { findNodeBinaries } from '../../control-plane/binaries.ts';
import { withLock } from '../../control-plane/lock.ts';
import { releaseOf } from '../../control-plane/versions.ts';
import { startWorld, type World, worldIn } from '../../node/world.ts';
import { testRunPid } from '../cluster/control-plane.ts';
import { EnabledNamespace } from '../cluster/enabled-namespace.ts';
import { TestCluster } from '../cluster/test-cluster.ts';
import { installInCluster } from './install-in-cluster.ts';

/** Why the suite cannot run on this machine; undefined when it can. The set-up of the test run has printed it. */
export function whyNoRealSluice(): string | undefined {
  return inject('realSluice').whyNot ?? undefined;
}

/**
 * Sluice in its own image, two replicas behind their Service, on a real node: one for the whole test run. The first test file
 * that asks starts it, and it ends with the run. SLUICE_TEST_NODE names the directory of a node that runs already (`npm run node
 * -- start --audit --data DIR --image …`) to use instead.
 */
export class RealSluice {
  readonly cluster: TestCluster;
  readonly world: World;

  readonly #binaries = findNodeBinaries({
    release: releaseOf(process.env['SLUICE_KUBERNETES']),
    environment: process.env,
    progress: () => undefined,
  });

  private constructor(world: World) {
    this.world = world;
    this.cluster = new TestCluster(world.controlPlane);
  }

  static async shared(): Promise<RealSluice> {
    const given = process.env['SLUICE_TEST_NODE'];
    const owner = testRunPid();
    const dataDirectory =
      given === undefined ? join(tmpdir(), `sluice-node-vitest-${owner}`) : realpathSync(given);
    return withLock(`${dataDirectory}.lock`, async () => {
      const running = existsSync(dataDirectory) ? worldIn(realpathSync(dataDirectory)) : undefined;
      const world = running ?? (await started(dataDirectory, owner));
      const sluice = new RealSluice(world);
      await installInCluster(sluice.cluster);
      return sluice;
    });
  }

  /** Runs kubectl as the administrator, outside the node's namespaces; answers what it printed. */
  async kubectl(args: readonly string[]): Promise<string> {
    const { kubectl } = await this.#binaries;
    const command = [`--kubeconfig=${this.world.controlPlane.kubeconfig}`, ...args];
    const { stdout } = await promisify(execFile)(kubectl, command);
    return stdout;
  }

  /** A namespace of a test's own that has opted in. It goes when disposed of. */
  async namespace(): Promise<EnabledNamespace> {
    return EnabledNamespace.create(this.cluster);
  }
}

async function started(dataDirectory: string, owner: number): Promise<World> {
  rmSync(dataDirectory, { recursive: true, force: true });
  return startWorld({ dataDirectory, owner, audit: true, images: inject('realSluice').images });
}
