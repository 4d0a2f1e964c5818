import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { startWorld, stopWorld, type World, worldIn, type WorldOptions } from './world.ts';
import { readWorldState } from './world-state.ts';

/** Which node a command is about. */
export interface DataOption {
  readonly data: string;
}

/** How a node is started. */
export interface StartOptions {
  readonly audit: boolean;
  /** Archives of images. */
  readonly image: readonly string[];
  readonly kubernetes?: string | undefined;
}

/** Starts a control plane and a node in the background, and prints how they are reached. */
export async function startNode(options: DataOption & StartOptions): Promise<void> {
  const running = attached(options.data);
  if (running !== undefined) say('already running');
  const world =
    running ??
    (await startWorld({ ...worldOptions(options), dataDirectory: options.data, owner: 'none' }));
  const { controlPlane } = world;
  say(`Kubernetes ${controlPlane.state().kubernetes} at ${controlPlane.server}, node real-0`);
  if (controlPlane.auditLog !== undefined) say(`audit log: ${controlPlane.auditLog}`);
  say(`kubeconfig: ${controlPlane.kubeconfig}`);
  say(`export KUBECONFIG=${controlPlane.kubeconfig}`);
}

/** Ends a node and its control plane. */
export async function stopNode({ data }: DataOption): Promise<void> {
  const stopped = existsSync(data) && (await stopWorld(realpathSync(data)));
  say(stopped ? 'stopped; data removed' : `no node runs in ${data}`);
}

/** Prints what runs; the exit code is 3 where nothing does, 1 where something is not well. */
export async function nodeStatus({ data }: DataOption): Promise<void> {
  const world = attached(data);
  if (world === undefined) {
    say(`no node runs in ${data}`);
    process.exitCode = 3;
    return;
  }
  // The processes are known inside only.
  const cluster = join(import.meta.dirname, '..', 'control-plane', 'main.ts');
  const { dataDirectory } = world.controlPlane;
  const code = await world.run([process.execPath, cluster, 'status', '--data', dataDirectory]);
  const nodes = await world.run(['kubectl', 'get', 'nodes']);
  process.exitCode = Math.max(code, nodes);
}

/** The node and control plane that run in a directory; undefined when none do. */
export function attached(data: string): World | undefined {
  return existsSync(data) ? worldIn(realpathSync(data)) : undefined;
}

/** Whether a directory is that of a node and its control plane, running or not. */
export function hasNode(data: string): boolean {
  return existsSync(data) && readWorldState(realpathSync(data)) !== undefined;
}

/** What the options of a command line mean. */
export function worldOptions({ image, audit, kubernetes }: StartOptions): WorldOptions {
  return {
    images: image,
    audit,
    progress: say,
    ...(kubernetes === undefined ? {} : { kubernetes }),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
