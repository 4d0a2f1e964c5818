import { arch, platform } from 'node:os';
import { join } from 'node:path';
import type { Release } from './versions.ts';

export const programNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;

/** A program of the control plane. */
export type ProgramName = (typeof programNames)[number];

/** How one program is built with Go, and where its official binary is published. */
export interface Program {
  readonly name: ProgramName;
  readonly version: string;
  /** The folder whose go.mod pins it, and the package in it. */
  readonly goFolder: string;
  readonly goPackage: string;
  readonly ldflags: string;
  readonly publication: Publication;
}

/** A published file: its address under a host, and the address of its SHA-256 sum. */
interface Publication {
  readonly host: string;
  readonly path: string;
  /** A file of one sum, or a list of lines `<sum>  <file>`. */
  readonly sumPath: string;
  /** The file inside, when what is published is a tar.gz. */
  readonly member?: string;
}

/** Every program of a release. */
export function programsOf(release: Release): Program[] {
  return programNames.map((name) => {
    if (name === 'etcd') return etcd(release);
    if (name === 'kwok') return kwok(release);
    return kubernetes(release, name);
  });
}

function kubernetes(release: Release, name: ProgramName): Program {
  const version = release.kubernetes;
  const [major, minor] = release.minor.split('.');
  const path = `/release/${version}/bin/${goPlatform('/')}/${name}`;
  return {
    name,
    version,
    goFolder: release.kubernetesFolder,
    goPackage: `k8s.io/kubernetes/cmd/${name}`,
    ldflags: stamped({
      'k8s.io/component-base/version.gitVersion': version,
      'k8s.io/component-base/version.gitMajor': major ?? '',
      'k8s.io/component-base/version.gitMinor': minor ?? '',
    }),
    publication: { host: 'https://dl.k8s.io', path, sumPath: `${path}.sha256` },
  };
}

function etcd(release: Release): Program {
  const version = release.etcd;
  const folder = `/etcd-io/etcd/releases/download/${version}`;
  const archive = `etcd-${version}-${goPlatform('-')}`;
  return {
    name: 'etcd',
    version,
    goFolder: join(import.meta.dirname, 'etcd'),
    goPackage: 'go.etcd.io/etcd/server/v3',
    ldflags: stamped({}),
    publication: {
      host: 'https://github.com',
      path: `${folder}/${archive}.tar.gz`,
      sumPath: `${folder}/SHA256SUMS`,
      member: `${archive}/etcd`,
    },
  };
}

function kwok(release: Release): Program {
  const version = release.kwok;
  const path = `/kubernetes-sigs/kwok/releases/download/${version}/kwok-${goPlatform('-')}`;
  return {
    name: 'kwok',
    version,
    goFolder: join(import.meta.dirname, 'kwok'),
    goPackage: 'sigs.k8s.io/kwok/cmd/kwok',
    ldflags: stamped({ 'sigs.k8s.io/kwok/pkg/consts.Version': version }),
    publication: { host: 'https://github.com', path, sumPath: `${path}.sha256` },
  };
}

function stamped(variables: Record<string, string>): string {
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  return ['-s -w', ...settings].join(' ');
}

function goPlatform(separator: string): string {
  return [platform(), arch() === 'x64' ? 'amd64' : arch()].join(separator);
}
