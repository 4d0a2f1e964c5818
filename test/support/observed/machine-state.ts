import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupHierarchies } from '../../node/cgroups.ts';
import { worldLayout } from '../../node/layout.ts';
import { nodePath } from '../../node/requirements.ts';

/** What of a machine a real node could leave changed behind, as lines that can be compared. */
export interface MachineState {
  readonly links: readonly string[];
  readonly mounts: readonly string[];
  readonly firewall: readonly string[];
  readonly settings: readonly string[];
  /** The groups that a node in the data directory, or a kubelet without a root of its own, would make. */
  readonly cgroups: readonly string[];
  /** Processes with the data directory in their command line. */
  readonly processes: readonly string[];
  readonly dataIsThere: boolean;
}

/** The state of this machine, as far as a node in a data directory could change it. */
export function machineState(dataDirectory: string): MachineState {
  const groups = [worldLayout(dataDirectory).cgroup, 'kubepods', 'k8s.io'];
  return {
    links: lines('ip', '-oneline', 'link').map((line) => line.split(':')[1]?.trim() ?? ''),
    mounts: mountsBut(dataDirectory),
    firewall: [...lines('iptables-save'), ...lines('ip6tables-save')],
    settings: settingsBelow('/proc/sys'),
    cgroups: cgroupHierarchies().flatMap(({ mountPoint }) =>
      groups.map((name) => join(mountPoint, name)).filter((group) => existsSync(group)),
    ),
    processes: processes((pid) => commandLine(pid).includes(dataDirectory)).map(commandLine),
    dataIsThere: existsSync(dataDirectory),
  };
}

/** All mounts, but for the layers that others who build images have mounted at the moment. */
function mountsBut(dataDirectory: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').trim().split('\n');
  const isOfNode = (line: string): boolean => /sluice-node|containerd|kubelet/.test(line);
  return mounts.filter(
    (line) => !line.startsWith('overlay ') || line.includes(dataDirectory) || isOfNode(line),
  );
}

/** The PID namespace that a process is in, as the kernel names it. */
export function pidNamespaceOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/pid`);
}

/** The command lines of the processes in a PID namespace, of those outside of it in nested ones as well. */
export function processesIn(namespace: string): string[] {
  return processes((pid) => pidNamespaceOf(pid) === namespace).map(commandLine);
}

function processes(matches: (pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && matches(pid);
      } catch {
        // Gone in the meantime.
        return false;
      }
    });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Settings that the kernel changes by itself. */
const restless =
  /\/(?:fs\/(?:dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\/.*)|kernel\/(?:ns_last_pid|pty\/nr|random\/.*)|net\/netfilter\/nf_conntrack_count)$/;

function settingsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return settingsBelow(path);
    // One that can only be written sets something off.
    if (restless.test(path) || (statSync(path).mode & 0o400) === 0) return [];
    try {
      return [`${path} = ${readFileSync(path, 'utf8').trim()}`];
    } catch {
      return [];
    }
  });
}

function lines(program: string, ...args: string[]): string[] {
  return execFileSync(program, args, { env: { PATH: nodePath() }, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/\[\d+:\d+\]/, ''));
}
