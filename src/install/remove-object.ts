import { ClusterError } from '../api/cluster-error.ts';
import { refOf } from '../api/object.ts';
import type { InstallCluster } from './install-cluster.ts';
import type { Installed } from './installation.ts';

/** Deletes an object that is there, and no other that takes its place meanwhile. Resolves with whether it did. */
export async function removeObject(
  { kind, object }: Pick<Installed, 'kind' | 'object'>,
  cluster: Pick<InstallCluster, 'get' | 'delete'>,
): Promise<boolean> {
  const ref = refOf(kind, object);
  const live = await cluster.get(ref);
  if (live?.metadata.uid === undefined) return false;
  return unlessGone(cluster.delete(ref, { uid: live.metadata.uid }));
}

/** Resolves with whether it was done. 404: it went by itself. 409 and 422: it is not the object any more that was read. */
export async function unlessGone(done: Promise<unknown>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (!(error instanceof ClusterError && [404, 409, 422].includes(error.code))) throw error;
    return false;
  }
}
