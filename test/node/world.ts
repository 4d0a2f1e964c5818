import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory, findBinaries, findNodeBinaries } from '../control-plane/binaries.ts';
import { type ControlPlane, controlPlaneIn } from '../control-plane/control-plane.ts';
import { freePorts } from '../control-plane/ports.ts';
import { isOurs } from '../control-plane/processes.ts';
import { releaseOf } from '../control-plane/versions.ts';
import { removeCgroup } from './cgroups.ts';
import { containerdSocket, worldLayout } from './layout.ts';
import { receiveMessages, stay, type WorldSettings } from './messages.ts';
import { nodePath, whyNoNode } from './requirements.ts';
import { readWorldState } from './world-state.ts';

/** How a world is started. */
export interface WorldOptions {
  /** Where everything is kept while it runs. Default: a new temporary directory. */
  readonly dataDirectory?: string;
  /** Archives of images (Docker's or OCI's) that the node has from the start. */
  readonly images?: readonly string[];
  /** A minor version. Default: SLUICE_KUBERNETES, or the newest. */
  readonly kubernetes?: string;
  /** Write an audit log. Default: no. */
  readonly audit?: boolean;
  /** The process it ends with, however that ends. Default: this one; `none`: it runs until stopped. */
  readonly owner?: number | 'none';
  /** Told one line per step. */
  readonly progress?: (line: string) => void;
}

/** A control plane and a real node beside it, in namespaces of their own. Its API server is reached from outside as well. */
export class World implements AsyncDisposable {
  readonly dataDirectory: string;
  readonly controlPlane: ControlPlane;

  constructor(dataDirectory: string, controlPlane: ControlPlane) {
    this.dataDirectory = dataDirectory;
    this.controlPlane = controlPlane;
  }

  /**
   * Starts a command inside the namespaces, where the addresses of Pods and Services are reached; KUBECONFIG and a PATH with
   * kubectl are set.
   */
  spawn(command: readonly string[], stdio: StdioOptions): ChildProcess {
    const { init, kubernetes } = requiredState(this.dataDirectory);
    const target = ['--target', String(init), '--net', '--mount', '--pid'];
    return spawn('nsenter', [...target, '--wd=.', '--', ...command], {
      env: {
        ...process.env,
        KUBECONFIG: this.controlPlane.kubeconfig,
        PATH: nodePath([...programFolders(kubernetes), process.env['PATH'] ?? ''].join(delimiter)),
      },
      stdio,
    });
  }

  /** Runs a command inside with this process' own input and output; answers its exit code. */
  async run(command: readonly string[]): Promise<number> {
    const child = this.spawn(command, 'inherit');
    const [code, signal]: unknown[] = await once(child, 'exit');
    return typeof code === 'number' ? code : signal === null ? 1 : 128;
  }

  /** Makes the images of an archive known to the node. */
  async importImages(archive: string): Promise<void> {
    const ctr = ['ctr', '--address', containerdSocket, '--namespace', 'k8s.io'];
    const code = await this.run([...ctr, 'images', 'import', realpathSync(archive)]);
    if (code !== 0) throw new Error(`${archive} could not be imported (exit code ${code})`);
  }

  /** Cuts the node's power, or gives it back: see power-cycle.ts. The control plane goes on. */
  async power(what: 'off' | 'on' | 'restart'): Promise<void> {
    const program = join(import.meta.dirname, 'power-cycle.ts');
    const code = await this.run([process.execPath, program, this.dataDirectory, what]);
    if (code !== 0) throw new Error(`the node could not be switched ${what} (exit code ${code})`);
  }

