import type { Installing } from './install-cluster.ts';
import { everyObject, type InstallationSettings, objectsOfPart } from './installation.ts';
import { removeObject } from './remove-object.ts';

/**
 * Stops Sluice from holding or refusing anything, at once and in the whole cluster: its webhooks go, and the bindings of its
 * policies. Nothing of it has to run for this. What is held already stays held, and everything else stays as it is; an
 * installation brings both back.
 */
export async function emergencyStop(
  { namespace }: Pick<InstallationSettings, 'namespace'>,
  { cluster, tell }: Pick<Installing, 'cluster' | 'tell'>,
): Promise<void> {
  const all = { namespace, target: { service: { name: 'any', namespace } }, ...everyObject };
  const bindings = objectsOfPart('policy', all).filter(({ kind }) =>
    kind.kind.endsWith('AdmissionPolicyBinding'),
  );
  let count = 0;
  for (const installed of [...objectsOfPart('webhooks', all), ...bindings]) {
    if (!(await removeObject(installed, cluster))) continue;
    count += 1;
    tell(`${installed.kind.kind} ${installed.object.metadata.name} removed`);
  }
  tell(
    count === 0
      ? 'nothing was there that holds or refuses Pods'
      : 'New Pods start without being held or refused. Pods that are held stay held; "sluice install", "helm upgrade" or "kubectl apply -k" bring back what was removed',
  );
}
