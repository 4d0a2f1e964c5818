import { join } from 'node:path';
import { NamespaceKind } from '../../../src/api/builtin.ts';
import { startControlPlane } from '../../control-plane/control-plane.ts';
import { EnabledNamespace } from '../../support/cluster/enabled-namespace.ts';
import { eventually } from '../../support/clock-and-chance/eventually.ts';
import {
  installSluice,
  type SluiceInstallation,
} from '../../support/cluster/sluice-installation.ts';
import { type SluiceProcess, startSluice } from '../../support/cluster/sluice-process.ts';
import { TestCluster } from '../../support/cluster/test-cluster.ts';
import { ApiClient } from './api-client.ts';
import { countingArguments, requestCounts, type RequestCounts } from './counted-requests.ts';

/** What the benchmarks with a cluster play on: a real control plane with Sluice on it, and nothing else. */
export class Stage implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly installation: SluiceInstallation;
  /** A client with connections that stay open. */
  readonly api: ApiClient;
  readonly sluice: SluiceProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: {
    cluster: TestCluster;
    installation: SluiceInstallation;
    api: ApiClient;
    sluice: SluiceProcess;
    stack: AsyncDisposableStack;
  }) {
    this.cluster = parts.cluster;
    this.installation = parts.installation;
    this.api = parts.api;
    this.sluice = parts.sluice;
    this.#stack = parts.stack;
  }

  static async start(options: {
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
    /** A directory for a CPU profile of Sluice. */
    readonly cpuProf?: string;
  }): Promise<Stage> {
    const { signal, progress, cpuProf } = options;
    await using started = new AsyncDisposableStack();
    const controlPlane = started.use(await startControlPlane({ audit: true, progress }));
    const cluster = new TestCluster(controlPlane, { 'user-agent': 'bench' });
    progress('installing Sluice');
    const installation = await installSluice(cluster);
    progress('starting Sluice');
    const { args, port, caFile, directory } = installation;
    const sluice = await startSluice({
      args,
      port,
      caFile,
      logFile: join(directory, 'sluice.log'),
      signal,
      nodeArguments: [
        ...countingArguments(countsFile(installation)),
        ...(cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]),
      ],
    });
    started.defer(() => sluice.stop());
    const api = started.use(new ApiClient(controlPlane));
    return new Stage({ cluster, installation, api, sluice, stack: started.move() });
  }

  /** A namespace that has opted in, of a benchmark's own. It is deleted when disposed of. */
  namespace(): Promise<EnabledNamespace> {
    return EnabledNamespace.create(this.cluster);
  }

  /** Waits until what earlier benchmarks have made is gone. */
  async settle(): Promise<void> {
    await eventually(
      'the namespaces of earlier benchmarks are gone',
      async () => {
        const namespaces = await this.cluster.list(NamespaceKind);
        return !namespaces.some(({ metadata }) => metadata.name.startsWith('test-'));
      },
      300_000,
    );
  }

  /** Requests that Sluice has sent to the API server, and connections it has opened for them, since it started. */
  requestCounts(): Promise<RequestCounts> {
    return requestCounts(this.sluice.pid, countsFile(this.installation));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function countsFile({ directory }: SluiceInstallation): string {
  return join(directory, 'request-counts.json');
}
