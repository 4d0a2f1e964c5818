import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { startComponent, type ComponentSpec } from '../control-plane/components.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { send } from '../control-plane/http.ts';
import type { NodeProgramName } from '../control-plane/programs.ts';
import type { NodeConfiguration } from './configuration.ts';
import { containerdSocket, nodeAddress, nodeName, nodePorts, type WorldLayout } from './layout.ts';

/** Starts the container runtime; resolves when it answers. */
export async function startContainerd(
  layout: WorldLayout,
  configuration: NodeConfiguration,
): Promise<void> {
  await start(layout, {
    name: 'containerd',
    binary: 'containerd',
    arguments: ['--config', configuration.containerd],
    health: `http://127.0.0.1:${nodePorts.containerdMetrics}/v1/metrics`,
  });
}

/** Makes the images of an archive known to the node, under the names that the archive gives. */
export async function importImages(archive: string): Promise<void> {
  const ctr = ['--address', containerdSocket, '--namespace', 'k8s.io'];
  await promisify(execFile)('ctr', [...ctr, 'images', 'import', archive]);
}

/** Starts kubelet, kube-proxy and CoreDNS of a control plane; resolves when they are healthy. */
export async function startKubelet(
  layout: WorldLayout,
  configuration: NodeConfiguration,
  binaries: Record<NodeProgramName, string>,
): Promise<void> {
  const kubelet: ComponentSpec = {
    name: 'kubelet',
    binary: binaries.kubelet,
    arguments: [
      `--config=${configuration.kubelet}`,
      `--kubeconfig=${join(layout.controlPlane, 'kubelet.kubeconfig')}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${nodeAddress}`,
      `--root-dir=${join(layout.node, 'kubelet')}`,
      `--cert-dir=${join(layout.node, 'kubelet', 'pki')}`,
    ],
    health: `http://127.0.0.1:${nodePorts.kubeletHealth}/healthz`,
  };
  const kubeProxy: ComponentSpec = {
    name: 'kube-proxy',
    binary: binaries['kube-proxy'],
    arguments: [`--config=${configuration.kubeProxy}`],
    health: `http://127.0.0.1:${nodePorts.kubeProxyHealth}/livez`,
  };
  const coredns: ComponentSpec = {
    name: 'coredns',
    binary: binaries.coredns,
    arguments: ['-conf', configuration.corefile],
    health: `http://127.0.0.1:${nodePorts.corednsHealth}/health`,
  };
  await Promise.all([kubelet, kubeProxy, coredns].map((spec) => start(layout, spec)));
}

/** Resolves when the node takes Pods. */
export async function nodeReady({ server, token, caFile }: ControlPlane): Promise<void> {
  const ca = readFileSync(caFile, 'utf8');
  const url = `${server}/api/v1/nodes/${nodeName}`;
  const deadline = Date.now() + 120_000;
  while (!isReady(await send({ url, token, ca }))) {
    if (Date.now() > deadline)
      throw new Error(`${nodeName} did not become ready; see logs/kubelet.log`);
    await sleep(50);
  }
}

async function start(layout: WorldLayout, spec: ComponentSpec): Promise<void> {
  await startComponent(spec, layout.dataDirectory).healthy;
}

const nodeSchema = Type.Object({
  spec: Type.Object({ taints: Type.Optional(Type.Array(Type.Unknown())) }),
  status: Type.Object({
    conditions: Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
  }),
});

function isReady({ status, body }: { readonly status: number; readonly body: string }): boolean {
  if (status !== 200) return false;
  const node: unknown = JSON.parse(body);
  return (
    Value.Check(nodeSchema, node) &&
    (node.spec.taints ?? []).length === 0 &&
    node.status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
  );
}
