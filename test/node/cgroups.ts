import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A mounted hierarchy of control groups. */
export interface CgroupHierarchy {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  /** `cpu`, `memory` …; empty for a hierarchy that only names groups. */
  readonly controllers: readonly string[];
}

/** The control groups of this machine: one hierarchy (version 2), or one for each controller (version 1). */
export function cgroupHierarchies(
  mounts = readFileSync('/proc/mounts', 'utf8'),
): CgroupHierarchy[] {
  return mounts.split('\n').flatMap((line): CgroupHierarchy[] => {
    // proc_mounts(5): device, mount point, type, options.
    const [, mountPoint = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup2')
      return [{ mountPoint, version: 2, controllers: controllersOf(mountPoint) }];
    if (type !== 'cgroup') return [];
    const controllers = options.split(',').filter((option) => knownControllers.has(option));
    return [{ mountPoint, version: 1, controllers }];
  });
}

const knownControllers = new Set([
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'pids',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
]);

/** Makes the group in every hierarchy. A kubelet refuses to start when that of its Pods is absent in one. */
export function makeCgroup(name: string): void {
  for (const { mountPoint, version, controllers } of cgroupHierarchies()) {
    if (version === 2) {
      // What the root does not hand on, no group below it has.
      for (const controller of controllers)
        attempt(() => writeFileSync(join(mountPoint, 'cgroup.subtree_control'), `+${controller}`));
    }
    mkdirSync(join(mountPoint, name), { recursive: true });
  }
}

/** Removes the group and all below it where they are empty of processes; those that are not are left, and named in the answer. */
export function removeCgroup(name: string): string[] {
  return cgroupHierarchies().flatMap(({ mountPoint }) => removeTree(join(mountPoint, name)));
}

/** The processes in the group and in all groups below it, by the ids that they have here. */
export function processesBelow(name: string): number[] {
  const all = cgroupHierarchies().flatMap(({ mountPoint }) =>
    processesOfTree(join(mountPoint, name)),
  );
  // A process of another PID namespace is 0 here.
  return [...new Set(all)].filter((pid) => pid > 0);
}

function processesOfTree(directory: string): number[] {
  try {
    const own = readFileSync(join(directory, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    return [...own, ...below.flatMap((entry) => processesOfTree(join(directory, entry.name)))];
  } catch {
    // Gone in the meantime, or no group at all.
    return [];
  }
}

function removeTree(directory: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
  const left = entries.flatMap((entry) => removeTree(join(directory, entry)));
  return attempt(() => rmdirSync(directory)) ? left : [...left, directory];
}

function controllersOf(mountPoint: string): string[] {
  try {
    return readFileSync(join(mountPoint, 'cgroup.controllers'), 'utf8').trim().split(/\s+/);
  } catch {
    return [];
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
