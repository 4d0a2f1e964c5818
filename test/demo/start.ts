import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { freePorts } from '../control-plane/ports.ts';
import { TestCluster } from '../support/test-cluster.ts';
import type { Screen } from './screen.ts';
import { mustRunSluice, type SluiceProcess, startSluice } from './sluice.ts';

/** A control plane with Sluice on it. Disposing of it ends Sluice, then the control plane, and removes the data. */
export interface Running extends AsyncDisposable {
  readonly cluster: TestCluster;
  /** Of the administrator. */
  readonly kubeconfig: string;
  readonly sluice: SluiceProcess;
}

const namespace = 'keptn-system';

/** Starts the control plane, installs CRDs and webhooks, and starts Sluice as its service account. */
export async function startEverything(options: {
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** The sample needs no 30 seconds to gather its workloads. */
  readonly sample: boolean;
}): Promise<Running> {
  const { screen, signal } = options;
  await using started = new AsyncDisposableStack();
  const controlPlane = started.use(
    await startControlPlane({ audit: true, progress: (line) => screen.say(line) }),
  );
  const cluster = new TestCluster(controlPlane, { 'user-agent': 'sluice-demo' });
  const { kubeconfig } = controlPlane;
  const directory = join(controlPlane.dataDirectory, 'sluice');
  await mkdir(directory);

  screen.say('Installing CRDs, rights, webhooks and the opt-in policy (sluice install).');
  const { server: port } = await freePorts();
  await mustRunSluice(['certs', ...flags({ directory })]);
  const caFile = join(directory, 'ca.crt');
  const url = `https://127.0.0.1:${port}`;
  await mustRunSluice(['install', ...flags({ kubeconfig, namespace, url, 'ca-file': caFile })]);
  if (options.sample) await gatherQuickly(cluster);

  screen.say('Starting Sluice (sluice run).');
  const logFile = join(directory, 'sluice.log');
  const sluice = await startSluice({
    port,
    caFile,
    logFile,
    signal,
    args: flags({
      kubeconfig: await serviceAccountKubeconfig(controlPlane, cluster),
      namespace,
      'listen-address': '127.0.0.1',
      'listen-port': String(port),
      'cert-file': join(directory, 'tls.crt'),
      'key-file': join(directory, 'tls.key'),
      'allow-loopback-providers': 'true',
      'log-format': 'text',
      drain: '0s',
    }),
  });
  started.defer(() => sluice.stop());
  screen.say('Sluice is ready.');
  const whole = started.move();
  return { cluster, kubeconfig, sluice, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

async function gatherQuickly(cluster: TestCluster): Promise<void> {
  await cluster.apply({
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: { name: 'demo', namespace },
    spec: { keptnAppCreationRequestTimeoutSeconds: 5 },
  });
}

/** A kubeconfig with a token of Sluice's service account, so that it has the rights of a real installation and no more. */
async function serviceAccountKubeconfig(
  controlPlane: ControlPlane,
  cluster: TestCluster,
): Promise<string> {
  const answer = await cluster.request(
    `/api/v1/namespaces/${namespace}/serviceaccounts/sluice/token`,
    {
      method: 'POST',
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 86_400 },
      },
    },
  );
  const file = join(controlPlane.dataDirectory, 'sluice', 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'demo',
        cluster: { server: controlPlane.server, 'certificate-authority': controlPlane.caFile },
      },
    ],
    users: [{ name: 'sluice', user: { token: tokenOf(answer) } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'sluice', namespace } }],
    'current-context': 'demo',
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  await chmod(file, 0o600);
  return file;
}

function tokenOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'status' in answer) {
    const { status } = answer;
    if (typeof status === 'object' && status !== null && 'token' in status)
      return String(status.token);
  }
  throw new Error('the API server gave no token for the service account of Sluice');
}
