import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The versions one control plane is made of, with their leading `v`. */
export interface Release {
  /** `1.36` */
  readonly minor: string;
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  readonly coredns: string;
  readonly helm: string;
  /** The folder with the go.mod that builds the Kubernetes binaries. */
  readonly kubernetesFolder: string;
}

const here = import.meta.dirname;

/** The folder of the real node, with the go.mod files of the programs that are only its. */
export const nodeFolder = join(here, '..', 'node');

/**
 * The releases that can be started, newest first. The go.mod files are the one place where versions stand: each folder
 * `kubernetes*` is one Kubernetes release, `etcd`, `kwok`, `helm` and the node's `coredns` serve them all.
 */
export function releases(): Release[] {
  const etcd = requiredVersion(join(here, 'etcd'), 'go.etcd.io/etcd/server/v3');
  const kwok = requiredVersion(join(here, 'kwok'), 'sigs.k8s.io/kwok');
  const coredns = requiredVersion(join(nodeFolder, 'coredns'), 'github.com/coredns/coredns');
  const helm = requiredVersion(join(here, 'helm'), 'helm.sh/helm/v4');
  return readdirSync(here)
    .filter((folder) => folder.startsWith('kubernetes'))
    .map((folder) => {
      const kubernetesFolder = join(here, folder);
      const kubernetes = requiredVersion(kubernetesFolder, 'k8s.io/kubernetes');
      const minor = kubernetes.slice(1).split('.', 2).join('.');
      return { minor, kubernetes, etcd, kwok, coredns, helm, kubernetesFolder };
    })
    .toSorted((a, b) => b.minor.localeCompare(a.minor, 'en', { numeric: true }));
}

/** The release of a minor version such as `1.30`; the newest when none is named. Throws and lists what there is. */
export function releaseOf(minor: string | undefined): Release {
  const all = releases();
  const release = minor === undefined ? all[0] : all.find((candidate) => candidate.minor === minor);
  if (release === undefined) {
    const known = all.map((candidate) => candidate.minor).join(', ');
    throw new Error(`Kubernetes ${minor ?? ''} cannot be started here; choose one of: ${known}`);
  }
  return release;
}

function requiredVersion(folder: string, module: string): string {
  const file = join(folder, 'go.mod');
  const version = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().replace(/^require /, ''))
    .find((line) => line.startsWith(`${module} v`))
    ?.split(' ')[1];
  if (version === undefined) throw new Error(`${file} requires no version of ${module}`);
  return version;
}
