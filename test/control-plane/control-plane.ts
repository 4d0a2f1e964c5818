import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinaries } from './binaries.ts';
import { commandLines } from './command-lines.ts';
import { endComponents, startComponent, type ComponentSpec } from './components.ts';
import { layOut, prepareDirectory, serverOf, type Layout, type RealNode } from './layout.ts';
import { addNodes } from './nodes.ts';
import { endProcesses, isOurs, spawnDetached } from './processes.ts';
import type { ProgramName } from './programs.ts';
import { readState, writeState, type Component, type State } from './state.ts';
import { releaseOf } from './versions.ts';

/** How a control plane is started. */
export interface StartOptions {
  /** Write `audit.log`; `policyFile` replaces the policy of `audit-policy.ts`. Default: no log. */
  readonly audit?: boolean | { readonly policyFile: string };
  /** Where everything is kept; empty, or left there by an earlier control plane. Default: a new temporary directory. */
  readonly dataDirectory?: string;
  /** Whether the data goes when the owner does, and when the start fails. Default: yes if the directory is temporary. */
  readonly removeData?: boolean;
  /** A minor version such as `1.30`. Default: the environment's SLUICE_KUBERNETES, or the newest. */
  readonly kubernetes?: string;
  /** The process the control plane ends with, however that ends. Default: this one; `none`: it runs until stopped. */
  readonly owner?: number | 'none';
  /** The real node beside it, in a network namespace that this process is in as well. Default: fake nodes only. */
  readonly realNode?: RealNode;
  /** Told one line per step. */
  readonly progress?: (line: string) => void;
}

/** A running control plane. */
export class ControlPlane implements AsyncDisposable {
  readonly dataDirectory: string;
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
  readonly kubeconfig: string;
  /** JSON lines of audit.k8s.io/v1; undefined unless asked for at the start. */
  readonly auditLog: string | undefined;

  constructor(dataDirectory: string, state: State) {
    this.dataDirectory = dataDirectory;
    this.server = state.server;
    this.token = state.token;
    this.caFile = join(dataDirectory, 'ca.crt');
    this.kubeconfig = join(dataDirectory, 'kubeconfig');
    this.auditLog = state.auditLog ?? undefined;
  }

  /** What runs now, from the data directory. */
  state(): State {
    const state = readState(this.dataDirectory);
    if (state === undefined) throw new Error(`there is no control plane in ${this.dataDirectory}`);
    return state;
  }

  /** Whether it was started wholly and any of its processes still runs. */
  isRunning(): boolean {
    const { ready, components } = this.state();
    return ready && components.some(({ pid }) => isOurs(pid, this.dataDirectory));
  }

