import { ClusterError } from '../api/cluster-error.ts';
import { fieldOf, isJsonObject } from '../api/json.ts';
import { type ObjectRef, refOf } from '../api/object.ts';
import { sleep } from '../runtime/sleep.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import type { Installed } from './installation.ts';
import type { StoredVersions } from './stored-versions.ts';

/** How long a Sluice that has just been installed may take until it converts, in milliseconds. */
export const convertsWithinMs = 30_000;

/** Why objects of a kind are still stored in an old version. */
export interface LeftAsStored {
  readonly crd: string;
  readonly why: string;
}

/**
 * Rewrites every object of the kind, page by page, so that the API server stores it in the present version, and then has the
 * CRD forget the others. An object that is rewritten already is not written again, so that it may be stopped at any moment
 * and begun anew. Until the deadline, in elapsed milliseconds, it waits for somebody who converts. Answers why something is
 * left; nothing is lost by that, for the old versions stay in the CRD.
 */
export async function rewriteStored(
  stored: StoredVersions,
  crd: Installed,
  { cluster, clock, tell, deadline }: Installing & { readonly deadline: number },
): Promise<LeftAsStored | undefined> {
  const left = (why: string): LeftAsStored => ({ crd: stored.crd, why });
  for (;;) {
    try {
      const outcome = await rewriteAll(stored, { cluster });
      if (outcome.refused !== undefined) return left(outcome.refused);
      await forget(stored, crd, cluster);
      tell(
        `CustomResourceDefinition ${stored.crd}: ${outcome.count} objects are stored as ${stored.storage}, and nothing as ${stored.outdated.join(', ')}`,
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // A converter that is not there yet; or a list that took too long, which begins anew.
      const isPassing = error.code === 410 || error.code >= 500;
      if (!isPassing || clock.elapsed() > deadline) return left(error.message);
      await sleep(clock, 1000);
    }
  }
}

async function rewriteAll(
  { kind }: StoredVersions,
  { cluster }: Pick<Installing, 'cluster'>,
): Promise<{ readonly count: number; readonly refused?: string }> {
  let count = 0;
  let refused: string | undefined;
  for await (const { items } of cluster.listPaged(kind)) {
    for (const item of items) {
      const why = await rewrite(refOf(kind, item), cluster);
      if (why === undefined) count += 1;
      refused ??= why;
    }
  }
  return { count, ...(refused !== undefined && { refused }) };
}

/** A write that changes nothing; the API server stores what it would store otherwise than it is. */
async function rewrite(ref: ObjectRef, cluster: InstallCluster): Promise<string | undefined> {
  try {
    await cluster.patch(ref, [{ op: 'test', path: '/metadata/name', value: ref.name }]);
    return undefined;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code >= 500) throw error;
    // Gone, or another one has been made under its name since, which is stored as it should be.
    if (error.code === 404 || error.code === 409) return undefined;
    return `${ref.kind.kind} ${ref.namespace ?? ''}/${ref.name} cannot be written: ${error.message}`;
  }
}

/** Has the CRD forget its old versions, first in its status, then in what it serves. */
async function forget(
  { storage }: StoredVersions,
  { kind, object }: Installed,
  cluster: InstallCluster,
): Promise<void> {
  const ref = refOf(kind, object);
  const live = await cluster.get(ref);
  const status = fieldOf(live, 'status');
  const { resourceVersion = '' } = live?.metadata ?? {};
  await cluster.writeStatus(ref, resourceVersion, {
    ...(isJsonObject(status) && status),
    storedVersions: [storage],
  });
}
