import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { defined } from '../../../src/api/json.ts';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { conditionOf, conditionTypes } from '../../../src/domain/conditions.ts';
import { withLock } from '../../control-plane/lock.ts';
import { isOurs } from '../../control-plane/processes.ts';
import { sharedCluster, testRunPid } from './control-plane.ts';
import { EnabledNamespace } from './enabled-namespace.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import {
  installSluice,
  operatorNamespace,
  type SluiceInstallation,
} from './sluice-installation.ts';
import { flags, type SluiceProcess, startSluice } from './sluice-process.ts';
import type { Manifest, TestCluster } from './test-cluster.ts';

/** Applications are gathered for so long that all workloads of a test are there, and no longer. */
const discoverySeconds = 2;

const shortLease = flags({
  'lease-duration': '4s',
  'lease-renew-deadline': '3s',
  'lease-retry-period': '500ms',
});

/**
 * Sluice on a control plane of its own, running as its service account: the first test file that asks installs and starts it,
 * and it ends with the test run.
 */
export class RunningSluice {
  readonly cluster: TestCluster;
  readonly installation: SluiceInstallation;
  /** What the API server's audit log knows it by. */
  readonly userAgent = 'sluice/';

  private constructor(cluster: TestCluster, installation: SluiceInstallation) {
    this.cluster = cluster;
    this.installation = installation;
  }

  static async shared(): Promise<RunningSluice> {
    const cluster = await sharedCluster('sluice');
    const { dataDirectory } = cluster.controlPlane;
    return withLock(join(dataDirectory, 'sluice.lock'), async () => {
      const file = join(dataDirectory, 'sluice-installation.json');
      const { installation, isNew } = await installed(cluster, file);
      const running = new RunningSluice(cluster, installation);
      if (isNew) await running.kill();
      await cluster.apply(keptnConfig());
      if (running.#pid() === undefined) await running.start();
      return running;
    });
  }

  /**
   * Starts it again after `kill` or `stop`; resolves when it answers reviews. With the usual lease it leads through whatever
   * load; with the short one, which it has otherwise, a successor of a killed process need not wait long.
   */
  async start({ lease = 'short' }: { lease?: 'short' | 'usual' } = {}): Promise<void> {
    const { port, metricsPort } = this.installation;
    const { pid } = await this.startAnother(
      port,
      lease,
      flags({ 'metrics-port': `${metricsPort}` }),
    );
    writeFileSync(this.#pidFile, String(pid));
  }

  /** One more process of the same installation, on a port of its own. */
  async startAnother(
    port: number,
    lease: 'short' | 'usual' = 'short',
    more: readonly string[] = [],
  ): Promise<SluiceProcess> {
    const { caFile, directory, args } = this.installation;
    return startSluice({
      args: [...args, ...(lease === 'short' ? shortLease : []), ...more],
      port,
      caFile,
      logFile: join(directory, 'sluice.log'),
      signal: new AbortController().signal,
      owner: testRunPid(),
    });
  }

  /** SIGKILL: whatever it was doing stays as it is. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** What it serves at /metrics now, by name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const answer = await fetch(`http://127.0.0.1:${this.installation.metricsPort}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => /^[a-z]/u.test(line));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
    );
  }

  /** Applies the KeptnConfig of the tests with these fields changed; resolves when the process decides by it. */
  async configure(spec: Record<string, unknown> = {}): Promise<void> {
    const manifest = keptnConfig(spec);
    await this.cluster.apply(manifest);
    const { name = '', namespace } = manifest.metadata;
    await this.cluster.until(
      KeptnConfig,
      { name, ...defined({ namespace }) },
      (config) =>
        conditionOf(config, conditionTypes.ready)?.observedGeneration ===
        config.metadata.generation,
    );
  }

  /** A namespace of a test's own that has opted in. It goes when disposed of. */
  async namespace(): Promise<EnabledNamespace> {
    return EnabledNamespace.create(this.cluster);
  }

  get #pidFile(): string {
    return join(this.installation.directory, 'sluice.pid');
  }

  #pid(): number | undefined {
    try {
      const pid = Number(readFileSync(this.#pidFile, 'utf8'));
      return isOurs(pid, this.installation.directory) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#pid();
    if (pid === undefined) return;
    process.kill(pid, signal);
    await eventually(`Sluice ends by ${signal}`, () => this.#pid() === undefined);
  }
}

/** Installs once in a test run; a control plane that has served another run is installed on again, with the code as it is now. */
async function installed(
  cluster: TestCluster,
  file: string,
): Promise<{ installation: SluiceInstallation; isNew: boolean }> {
  const run = testRunPid();
  try {
    const known: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (Value.Check(recordSchema, known) && known.run === run)
      return { installation: known.installation, isNew: false };
  } catch {
    // None yet.
  }
  const installation = await installSluice(cluster);
  writeFileSync(file, JSON.stringify({ run, installation }));
  return { installation, isNew: true };
}

const recordSchema = Type.Object({
  run: Type.Integer(),
  installation: Type.Object({
    directory: Type.String(),
    namespace: Type.String(),
    caFile: Type.String(),
    port: Type.Integer(),
    metricsPort: Type.Integer(),
    args: Type.Array(Type.String()),
  }),
});

/** The KeptnConfig that rules the cluster while tests run, with these fields changed. */
export function keptnConfig(spec: Record<string, unknown> = {}): Manifest {
  return {
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: { name: 'test', namespace: operatorNamespace },
    spec: {
      keptnAppCreationRequestTimeoutSeconds: discoverySeconds,
      blockDeployment: true,
      observabilityTimeout: '5m',
      ...spec,
    },
  };
}
