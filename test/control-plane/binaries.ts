import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ProgramName } from './programs.ts';
import type { Release } from './versions.ts';

/** The directory a release's programs are kept in: outside the checkout, shared by all checkouts. */
export function cacheDirectory(release: Release): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'sluice', 'control-plane', release.kubernetes, 'bin');
}

export async function findBinaries(
  release: Release,
  _progress: (line: string) => void,
): Promise<Record<ProgramName, string>> {
  const dir = cacheDirectory(release);
  const at = (name: ProgramName): string => join(dir, name);
  return {
    etcd: at('etcd'),
    'kube-apiserver': at('kube-apiserver'),
    'kube-controller-manager': at('kube-controller-manager'),
    'kube-scheduler': at('kube-scheduler'),
    kwok: at('kwok'),
  };
}
