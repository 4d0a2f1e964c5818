import { busyboxImage } from '../../node/base-images.ts';
import { keptnAnnotationsOf } from '../builders/apps.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import type { EnabledNamespace } from '../cluster/enabled-namespace.ts';
import type { Manifest } from '../cluster/test-cluster.ts';
import { aRealDeployment } from './web.ts';

/** A Pod as the controller of a ReplicaSet makes it. */
export async function anAnnotatedPod(shop: EnabledNamespace): Promise<Manifest> {
  const checked = { preDeploymentTasks: ['migrate'] };
  await shop.apply(aRealDeployment({ ...checked, replicas: 0 }));
  const [replicaSet] = await eventually('the ReplicaSet', async () => {
    const all = await shop.replicaSets();
    return all.length === 1 && all;
  });
  const { name, uid } = replicaSet?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace: shop.name,
      annotations: keptnAnnotationsOf(checked),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }],
    },
    spec: { containers: [{ name: 'main', image: busyboxImage }] },
  };
}
