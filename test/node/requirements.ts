import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cgroupHierarchies, makeCgroup, removeCgroup } from './cgroups.ts';

/** A file that must be there, and the Debian package that brings it. */
interface Needed {
  readonly debianPackage: string;
  readonly programs: readonly string[];
  /** Absolute paths, for what is on no PATH. */
  readonly files?: readonly string[];
}

/** Where Debian puts the plugins that connect Pods to the network. */
export const cniPlugins = '/usr/lib/cni';

const needed: readonly Needed[] = [
  { debianPackage: 'containerd', programs: ['containerd', 'ctr', 'containerd-shim-runc-v2'] },
  { debianPackage: 'runc', programs: ['runc'] },
  {
    debianPackage: 'containernetworking-plugins',
    programs: [],
    files: ['bridge', 'host-local', 'loopback', 'portmap'].map((name) => join(cniPlugins, name)),
  },
  { debianPackage: 'iptables', programs: ['iptables', 'ip6tables'] },
  { debianPackage: 'conntrack', programs: ['conntrack'] },
  { debianPackage: 'iproute2', programs: ['ip'] },
  { debianPackage: 'util-linux', programs: ['unshare', 'nsenter'] },
  { debianPackage: 'mount', programs: ['mount', 'umount'] },
  { debianPackage: 'busybox-static', programs: ['busybox'] },
];

// Debian's own users do not have the folders of an administrator's programs on their PATH.
const administratorFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The PATH with which everything of a node is started. */
export function nodePath(path = process.env['PATH'] ?? ''): string {
  return [...new Set([...path.split(delimiter), ...administratorFolders])].join(delimiter);
}

/** Whether a program of this name is where programs of users or administrators are. */
function isOnPath(name: string): boolean {
  return nodePath()
    .split(delimiter)
    .some((folder) => isExecutable(join(folder, name)));
}

/** The Debian packages that a node needs and this machine lacks. */
export function missingPackages(): string[] {
  return needed
    .filter(({ programs, files = [] }) => !(programs.every(isOnPath) && files.every(isExecutable)))
    .map(({ debianPackage }) => debianPackage);
}

/** Why no real node can run on this machine, in one line with the remedy; undefined when one can. */
export function whyNoNode(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'it needs root: run it with sudo';
  const missing = missingPackages();
  if (missing.length > 0)
    return `these Debian packages are missing: ${missing.join(' ')}; install them with "npm run node -- install"`;
  return whyNoNamespaces() ?? whyNoCgroups();
}

function whyNoNamespaces(): string | undefined {
  // What the node needs first, in namespaces that end with the probe.
  const probe = 'ip link add sluice0 type bridge && mount -t tmpfs tmpfs /run';
  const flags = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--propagation', 'private'];
  try {
    execFileSync('unshare', [...flags, 'sh', '-c', probe], {
      env: { PATH: nodePath() },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return undefined;
  } catch (error) {
    return `namespaces of its own are refused (unshare ${flags.slice(0, 3).join(' ')}): ${firstLine(error)}`;
  }
}

function whyNoCgroups(): string | undefined {
  const controllers = new Set(cgroupHierarchies().flatMap((hierarchy) => hierarchy.controllers));
  const absent = ['cpu', 'memory', 'pids'].filter((controller) => !controllers.has(controller));
  if (absent.length > 0) return `the cgroup controllers ${absent.join(', ')} are not mounted`;
  const probe = `sluice-probe-${process.pid}`;
  try {
    makeCgroup(probe);
    return undefined;
  } catch (error) {
    return `cgroups cannot be made: ${firstLine(error)}`;
  } finally {
    removeCgroup(probe);
  }
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstLine(error: unknown): string {
  const stderr =
    error instanceof Error && 'stderr' in error && Buffer.isBuffer(error.stderr)
      ? error.stderr.toString().trim()
      : '';
  const text = stderr === '' ? (error instanceof Error ? error.message : String(error)) : stderr;
  return text.split('\n', 1)[0] ?? text;
}
