import { createHash } from 'node:crypto';
import { NamespaceKind } from '../../api/builtin.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import type { ObjectRef } from '../../api/object.ts';
import type { InstallCluster } from '../install-cluster.ts';

/**
 * On the Namespace of a record: a digest of what was recorded. Those who may write ConfigMaps in that Namespace may not write the
 * Namespace itself, so what they put into the record does not count; the record says what is restored cluster-wide.
 */
export const sealKey = 'sluice.keptn.sh/migration-record';

/** The digest of what a record holds. */
export function sealOf(entries: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(entries).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `sha256:${createHash('sha256').update(JSON.stringify(sorted)).digest('hex')}`;
}

const refOf = (namespace: string): ObjectRef => ({ kind: NamespaceKind, name: namespace });

/** The seal that a Namespace has; undefined where no migration has recorded anything in it. */
export async function sealOn(
  namespace: string,
  cluster: Pick<InstallCluster, 'get'>,
): Promise<string | undefined> {
  return (await cluster.get(refOf(namespace)))?.metadata.annotations?.[sealKey];
}

/** Throws where a record is not what was sealed: what it says now may be anybody's. */
export function refuseUnsealed(
  entries: Readonly<Record<string, string>> | undefined,
  at: { readonly seal: string; readonly namespace: string; readonly name: string },
): void {
  const place = `ConfigMap ${at.namespace}/${at.name}`;
  if (entries === undefined) {
    throw new Error(
      `${place}, the record of a migration that has begun, is gone, so what Keptn had before is no longer known. If you have a copy, put it back; to begin anew with what is there now: kubectl annotate namespace ${at.namespace} ${sealKey}-`,
    );
  }
  const is = sealOf(entries);
  if (is === at.seal) return;
  throw new Error(
    `${place} was changed after a migration had recorded it, so nothing is made of it: it may have been written by someone who must not write CRDs and webhooks. Put back what was recorded; or, if you have looked at each entry and vouch for it: kubectl annotate --overwrite namespace ${at.namespace} ${sealKey}=${is}`,
  );
}

/** Writes the seal of a record onto its Namespace. */
export async function seal(
  namespace: string,
  value: string,
  cluster: Pick<InstallCluster, 'get' | 'patch'>,
): Promise<void> {
  const live = await cluster.get(refOf(namespace));
  if (live === undefined) throw new Error(`there is no Namespace ${namespace}`);
  const operation: JsonPatchOperation =
    live.metadata.annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [sealKey]: value } }
      : { op: 'add', path: pointer('metadata', 'annotations', sealKey), value };
  await cluster.patch(refOf(namespace), [
    { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    operation,
  ]);
}

/** Takes the seal away, if there is one. */
export async function unseal(
  namespace: string,
  cluster: Pick<InstallCluster, 'get' | 'patch'>,
): Promise<void> {
  if ((await sealOn(namespace, cluster)) === undefined) return;
  const path = pointer('metadata', 'annotations', sealKey);
  await cluster.patch(refOf(namespace), [{ op: 'remove', path }]);
}
