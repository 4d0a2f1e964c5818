import type { Installing } from './install-cluster.ts';
import { everyObject, type InstallationSettings, objectsOfPart } from './installation.ts';
import { removeOwn } from './remove-object.ts';

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
  const removed = await removeOwn([...bindings, ...objectsOfPart('webhooks', all)], {
    cluster,
    tell,
  });
  for (const { kind, object } of removed) tell(`${kind.kind} ${object.metadata.name} removed`);
  tell(
    removed.length === 0
      ? 'nothing was there that holds or refuses Pods'
      : 'New Pods start without being held or refused. Pods that are held stay held; "sluice install", "helm upgrade" or "kubectl apply -k" bring back what was removed',
  );
}
