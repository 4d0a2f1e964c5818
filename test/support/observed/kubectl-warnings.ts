import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Manifest, TestCluster } from '../cluster/test-cluster.ts';

/** What a person sees who applies something. */
export interface Applied {
  /** Whether the API server took it. */
  readonly isAccepted: boolean;
  /** The warnings kubectl prints, without the word. */
  readonly warnings: readonly string[];
  /** Everything it complains of, warnings too. */
  readonly complaint: string;
}

/** Applies manifests with kubectl, as people do. */
export function kubectlApply(
  { controlPlane }: TestCluster,
  ...manifests: readonly Manifest[]
): Promise<Applied> {
  const list = { apiVersion: 'v1', kind: 'List', items: manifests };
  return kubectl(controlPlane.kubeconfig, ['apply', '-f', '-'], JSON.stringify(list));
}

/** Runs kubectl with these arguments. */
export function kubectlSays(
  { controlPlane }: TestCluster,
  ...args: readonly string[]
): Promise<Applied> {
  return kubectl(controlPlane.kubeconfig, args, '');
}

async function kubectl(
  kubeconfig: string,
  args: readonly string[],
  stdin: string,
): Promise<Applied> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn('kubectl', [`--kubeconfig=${kubeconfig}`, ...args]);
  child.once('error', reject);
  child.once('close', resolve);
  child.stdin.end(stdin);
  const [code, complaint] = await Promise.all([ended, text(child.stderr), text(child.stdout)]);
  const warnings = complaint
    .split('\n')
    .flatMap((line) => (line.startsWith('Warning: ') ? [line.slice('Warning: '.length)] : []));
  return { isAccepted: code === 0, warnings, complaint };
}