  /** Kills the API server, as a crash or a power cut would. Every connection to it breaks. */
  async killApiServer(): Promise<void> {
    await endProcesses([this.#apiServer().pid], this.dataDirectory, 0);
  }

  /** Starts the API server again: same port, same data. Resolves when it is ready. */
  async startApiServer(): Promise<void> {
    const state = this.state();
    const { component, healthy } = startComponent(this.#apiServer(), this.dataDirectory);
    const others = state.components.filter((other) => other.name !== component.name);
    writeState(this.dataDirectory, { ...state, components: [...others, component] });
    await healthy;
  }

  /** Kills the API server and starts it again. */
  async restartApiServer(): Promise<void> {
    await this.killApiServer();
    await this.startApiServer();
  }

  /** Ends every process and removes the data, unless it is to be kept for another start. */
  async stop(options: { readonly keepData?: boolean } = {}): Promise<void> {
    const keepData = options.keepData ?? false;
    const state = readState(this.dataDirectory);
    if (state === undefined) return;
    const { watchdog } = state;
    if (watchdog !== null) await endProcesses([watchdog], this.dataDirectory, 0);
    await endComponents(state.components, this.dataDirectory, keepData);
    if (keepData) {
      writeState(this.dataDirectory, { ...state, ready: false, watchdog: null, components: [] });
    } else {
      rmSync(this.dataDirectory, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #apiServer(): Component {
    const found = this.state().components.find(({ name }) => name === 'kube-apiserver');
    if (found === undefined) throw new Error(`no API server was started in ${this.dataDirectory}`);
    return found;
  }
}

/** The control plane that was started in a data directory, whether it still runs or not; undefined when there is none. */
export function controlPlaneIn(dataDirectory: string): ControlPlane | undefined {
  const state = readState(dataDirectory);
  return state === undefined ? undefined : new ControlPlane(realpathSync(dataDirectory), state);
}

/** The control plane that runs in a data directory, ready for use; undefined when none does. */
export function attachControlPlane(dataDirectory: string): ControlPlane | undefined {
  const controlPlane = controlPlaneIn(dataDirectory);
  return controlPlane?.isRunning() === true ? controlPlane : undefined;
}

/**
 * Starts etcd, API server, controller manager, scheduler and KWOK on free ports of 127.0.0.1, and three nodes. Resolves
 * when the nodes take Pods. When anything fails, nothing is left running, and the error carries the end of the log.
 */
export async function startControlPlane(options: StartOptions = {}): Promise<ControlPlane> {
  const progress = options.progress ?? (() => undefined);
  const release = releaseOf(options.kubernetes ?? process.env['SLUICE_KUBERNETES']);
  const binaries = await findBinaries({ release, environment: process.env, progress });
  const startedAt = Date.now();
  const dataDirectory = prepareDirectory(options.dataDirectory);
  const layout = await layOut(dataDirectory, {
    audit: options.audit ?? false,
    realNode: options.realNode,
  });
  const starting = new Starting(layout, release.kubernetes, binaries);
  const removeData = options.removeData ?? options.dataDirectory === undefined;
  // Until all is well it ends with this process, whoever its owner will be.
  const owner = options.owner === 'none' ? process.pid : (options.owner ?? process.pid);
  starting.watch(owner, removeData ? 'remove' : 'keep');
  try {
    await starting.run(progress);
    if (options.owner === 'none') await starting.unwatch();
  } catch (error) {
    await new ControlPlane(dataDirectory, starting.state).stop({ keepData: !removeData });
    throw error;
  }
  progress(`nodes ready after ${seconds(startedAt)}`);
  return new ControlPlane(dataDirectory, starting.state);
}

/** One start, step by step; the state file is renewed after each, so that nothing started is ever forgotten. */
class Starting {
  state: State;
  readonly #layout: Layout;
  readonly #specs: Record<ProgramName, ComponentSpec>;

  constructor(layout: Layout, kubernetes: string, binaries: Record<ProgramName, string>) {
    const lines = commandLines(layout);
    const spec = (name: ProgramName): ComponentSpec => ({
      name,
      binary: binaries[name],
      ...lines[name],
    });
    this.#layout = layout;
    this.#specs = {
      etcd: spec('etcd'),
      'kube-apiserver': spec('kube-apiserver'),
      'kube-controller-manager': spec('kube-controller-manager'),
      'kube-scheduler': spec('kube-scheduler'),
      kwok: spec('kwok'),
    };
    this.state = {
      kubernetes,
      server: serverOf(layout.ports),
      ports: layout.ports,
      token: layout.credentials.token,
      auditLog: layout.audit?.log ?? null,
      watchdog: null,
      ready: false,
      components: [],
    };
    this.#save({});
  }

  async run(progress: (line: string) => void): Promise<void> {
    // The API server waits for etcd by itself; the others give up when there is no API server.
    await Promise.all([this.#start('etcd', progress), this.#start('kube-apiserver', progress)]);
    await Promise.all([
      this.#start('kube-controller-manager', progress),
      this.#start('kube-scheduler', progress),
      this.#start('kwok', progress),
      addNodes(
        {
          server: this.state.server,
          token: this.state.token,
          caFile: this.#layout.credentials.caFile,
        },
        { tainted: this.#layout.realNode !== undefined },
      ),
    ]);
    this.#save({ ready: true });
  }

  /** Lets a process of its own end the control plane when the owner is gone. */
  watch(owner: number, dataOnEnd: 'keep' | 'remove'): void {
    const { dataDirectory } = this.#layout;
    const program = fileURLToPath(new URL('watchdog.ts', import.meta.url));
    const watchdog = spawnDetached(
      process.execPath,
      [program, String(owner), dataDirectory, dataOnEnd],
      join(dataDirectory, 'logs', 'watchdog.log'),
    );
    this.#save({ watchdog: watchdog.pid ?? null });
  }

  async unwatch(): Promise<void> {
    const { watchdog } = this.state;
    if (watchdog !== null) await endProcesses([watchdog], this.#layout.dataDirectory, 0);
    this.#save({ watchdog: null });
  }

  async #start(name: ProgramName, progress: (line: string) => void): Promise<void> {
    const startedAt = Date.now();
    const started = startComponent(this.#specs[name], this.#layout.dataDirectory);
    this.#save({ components: [...this.state.components, started.component] });
    await started.healthy;
    progress(`${name} healthy after ${seconds(startedAt)}`);
  }

  #save(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    writeState(this.#layout.dataDirectory, this.state);
  }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
