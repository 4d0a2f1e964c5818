import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNodeBinaries } from '../control-plane/binaries.ts';
import { controlPlaneIn } from '../control-plane/control-plane.ts';
import { isAlive } from '../control-plane/processes.ts';
import { releaseOf } from '../control-plane/versions.ts';
import { removeCgroup, makeCgroup, processesBelow } from './cgroups.ts';
import { writeConfiguration } from './configuration.ts';
import { unmountBelow } from './isolation.ts';
import { containerdSocket, worldLayout } from './layout.ts';
import { nodeReady, startContainerd, startKubelet } from './node-programs.ts';
import { readWorldState } from './world-state.ts';

/**
 * Runs inside the namespaces of a world: `node power-cycle.ts DATA-DIRECTORY off|on|restart`. Off: every process of the node and of its Pods is
 * killed at once, and what a machine keeps in memory is gone; the control plane goes on. On: the node starts again, with its images and the
 * disk of its kubelet.
 */
const layout = worldLayout(process.argv[2] ?? '');
const what = process.argv[3];

if (what === 'off' || what === 'restart') await powerOff();
if (what === 'on' || what === 'restart') await powerOn();

async function powerOff(): Promise<void> {
  const programsOfNode = new Set([
    'containerd',
    'containerd-shim-runc-v2',
    'kubelet',
    'kube-proxy',
    'coredns',
  ]);
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => programsOfNode.has(programOf(pid)));
  const all = [...pids, ...processesBelow(layout.cgroup)];
  for (const pid of all) kill(pid);
  while (all.some(isAlive) || removeCgroup(layout.cgroup).length > 0) await sleep(20);
  const state = dirname(dirname(containerdSocket));
  for (const directory of [state, '/run/netns', layout.node]) unmountBelow(directory);
  for (const memory of [dirname(containerdSocket), `${state}/cni`, '/run/netns'])
    rmSync(memory, { recursive: true, force: true });
}

async function powerOn(): Promise<void> {
  makeCgroup(layout.cgroup);
  const configuration = writeConfiguration(layout);
  const { kubernetes = '' } = readWorldState(layout.dataDirectory) ?? {};
  const search = {
    release: releaseOf(kubernetes),
    environment: process.env,
    progress: () => undefined,
  };
  const binaries = await findNodeBinaries(search);
  await startContainerd(layout, configuration);
  await startKubelet(layout, configuration, binaries);
  const controlPlane = controlPlaneIn(layout.controlPlane);
  if (controlPlane === undefined) throw new Error('the control plane does not run');
  await nodeReady(controlPlane);
}

function programOf(pid: number): string {
  try {
    return basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0] ?? '');
  } catch {
    // Gone in the meantime.
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}
