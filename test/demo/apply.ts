import { setTimeout as sleep } from 'node:timers/promises';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';
import { inOrder, optsIn } from './manifests.ts';

/** What an API server answers while namespaces settle, service accounts are made and CRDs become known. */
const passing: readonly number[] = [0, 403, 404, 409, 429, 500, 503];

/**
 * Applies manifests as `kubectl apply` would, namespaces first. Waits until a namespace that opts in is labelled, and tries
 * again what the API server refuses while that settles; what it refuses for good rejects with its words.
 */
export async function applyAll(
  cluster: TestCluster,
  manifests: readonly Manifest[],
  options: {
    readonly withinMs: number;
    readonly signal: AbortSignal;
    readonly asItRunsHere: (manifest: Manifest) => Manifest;
  },
): Promise<void> {
  const deadline = Date.now() + options.withinMs;
  for (const manifest of inOrder(manifests)) {
    const adapted = options.asItRunsHere(manifest);
    await untilAccepted(manifest, () => cluster.apply(adapted), { ...options, deadline });
    if (optsIn(manifest)) await untilEnabled(cluster, manifest.metadata.name ?? '', options.signal);
  }
}

async function untilAccepted(
  { kind, metadata }: Manifest,
  apply: () => Promise<void>,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    try {
      return await apply();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const mayPass = !(error instanceof ClusterError) || passing.includes(error.code);
      if (!mayPass || Date.now() > deadline) {
        throw new Error(`${kind} ${metadata.name ?? ''} was not accepted: ${words}`, {
          cause: error,
        });
      }
      await sleep(250, undefined, { signal });
    }
  }
}

/** The label follows the annotation at once by the Namespace webhook, or soon by the controller. */
async function untilEnabled(
  cluster: TestCluster,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const namespace = await cluster.get(NamespaceKind, { name });
    if (namespace?.metadata.labels?.[sluiceKeys.enabled] === 'true') return;
    await sleep(250, undefined, { signal });
  }
  throw new Error(
    `namespace ${name} opts in, but Sluice did not label it with ${sluiceKeys.enabled} within 30 s`,
  );
}
