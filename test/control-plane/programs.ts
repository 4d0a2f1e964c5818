import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { nodeFolder, type Release } from './versions.ts';

export const programNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;

/** A program of the control plane. */
export type ProgramName = (typeof programNames)[number];

export const nodeProgramNames = ['kubelet', 'kube-proxy', 'coredns', 'kubectl', 'pause'] as const;

/** A program of the real node (test/node) that no Debian package has. */
export type NodeProgramName = (typeof nodeProgramNames)[number];

/** How one program is built with Go, and where its official binary is published. */
export interface Program<Name extends string = string> {
  readonly name: Name;
  readonly version: string;
  /** The folder whose go.mod pins it, and the package in it. */
  readonly goFolder: string;
  readonly goPackage: string;
  readonly ldflags: string;
  /** Undefined: it is always built. */
  readonly publication?: Publication;
}

/** A program with an official binary. */
export interface PublishedProgram<Name extends string> extends Program<Name> {
  readonly publication: Publication;
}

/** A published file: its address under a host, and the address of its SHA-256 sum. */
export interface Publication {
  readonly host: string;
  readonly path: string;
  /** A file of one sum, or a list of lines `<sum>  <file>`. */
  readonly sumPath: string;
  /** The file inside, when what is published is a tar.gz. */
  readonly member?: string;
}

/** Every program of a release. */
export function programsOf(release: Release): PublishedProgram<ProgramName>[] {
  return programNames.map((name) => {
    if (name === 'etcd') return etcd(release);
    if (name === 'kwok') return kwok(release);
    return kubernetes(release, name);
  });
}

/** What a real node of a release needs besides Debian's packages. */
export function nodeProgramsOf(release: Release): Program<NodeProgramName>[] {
  return nodeProgramNames.map((name) => {
    if (name === 'coredns') return coredns(release);
    if (name === 'pause') return pause(release);
    return kubernetes(release, name);
  });
}

function kubernetes<Name extends string>(release: Release, name: Name): PublishedProgram<Name> {
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

function etcd(release: Release): PublishedProgram<'etcd'> {
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

function kwok(release: Release): PublishedProgram<'kwok'> {
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

function coredns(release: Release): PublishedProgram<'coredns'> {
  const version = release.coredns;
  const archive = `coredns_${version.slice(1)}_${goPlatform('_')}.tgz`;
  const path = `/coredns/coredns/releases/download/${version}/${archive}`;
  return {
    name: 'coredns',
    version,
    goFolder: join(nodeFolder, 'coredns'),
    goPackage: '.',
    ldflags: stamped({}),
    publication: {
      host: 'https://github.com',
      path,
      sumPath: `${path}.sha256`,
      member: 'coredns',
    },
  };
}

/** Helm, which installs the chart. */
export function helmOf(release: Release): PublishedProgram<'helm'> {
  const version = release.helm;
  const path = `/helm-${version}-${goPlatform('-')}.tar.gz`;
  return {
    name: 'helm',
    version,
    goFolder: join(import.meta.dirname, 'helm'),
    goPackage: 'helm.sh/helm/v4/cmd/helm',
    ldflags: stamped({ 'helm.sh/helm/v4/internal/version.version': version }),
    publication: {
      host: 'https://get.helm.sh',
      path,
      sumPath: `${path}.sha256sum`,
      member: `${goPlatform('-')}/helm`,
    },
  };
}

function pause(release: Release): Program<'pause'> {
  return {
    name: 'pause',
    version: release.kubernetes,
    goFolder: join(nodeFolder, 'pause'),
    goPackage: '.',
    ldflags: stamped({}),
  };
}

function stamped(variables: Record<string, string>): string {
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  return ['-s -w', ...settings].join(' ');
}

function goPlatform(separator: string): string {
  return [platform(), arch() === 'x64' ? 'amd64' : arch()].join(separator);
}
