import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PodKind } from '../../../src/api/builtin.ts';
import { busyboxImage } from '../../node/base-images.ts';
import { readWorldState, type WorldState } from '../../node/world-state.ts';
import { stopWorld, worldIn } from '../../node/world.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { pidNamespaceOf, processesIn } from '../observed/machine-state.ts';
import { TestCluster } from './test-cluster.ts';

/** Ways in which a real node comes to its end. */
export const endings = [
  'stopped',
  'starter killed before it is ready',
  'keeper killed before it is ready',
  'keeper killed with a Pod running',
  'first process killed with a Pod running',
  'keeper and first process killed, then stopped',
] as const;

/** One of them. */
export type Ending = (typeof endings)[number];

const program = join(import.meta.dirname, '..', '..', 'node', 'main.ts');

/** Starts a node in a directory, with a Pod on it if it comes that far, and ends it in that way; resolves when nothing of it runs. */
export async function liveAndEnd(dataDirectory: string, ending: Ending): Promise<void> {
  const starter = spawn(process.execPath, [program, 'start', '--data', dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const begun = await beginning(dataDirectory);
  const namespace = pidNamespaceOf(begun.init);
  switch (ending) {
    case 'starter killed before it is ready':
      starter.kill('SIGKILL');
      break;
    case 'keeper killed before it is ready':
      process.kill(begun.keeper, 'SIGKILL');
      break;
    case 'stopped':
      await withPod(dataDirectory, starter);
      await stopWorld(dataDirectory);
      break;
    case 'keeper killed with a Pod running':
      await withPod(dataDirectory, starter);
      process.kill(begun.keeper, 'SIGKILL');
      break;
    case 'first process killed with a Pod running':
      await withPod(dataDirectory, starter);
      process.kill(begun.init, 'SIGKILL');
      break;
    case 'keeper and first process killed, then stopped':
      await withPod(dataDirectory, starter);
      process.kill(begun.keeper, 'SIGKILL');
      process.kill(begun.init, 'SIGKILL');
      await stopWorld(dataDirectory);
      break;
  }
  await eventually('all processes have ended', () => processesIn(namespace).length === 0);
  await eventually('the data is removed', () => !existsSync(dataDirectory));
}

async function beginning(dataDirectory: string): Promise<WorldState & { init: number }> {
  return eventually('the namespaces are there', () => {
    const state = readWorldState(dataDirectory);
    return state === undefined || state.init === null ? undefined : { ...state, init: state.init };
  });
}

async function withPod(dataDirectory: string, starter: ChildProcess): Promise<void> {
  await once(starter, 'exit');
  const world = worldIn(dataDirectory);
  if (world === undefined) throw new Error('the node was not started');
  const cluster = new TestCluster(world.controlPlane);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sleeper', namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: busyboxImage, command: ['sleep', '3600'] }],
    },
  });
  const place = { namespace: 'default', name: 'sleeper' };
  await cluster.until(PodKind, place, ({ status }) => status?.phase === 'Running');
}
