import { shortServiceName, type Target } from '../../admission/manifests.ts';
import { fieldOf } from '../../api/json.ts';
import type { InstallCluster } from '../install-cluster.ts';
import { ServiceKind } from './keptn-parts.ts';

/**
 * By which Service the API server reaches a Sluice in this namespace: the usual one, unless it leads to a Keptn. That one has to
 * go on leading there until the webhooks are Sluice's, and stays Keptn's afterwards.
 */
export async function targetFor(
  { namespace, usual }: { readonly namespace: string; readonly usual: string },
  cluster: Pick<InstallCluster, 'get'>,
): Promise<Target> {
  const live = await cluster.get({ kind: ServiceKind, namespace, name: usual });
  const selector = fieldOf(fieldOf(live, 'spec'), 'selector');
  const isFree = live === undefined || fieldOf(selector, 'app.kubernetes.io/name') === 'sluice';
  return { service: { namespace, name: isFree ? usual : shortServiceName } };
}
