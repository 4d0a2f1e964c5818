import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

// What an engine does for RUN: the tree is the root, and there are /proc and /dev.
const within = `
set -eu
root=$1; assigned=$2; shift 2
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec env --ignore-environment PATH=/usr/bin:/usr/sbin HOME=/tmp "$assigned" /usr/sbin/chroot "$root" "$@"
`;

/**
 * Runs `DENO_DIR=FOLDER command` of a stage in a tree that has Deno and the runner, and copies a folder of what it made to `target`.
 * Throws what the command says if it fails.
 */
export function compile(
  command: string,
  root: string,
  made: { readonly folder: string; readonly target: string },
): void {
  const [assigned = '', ...words] = command.split(' ');
  const [, folder] = /^DENO_DIR=(\/[a-z]+)$/u.exec(assigned) ?? [];
  if (folder === undefined) throw new Error(`"${command}" does not begin with DENO_DIR=/FOLDER`);
  rmSync(join(root, folder), { recursive: true, force: true });
  const namespaces = ['--map-root-user', '--mount', '--pid', '--fork'];
  const { status, error, stderr } = spawnSync(
    'unshare',
    [...namespaces, 'sh', '-c', within, 'sh', root, assigned, ...words],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(`"${command}" failed: ${stderr}`, { cause: error });
  rmSync(made.target, { recursive: true, force: true });
  cpSync(join(root, made.folder), made.target, { recursive: true });
}
