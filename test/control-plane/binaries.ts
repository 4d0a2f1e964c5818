import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from './build.ts';
import { Downloads } from './download.ts';
import { withLock } from './lock.ts';
import {
  helmOf,
  nodeProgramsOf,
  programsOf,
  type NodeProgramName,
  type Program,
  type ProgramName,
} from './programs.ts';
import type { Release } from './versions.ts';

/** What is looked at besides the release: the variables of README.md. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Search {
  readonly release: Release;
  readonly environment: Environment;
  readonly progress: (line: string) => void;
}

/**
 * The programs of a release. Each is taken from the first of these places that has it: the directories in
 * SLUICE_CONTROL_PLANE and KUBEBUILDER_ASSETS, the cache, the official binaries, a build with Go. The last two fill the
 * cache, one process at a time.
 */
export async function findBinaries(search: Search): Promise<Record<ProgramName, string>> {
  const pathOf = await pathsOf(programsOf(search.release), search);
  return {
    etcd: pathOf('etcd'),
    'kube-apiserver': pathOf('kube-apiserver'),
    'kube-controller-manager': pathOf('kube-controller-manager'),
    'kube-scheduler': pathOf('kube-scheduler'),
    kwok: pathOf('kwok'),
  };
}

/** The programs of a real node, found in the same places. */
export async function findNodeBinaries(search: Search): Promise<Record<NodeProgramName, string>> {
  const pathOf = await pathsOf(nodeProgramsOf(search.release), search);
  return {
    kubelet: pathOf('kubelet'),
    'kube-proxy': pathOf('kube-proxy'),
    coredns: pathOf('coredns'),
    kubectl: pathOf('kubectl'),
    pause: pathOf('pause'),
  };
}

/** Helm, found in the same places. */
export async function findHelm(search: Search): Promise<string> {
  const pathOf = await pathsOf([helmOf(search.release)], search);
  return pathOf('helm');
}

async function pathsOf<Name extends string>(
  programs: readonly Program<Name>[],
  search: Search,
): Promise<(name: Name) => string> {
  const found = await findInstalled(programs, search);
  if (found.size < programs.length) {
    const lock = join(dirname(cacheDirectory(search)), 'lock');
    const install = async (): Promise<void> => {
      // Another process may have installed them while this one waited.
      const installed = await findInstalled(programs, search);
      const missing = programs.filter((program) => !installed.has(program.name));
      await installAll(missing, search);
    };
    await withLock(lock, install, (holder) =>
      search.progress(`waiting for process ${holder}, which installs the control plane's programs`),
    );
  }
  const complete = await findInstalled(programs, search);
  return (name) => {
    const path = complete.get(name);
    if (path === undefined) throw new Error(`${name} is gone again from ${cacheDirectory(search)}`);
    return path;
  };
}

/** The directory a release's programs are kept in: outside the checkout, shared by all checkouts. */
export function cacheDirectory(search: Pick<Search, 'release' | 'environment'>): string {
  const cache = search.environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'sluice', 'control-plane', search.release.kubernetes, 'bin');
}

const versionFlags = new Map([
  ['etcd', '--version'],
  ['kwok', '--version'],
  ['coredns', '-version'],
  ['helm', 'version'],
]);

async function findInstalled<Name extends string>(
  programs: readonly Program<Name>[],
  search: Search,
): Promise<Map<Name, string>> {
  const places = await Promise.all(
    programs.map(async ({ name, version }): Promise<[Name, string | undefined]> => {
      const given = givenDirectories(search.environment)
        .map((directory) => join(directory, name))
        .find(isExecutable);
      const cached = join(cacheDirectory(search), name);
      const isCached = given === undefined && (await isVersion(cached, name, version));
      return [name, given ?? (isCached ? cached : undefined)];
    }),
  );
  return new Map(places.flatMap(([name, path]) => (path === undefined ? [] : [[name, path]])));
}

function givenDirectories(environment: Environment): string[] {
  const own = environment['SLUICE_CONTROL_PLANE'];
  if (own !== undefined && !existsSync(own)) {
    throw new Error(`SLUICE_CONTROL_PLANE names ${own}, which does not exist`);
  }
  return [own, environment['KUBEBUILDER_ASSETS']].filter((directory) => directory !== undefined);
}

async function isVersion(path: string, name: string, version: string): Promise<boolean> {
  if (!isExecutable(path)) return false;
  // The folder of the cache tells Kubernetes' version; these have one of their own.
  const flag = versionFlags.get(name);
  if (flag === undefined) return true;
  const { stdout } = await promisify(execFile)(path, [flag]);
  return stdout.includes(version.slice(1));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installAll(missing: readonly Program[], search: Search): Promise<void> {
  const { environment, progress } = search;
  const directory = cacheDirectory(search);
  const downloads = new Downloads({ mirror: environment['SLUICE_CONTROL_PLANE_URL'], progress });
  const toBuild: Program[] = [];
  for (const program of missing) {
    if (!(await downloads.install(program, directory))) toBuild.push(program);
  }
  for (const [index, program] of toBuild.entries()) {
    const place = `${index + 1} of ${toBuild.length}`;
    await build(program, { directory, environment, progress, place });
  }
}
