import { join } from 'node:path';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { installSluice, operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { endOfLog, type SluiceProcess, startSluice } from '../support/cluster/sluice-process.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';
import { Functions, leavingFunctions } from './functions.ts';
import type { Screen } from '../../src/cli/status/screen.ts';

/** A control plane with Sluice on it. Disposing of it ends Sluice, then the control plane, and removes the data. */
export interface Running extends AsyncDisposable {
  readonly cluster: TestCluster;
  /** Of the administrator. */
  readonly kubeconfig: string;
  /** What is applied in place of a manifest, so that it can run here. */
  readonly asItRunsHere: (manifest: Manifest) => Manifest;
  /** Rejects when Sluice has ended by itself, with why. */
  readonly ended: Promise<never>;
  /** How its log is read. */
  readonly log: string;
}

/** Starts the control plane, installs CRDs and webhooks, and starts Sluice as its service account. */
export async function startEverything(options: {
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** The sample needs no 30 seconds to gather its workloads. */
  readonly sample: boolean;
}): Promise<Running> {
  const { screen, signal } = options;
  await using started = new AsyncDisposableStack();
  screen.say(
    'Starting a Kubernetes control plane on this machine (etcd, API server, scheduler, KWOK).',
  );
  const controlPlane = started.use(
    await startControlPlane({ audit: true, progress: (line) => screen.say(line) }),
  );
  screen.say(
    "Functions (deno, python, bash) are run by this machine's interpreters; containers are played, and say so: nothing of their images runs.",
  );
  const cluster = new TestCluster(controlPlane, { 'user-agent': 'sluice-demo' });
  const { kubeconfig } = controlPlane;

  screen.say('Installing CRDs, rights, webhooks and the opt-in policy (sluice install).');
  const { args, port, caFile, directory } = await installSluice(cluster);
  if (options.sample) await gatherQuickly(cluster);

  screen.say('Starting Sluice (sluice run).');
  const logFile = join(directory, 'sluice.log');
  const sluice = await startSluice({ args, port, caFile, logFile, signal });
  started.defer(() => sluice.stop());
  screen.say('Sluice is ready.');
  const ended = new AbortController();
  const functions = new Functions(cluster).run(ended.signal);
  started.defer(async () => {
    ended.abort();
    await functions;
  });
  const whole = started.move();
  return {
    cluster,
    kubeconfig,
    asItRunsHere: leavingFunctions,
    ended: sluiceEnded(sluice),
    log: logFile,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

async function sluiceEnded(sluice: SluiceProcess): Promise<never> {
  const how = await sluice.ended;
  throw new Error(`Sluice ended by itself (${how}):\n${await endOfLog(sluice.logFile)}`);
}

/** The sample needs no 30 seconds to gather its workloads. */
export async function gatherQuickly(cluster: TestCluster): Promise<void> {
  await cluster.apply({
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: { name: 'demo', namespace: operatorNamespace },
    spec: { keptnAppCreationRequestTimeoutSeconds: 5 },
  });
}