  /** Ends it and removes its data; resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await stopWorld(this.dataDirectory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The world that runs in a data directory, ready for use; undefined when none does. */
export function worldIn(dataDirectory: string): World | undefined {
  const state = readWorldState(dataDirectory);
  if (state?.ready !== true || !isOurs(state.keeper, dataDirectory)) return undefined;
  const controlPlane = controlPlaneIn(worldLayout(dataDirectory).controlPlane);
  return controlPlane === undefined ? undefined : new World(dataDirectory, controlPlane);
}

/** Starts a control plane and a real node. Resolves when the node takes Pods; when it fails nothing is left, and the error says why. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const why = whyNoNode();
  if (why !== undefined) throw new Error(`no real node can run here: ${why}`);
  const progress = options.progress ?? (() => undefined);
  const release = releaseOf(options.kubernetes ?? process.env['SLUICE_KUBERNETES']);
  // First and outside: inside there is no network to get them from.
  const search = { release, environment: process.env, progress };
  await findBinaries(search);
  await findNodeBinaries(search);
  if (options.dataDirectory !== undefined) await removeRemains(options.dataDirectory);
  const dataDirectory = emptyDirectory(options.dataDirectory);
  const settings: WorldSettings = {
    serverPort: (await freePorts()).server,
    kubernetes: release.minor,
    audit: options.audit ?? false,
    owner: typeof options.owner === 'number' ? options.owner : null,
    images: (options.images ?? []).map((file) => realpathSync(file)),
  };
  const keeper = startKeeper(dataDirectory, settings);
  await ready(keeper, progress);
  const world = worldIn(dataDirectory);
  if (world === undefined) throw new Error(`the world in ${dataDirectory} is gone again`);
  if (options.owner !== undefined) keeper.stdin?.end(stay);
  return world;
}

/** Ends the world of a data directory, whether it was started wholly or not, and removes the data. False: there was none. */
export async function stopWorld(dataDirectory: string): Promise<boolean> {
  const state = readWorldState(dataDirectory);
  if (state === undefined) return false;
  const pids = [state.keeper, state.init ?? state.keeper];
  if (isOurs(state.keeper, dataDirectory)) process.kill(state.keeper, 'SIGTERM');
  while (pids.some((pid) => isOurs(pid, dataDirectory))) await sleep(20);
  // Both tidy up after themselves, unless both were killed.
  removeCgroup(worldLayout(dataDirectory).cgroup);
  rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  return true;
}

/** What is left of a world whose processes were all killed at once does not stand in the way of the next. */
async function removeRemains(directory: string): Promise<void> {
  const state = existsSync(directory) ? readWorldState(realpathSync(directory)) : undefined;
  if (state !== undefined && !isOurs(state.keeper, realpathSync(directory)))
    await stopWorld(realpathSync(directory));
}

/** Where kubectl and the other programs of a release are. */
function programFolders(kubernetes: string): string[] {
  const environment = process.env;
  const cache = cacheDirectory({ release: releaseOf(kubernetes), environment });
  return [environment['SLUICE_CONTROL_PLANE'], cache].filter((folder) => folder !== undefined);
}

function startKeeper(dataDirectory: string, settings: WorldSettings): ChildProcess {
  const { logs } = worldLayout(dataDirectory);
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, 'keeper.log'), 'a');
  const program = join(import.meta.dirname, 'keeper.ts');
  const child = spawn(process.execPath, [program, dataDirectory, JSON.stringify(settings)], {
    detached: true,
    stdio: ['pipe', 'pipe', log],
  });
  // It must not keep this process from ending; its end is what the keeper notices.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  return child;
}

async function ready(keeper: ChildProcess, progress: (line: string) => void): Promise<void> {
  // Alive until there is an answer.
  const alive = setInterval(() => undefined, 60_000);
  try {
    if (keeper.stdout === null) throw new Error('the keeper has no output');
    for await (const message of receiveMessages(keeper.stdout)) {
      if ('ready' in message) return;
      if ('failed' in message) throw new Error(message.failed);
      progress(message.progress);
    }
    throw new Error('the keeper of the world ended before the world was ready');
  } finally {
    clearInterval(alive);
  }
}

function emptyDirectory(wished: string | undefined): string {
  if (wished === undefined) return realpathSync(mkdtempSync(join(tmpdir(), 'sluice-world-')));
  mkdirSync(wished, { recursive: true });
  const directory = realpathSync(wished);
  if (readdirSync(directory).length > 0)
    throw new Error(
      `${directory} is not empty; stop what runs there, or name another directory with --data`,
    );
  // sockaddr_un(7): a path has at most 107 bytes.
  if (Buffer.byteLength(worldLayout(directory).serverSocket) > 107)
    throw new Error(`${directory} is too long for the path of a socket; name another with --data`);
  return directory;
}

function requiredState(dataDirectory: string): { init: number; kubernetes: string } {
  const state = readWorldState(dataDirectory);
  if (state === undefined || state.init === null)
    throw new Error(`no world runs in ${dataDirectory}`);
  return { init: state.init, kubernetes: state.kubernetes };
}
