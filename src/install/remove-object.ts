import { ClusterError } from '../api/cluster-error.ts';
import { refOf } from '../api/object.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import type { Installed } from './installation.ts';
import { belongsToKeptn, placeOf } from './migration/keptn-parts.ts';

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

/**
 * Deletes what an installation has put there, the last first. Objects of the same names that are Keptn's stay, and each of them is named.
 * Resolves with those that were deleted.
 */
export async function removeOwn(
  installed: readonly Installed[],
  { cluster, tell }: Pick<Installing, 'cluster' | 'tell'>,
): Promise<readonly Installed[]> {
  const removed: Installed[] = [];
  for (const one of installed.toReversed()) {
    const live = await cluster.get(refOf(one.kind, one.object));
    const { uid } = live?.metadata ?? {};
    if (live === undefined || uid === undefined) continue;
    if (belongsToKeptn(live)) tell(`${live.kind} ${placeOf(live)} is Keptn’s and stays as it is`);
    else if (await unlessGone(cluster.delete(refOf(one.kind, live), { uid }))) removed.push(one);
  }
  return removed;
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
