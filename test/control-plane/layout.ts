import { mkdirSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { auditPolicy } from './audit-policy.ts';
import { credentialsIn, writeKubeconfig, type Credentials, type User } from './credentials.ts';
import { nodeStages } from './node-stages.ts';
import { podStages } from './pod-stages.ts';
import { freePorts, type Ports } from './ports.ts';
import { isOurs } from './processes.ts';
import { readState } from './state.ts';

/** Where everything of a control plane is: ports, files, credentials. */
export interface Layout {
  readonly dataDirectory: string;
  readonly ports: Ports;
  readonly credentials: Credentials;
  /** The kubeconfig files of the programs that talk to the API server. */
  readonly kubeconfigs: {
    readonly controllerManager: string;
    readonly scheduler: string;
    readonly kwok: string;
    readonly kubelet: string;
    readonly kubeProxy: string;
    readonly coredns: string;
  };
  readonly kwokConfig: string;
  readonly audit: { readonly policy: string; readonly log: string } | undefined;
  readonly realNode: RealNode | undefined;
}

/** What a control plane is told about the real node (test/node) that it shares a network namespace with. */
export interface RealNode {
  /** Where Pods reach the API server, and the API server the kubelet. */
  readonly address: string;
  /** The port of the API server, which is forwarded from outside the namespace. */
  readonly serverPort: number;
}

/** The directory to start in, resolved; refuses one that is in use or holds what is not ours. */
export function prepareDirectory(wished: string | undefined): string {
  if (wished === undefined)
    return realpathSync(mkdtempSync(join(tmpdir(), 'sluice-control-plane-')));
  mkdirSync(wished, { recursive: true });
  const directory = realpathSync(wished);
  const state = readState(directory);
  if (state === undefined && readdirSync(directory).length > 0) {
    throw new Error(
      `${directory} is neither empty nor the data of a control plane; name another with --data`,
    );
  }
  if (state?.components.some((component) => isOurs(component.pid, directory)) === true) {
    throw new Error(
      `a control plane already runs in ${directory}; stop it, or name another with --data`,
    );
  }
  return directory;
}

/** Draws the ports and writes the files that the programs are started with. */
export async function layOut(
  dataDirectory: string,
  {
    audit,
    realNode,
  }: {
    readonly audit: boolean | { readonly policyFile: string };
    readonly realNode: RealNode | undefined;
  },
): Promise<Layout> {
  const at = (name: string): string => join(dataDirectory, name);
  const ports = await freePorts(
    realNode === undefined ? readState(dataDirectory)?.ports : { server: realNode.serverPort },
  );
  const credentials = await credentialsIn(dataDirectory);
  const kubeconfig = (user: User, name: string): string => {
    const access = { server: serverOf(ports), caFile: credentials.caFile, user };
    writeKubeconfig(at(name), { ...access, token: credentials.tokens[user] });
    return at(name);
  };
  kubeconfig('admin', 'kubeconfig');
  writeFileSync(
    at('kwok.yaml'),
    [...nodeStages, ...podStages].map((stage) => stringify(stage)).join('---\n'),
  );
  writeFileSync(at('audit-policy.yaml'), auditPolicy);
  const policy =
    typeof audit === 'object' ? realpathSync(audit.policyFile) : at('audit-policy.yaml');
  return {
    dataDirectory,
    ports,
    credentials,
    kubeconfigs: {
      controllerManager: kubeconfig(
        'system:kube-controller-manager',
        'controller-manager.kubeconfig',
      ),
      scheduler: kubeconfig('system:kube-scheduler', 'scheduler.kubeconfig'),
      kwok: kubeconfig('kwok', 'kwok.kubeconfig'),
      kubelet: kubeconfig('system:node:real-0', 'kubelet.kubeconfig'),
      kubeProxy: kubeconfig('system:kube-proxy', 'kube-proxy.kubeconfig'),
      coredns: kubeconfig('coredns', 'coredns.kubeconfig'),
    },
    kwokConfig: at('kwok.yaml'),
    audit: audit === false ? undefined : { policy, log: at('audit.log') },
    realNode,
  };
}

/** The address of the API server. */
export function serverOf(ports: Ports): string {
  return `https://127.0.0.1:${ports.server}`;
}
