import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { EnabledNamespace } from './enabled-namespace.ts';

/**
 * The Pod that the API server would store if the controller of this ReplicaSet made one with these annotations; rejects with what
 * refuses it. Nothing is stored.
 */
export function podMadeBy(
  { metadata: { name, uid = '' } }: KubernetesObject,
  annotations: Readonly<Record<string, string>>,
  { cluster, name: namespace }: EnabledNamespace,
): Promise<Pod> {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: `${name}-`, namespace, annotations, ownerReferences: [owner] },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
  };
  return cluster.create<Pod>(PodKind, pod, { dryRun: true });
}
