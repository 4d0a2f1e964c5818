import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import type { Layout } from './layout.ts';
import type { ProgramName } from './programs.ts';

/** The arguments of a program, and the address that answers 200 once it is healthy. */
export interface CommandLine {
  readonly arguments: readonly string[];
  readonly health: string;
}

const loopback = '127.0.0.1';

/** How each program of the control plane is started. */
export function commandLines(layout: Layout): Record<ProgramName, CommandLine> {
  return {
    etcd: etcd(layout),
    'kube-apiserver': apiServer(layout),
    'kube-controller-manager': controllerManager(layout),
    'kube-scheduler': scheduler(layout),
    kwok: kwok(layout),
  };
}

function etcd({ dataDirectory, ports }: Layout): CommandLine {
  const client = `http://${loopback}:${ports.etcd}`;
  const peer = `http://${loopback}:${ports.etcdPeer}`;
  return {
    arguments: flags({
      name: 'sluice',
      'data-dir': join(dataDirectory, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `sluice=${peer}`,
      // Nobody mourns this data when the machine loses power.
      'unsafe-no-fsync': 'true',
      'quota-backend-bytes': String(4 * 2 ** 30),
      'log-level': 'warn',
    }),
    health: `${client}/health`,
  };
}

function apiServer(layout: Layout): CommandLine {
  const { dataDirectory, ports, credentials, audit } = layout;
  return {
    arguments: flags({
      'etcd-servers': `http://${loopback}:${ports.etcd}`,
      'secure-port': String(ports.server),
      'cert-dir': join(dataDirectory, 'apiserver'),
      'tls-cert-file': credentials.certificateFile,
      'tls-private-key-file': credentials.keyFile,
      'token-auth-file': credentials.tokenFile,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': credentials.serviceAccountKeyFile,
      'service-account-signing-key-file': credentials.serviceAccountKeyFile,
      'service-cluster-ip-range': '10.96.0.0/16',
      'allow-privileged': 'true',
      ...reachability(layout),
      ...(audit === undefined
        ? {}
        : {
            'audit-policy-file': audit.policy,
            'audit-log-path': audit.log,
            // A request is in the log before it is answered, so that what was done can be counted at once.
            'audit-log-mode': 'blocking',
            'audit-log-maxsize': '4096',
          }),
    }),
    health: `https://${loopback}:${ports.server}/readyz`,
  };
}

/** On loopback for programs of this machine, or also for the Pods and the kubelet of a real node. */
function reachability({ realNode, credentials }: Layout): Record<string, string> {
  if (realNode === undefined)
    return {
      'bind-address': loopback,
      'advertise-address': loopback,
      // An endpoint on loopback is refused by the reconciler of the `kubernetes` Service.
      'endpoint-reconciler-type': 'none',
      'authorization-mode': 'RBAC',
    };
  return {
    'bind-address': '0.0.0.0',
    'advertise-address': realNode.address,
    'endpoint-reconciler-type': 'lease',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'kubelet-client-certificate': credentials.kubeletClientCertificateFile,
    'kubelet-client-key': credentials.kubeletClientKeyFile,
    // The node's name is known to no name server.
    'kubelet-preferred-address-types': 'InternalIP',
  };
}

function controllerManager({ ports, credentials, kubeconfigs }: Layout): CommandLine {
  return {
    arguments: flags({
      kubeconfig: kubeconfigs.controllerManager,
      ...serving(ports.controllerManager, credentials),
      'service-account-private-key-file': credentials.serviceAccountKeyFile,
      'root-ca-file': credentials.caFile,
      'use-service-account-credentials': 'true',
      // A busy test machine must not make fake nodes look dead.
      'node-monitor-grace-period': '10m',
      'concurrent-deployment-syncs': '20',
      'concurrent-replicaset-syncs': '20',
      'concurrent-statefulset-syncs': '20',
      'concurrent-job-syncs': '20',
      'concurrent-namespace-syncs': '20',
      'concurrent-gc-syncs': '20',
    }),
    health: `https://${loopback}:${ports.controllerManager}/healthz`,
  };
}

function scheduler({ ports, credentials, kubeconfigs }: Layout): CommandLine {
  return {
    arguments: flags({
      kubeconfig: kubeconfigs.scheduler,
      ...serving(ports.scheduler, credentials),
    }),
    health: `https://${loopback}:${ports.scheduler}/healthz`,
  };
}

function kwok({ ports, kubeconfigs, kwokConfig, realNode }: Layout): CommandLine {
  const address = `${loopback}:${ports.kwok}`;
  return {
    arguments: flags({
      kubeconfig: kubeconfigs.kwok,
      config: kwokConfig,
      ...(realNode === undefined
        ? { 'manage-all-nodes': 'true' }
        : {
            'manage-all-nodes': 'false',
            'manage-nodes-with-label-selector': 'type=kwok',
          }),
      // With leases a new KWOK on old data would first wait for those of its predecessor to expire.
      'node-lease-duration-seconds': '0',
      'node-ip': loopback,
      cidr: '10.128.0.0/12',
      'server-address': address,
    }),
    health: `http://${address}/healthz`,
  };
}

function serving(port: number, credentials: Credentials): Record<string, string> {
  return {
    'bind-address': loopback,
    'secure-port': String(port),
    'tls-cert-file': credentials.certificateFile,
    'tls-private-key-file': credentials.keyFile,
    'authentication-skip-lookup': 'true',
    'leader-elect': 'false',
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
  };
}

function flags(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
