import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** The name of the real node in its cluster. */
export const nodeName = 'real-0';

/** The node's address on the bridge of its network namespace; the API server, CoreDNS and the kubelet listen there. */
export const nodeAddress = '10.99.0.1';

/** From which the Pods of the node have their addresses. */
export const podNetwork = '10.88.0.0/24';

/** The ports of the node's programs. They are in a network namespace of its own: no other program can take them. */
export const nodePorts = {
  kubelet: 20_250,
  kubeletHealth: 20_248,
  kubeProxyHealth: 20_256,
  kubeProxyMetrics: 20_249,
  containerdMetrics: 20_247,
  corednsHealth: 20_246,
} as const;

/** Where everything of a world – a control plane and a real node – is. */
export interface WorldLayout {
  readonly dataDirectory: string;
  readonly controlPlane: string;
  /** Configuration files, images and the Pods' volumes. */
  readonly node: string;
  /** What runs: written by the keeper, read by everyone. */
  readonly state: string;
  /** The keeper's own output and that of the process inside. */
  readonly logs: string;
  /** A Unix socket: the API server, as it is reached from outside the network namespace. */
  readonly serverSocket: string;
  /** The control group of all Pods, below the root of each hierarchy. */
  readonly cgroup: string;
}

/** The places of a world in a data directory. */
export function worldLayout(dataDirectory: string): WorldLayout {
  const digest = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  return {
    dataDirectory,
    controlPlane: join(dataDirectory, 'control-plane'),
    node: join(dataDirectory, 'node'),
    state: join(dataDirectory, 'world.json'),
    logs: join(dataDirectory, 'logs'),
    serverSocket: join(dataDirectory, 'api.sock'),
    cgroup: `sluice-${digest}`,
  };
}

/** containerd's socket, in the `/run` that only the world sees. */
export const containerdSocket = '/run/sluice-node/containerd/containerd.sock';
