import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ImageConfig } from './dockerfile.ts';

/** What one container would be given. */
export interface Run {
  /** Arguments behind the entry point. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files in /var/data, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** What came of it. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
  /** The file that is the container's termination message. */
  readonly status: string;
}

/** Whether a container has the rights of a restricted Pod here. Without root the container is entered through a user namespace. */
export const entersRestricted = process.getuid?.() === 0;

// What the kubelet and the engine do: a read-only root, /tmp in memory, a status file that anybody may write, a process
// namespace in which the entry point is process 1.
const prepare = `
set -eu
tree=$1; given=$2; shift 2
mount --make-rprivate /
mount --bind "$tree" "$tree"
mount -t tmpfs -o mode=1777 tmp "$tree/tmp"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --bind "$given/data" "$tree/var/data"
mount --bind "$given/status.json" "$tree/keptn/status.json"
mount -o remount,bind,ro "$tree"
exec env --ignore-environment "$@"
`;

/** Starts a container of an image in its tree, as a restricted Pod would. Needs root or user namespaces. */
export async function enter(tree: string, config: ImageConfig, run: Run): Promise<Outcome> {
  const given = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  const status = join(given, 'status.json');
  try {
    mkdirSync(join(given, 'data'));
    for (const [name, code] of Object.entries(run.files))
      writeFileSync(join(given, 'data', name), code);
    writeFileSync(status, '');
    chmodSync(given, 0o755);
    chmodSync(status, 0o666);
    // The engine makes the places that things are mounted to.
    const mounted = join(tree, 'keptn/status.json');
    if (!existsSync(mounted)) writeFileSync(mounted, '');
    const container = spawn('unshare', containerCommand({ tree, given, config, run }), {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      container.on('error', reject).on('close', resolve);
    });
    const [stdout, stderr] = await Promise.all([text(container.stdout), text(container.stderr)]);
    const exitCode = await ended;
    return { exitCode, output: stdout + stderr, status: readFileSync(status, 'utf8') };
  } finally {
    rmSync(given, { recursive: true });
  }
}

function containerCommand(place: {
  tree: string;
  given: string;
  config: ImageConfig;
  run: Run;
}): string[] {
  const { tree, given, config, run } = place;
  const env = Object.entries({ ...config.env, ...run.env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const [user = '', group = ''] = config.user.split(':');
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
  // The namespace gives its only user all rights in it, and they cannot be dropped after the tree was entered.
  if (!entersRestricted)
    namespaces.push(`--map-user=${user}`, `--map-group=${group}`, '--keep-caps');
  const identity = entersRestricted ? [`--userspec=${config.user}`] : [];
  const preparing = ['sh', '-c', prepare, 'sh', tree, given];
  // The first two are allowPrivilegeEscalation: false.
  const starting = ['/usr/bin/setpriv', '--no-new-privs', '/usr/sbin/chroot', ...identity, tree];
  return [...namespaces, ...preparing, ...env, ...starting, ...config.entrypoint, ...run.args];
}
