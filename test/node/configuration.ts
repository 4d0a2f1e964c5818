import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { pauseImage } from './base-images.ts';
import {
  containerdSocket,
  nodeAddress,
  nodeName,
  nodePorts,
  podNetwork,
  type WorldLayout,
} from './layout.ts';
import { cniPlugins } from './requirements.ts';

/** The configuration files of the node's programs. */
export interface NodeConfiguration {
  readonly containerd: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  readonly corefile: string;
  /** What Pods and the node's programs take for /etc/resolv.conf: CoreDNS, and nothing outside. */
  readonly resolvConf: string;
}

/** Writes the configuration files of a node whose control plane lies beside it. */
export function writeConfiguration(layout: WorldLayout): NodeConfiguration {
  const at = (name: string): string => join(layout.node, 'etc', name);
  const files = {
    containerd: at('containerd.toml'),
    kubelet: at('kubelet.yaml'),
    kubeProxy: at('kube-proxy.yaml'),
    corefile: at('Corefile'),
    resolvConf: at('resolv.conf'),
  };
  const cniFolder = at('cni');
  write(join(cniFolder, '10-bridge.conflist'), JSON.stringify(network(), null, 2));
  write(files.containerd, containerd(layout, cniFolder));
  write(files.kubelet, stringify(kubelet(layout, files.resolvConf)));
  write(files.kubeProxy, stringify(kubeProxy(layout)));
  write(files.corefile, corefile(layout));
  write(files.resolvConf, `nameserver ${nodeAddress}\n`);
  return files;
}

function containerd(layout: WorldLayout, cniFolder: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(join(layout.node, 'containerd'))}
state = ${JSON.stringify(dirname(containerdSocket))}
# Snapshotters that need a file system or a device of their own.
disabled_plugins = [${['btrfs', 'zfs', 'devmapper', 'aufs'].map((name) => JSON.stringify(`io.containerd.snapshotter.v1.${name}`)).join(', ')}]
[grpc]
  address = ${JSON.stringify(containerdSocket)}
[metrics]
  address = "127.0.0.1:${nodePorts.containerdMetrics}"
[${cri}]
  sandbox_image = ${JSON.stringify(pauseImage)}
  # Without CAP_SYS_RESOURCE, as in many virtual machines of CI, the score -998 of a sandbox is refused and runc gives up.
  restrict_oom_score_adj = true
  [${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [${cri}.cni]
    bin_dir = ${JSON.stringify(cniPlugins)}
    conf_dir = ${JSON.stringify(cniFolder)}
`;
}

function network(): unknown {
  return {
    cniVersion: '0.4.0',
    name: 'sluice',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        // A Pod may call the Service that it is behind.
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: '/run/sluice-node/cni',
          ranges: [[{ subnet: podNetwork }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubelet(layout: WorldLayout, resolvConf: string): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress,
    port: nodePorts.kubelet,
    healthzPort: nodePorts.kubeletHealth,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: join(layout.controlPlane, 'ca.crt') },
    },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroup}`,
    // Machines of CI still have version 1; the kubelet then says that it is on its way out.
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    podLogsDir: join(layout.node, 'pod-logs'),
    volumePluginDir: join(layout.node, 'volume-plugins'),
    clusterDNS: [nodeAddress],
    clusterDomain: 'cluster.local',
    resolvConf,
    // A fork bomb in a Pod must not be one for the machine.
    podPidsLimit: 512,
    serializeImagePulls: false,
    eventRecordQPS: 0,
    nodeStatusUpdateFrequency: '5s',
    nodeStatusReportFrequency: '30s',
    syncFrequency: '10s',
    // A machine whose disk is nearly full must not lose Pods, nor images that cannot be pulled again.
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '1%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
  };
}

function kubeProxy(layout: WorldLayout): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: join(layout.controlPlane, 'kube-proxy.kubeconfig') },
    hostnameOverride: nodeName,
    bindAddress: nodeAddress,
    healthzBindAddress: `127.0.0.1:${nodePorts.kubeProxyHealth}`,
    metricsBindAddress: `127.0.0.1:${nodePorts.kubeProxyMetrics}`,
    detectLocalMode: 'ClusterCIDR',
    clusterCIDR: podNetwork,
    // These are settings of the whole machine, in no namespace.
    conntrack: { maxPerCore: 0, min: 0 },
    iptables: { minSyncPeriod: '0s', syncPeriod: '30s' },
  };
}

function corefile(layout: WorldLayout): string {
  return `.:53 {
    bind ${nodeAddress}
    health 127.0.0.1:${nodePorts.corednsHealth}
    errors
    cache 5
    kubernetes cluster.local in-addr.arpa {
        kubeconfig ${join(layout.controlPlane, 'coredns.kubeconfig')} sluice
    }
}
`;
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
