import { ClusterError } from '../api/cluster-error.ts';
import { fieldOf, isJsonObject } from '../api/json.ts';
import { type KubernetesObject, type ObjectRef, refOf } from '../api/object.ts';
import type { Clock } from '../runtime/clock.ts';
import { sleep } from '../runtime/sleep.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import type { Installed } from './installation.ts';
import type { StoredVersions } from './stored-versions.ts';

/** A CRD that was there before, and what its objects may be stored as. */
export interface StoredCrd {
  readonly versions: StoredVersions;
  readonly installed: Installed;
}

/** What rewriting needs of the cluster. */
export type RewritingCluster = Pick<InstallCluster, 'get' | 'patch' | 'writeStatus' | 'listPaged'>;

/** How long a Sluice that has just been installed may take until it converts, in milliseconds. */
const convertsWithinMs = 30_000;

/**
 * The pause before each pass, in milliseconds. Each API server learns by a watch of its own which version is stored now; until
 * then it stores the old one, so that a write through it changes nothing.
 */
const settleMs = 5_000;

/** The second pass rewrites what went through an API server that was late in the first one. */
const passes = 2;

/**
 * Rewrites every object of these CRDs, page by page, so that the API servers store it in the present version, and then has
 * each CRD forget the others. What is stored in the present version already is not stored again, so that it may be stopped at
 * any moment and begun anew. It waits a while for somebody who converts. Answers why something is left, by the name of the
 * CRD; nothing is lost by that, for the old versions stay in the CRD.
 */
export async function rewriteStored(
  crds: readonly StoredCrd[],
  { cluster, clock, tell }: Installing<RewritingCluster>,
): Promise<ReadonlyMap<string, string>> {
  const left = new Map<string, string>();
  const counts = new Map<string, number>();
  for (let pass = 0; pass < passes && left.size < crds.length; pass += 1) {
    await sleep(clock, settleMs);
    const deadline = clock.elapsed() + convertsWithinMs;
    for (const { versions } of crds) {
      if (left.has(versions.crd)) continue;
      const why = await persistently({ clock, deadline }, async () => {
        const { count, refused } = await rewriteAll(versions, cluster);
        counts.set(versions.crd, count);
        return refused;
      });
      if (why !== undefined) left.set(versions.crd, why);
    }
  }
  const deadline = clock.elapsed() + convertsWithinMs;
  for (const { versions, installed } of crds) {
    const { crd, storage, outdated } = versions;
    if (left.has(crd)) continue;
    const forgetting = () => forget(versions, installed, cluster);
    const why = await persistently({ clock, deadline }, forgetting);
    if (why !== undefined) left.set(crd, why);
    else
      tell(
        `CustomResourceDefinition ${crd}: ${counts.get(crd) ?? 0} objects are stored as ${storage}, and nothing as ${outdated.join(', ')}`,
      );
  }
  return left;
}

/** Tries again what fails in passing, until the deadline in elapsed milliseconds; answers why it did not come to its end. */
async function persistently(
  { clock, deadline }: { readonly clock: Clock; readonly deadline: number },
  attempt: () => Promise<string | undefined>,
): Promise<string | undefined> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // A converter that is not there yet; a list that took too long, which begins anew; a CRD that was just written.
      const isPassing = error.code === 409 || error.code === 410 || error.code >= 500;
      if (!isPassing || clock.elapsed() > deadline) return error.message;
      await sleep(clock, 1000);
    }
  }
}

async function rewriteAll(
  { kind }: StoredVersions,
  cluster: RewritingCluster,
): Promise<{ readonly count: number; readonly refused: string | undefined }> {
  let count = 0;
  let refused: string | undefined;
  for await (const { items } of cluster.listPaged(kind)) {
    for (const item of items) {
      const why = await rewrite(refOf(kind, item), cluster);
      if (why === undefined) count += 1;
      refused ??= why;
    }
  }
  return { count, refused };
}

/** A write that changes nothing; the API server stores what it would store otherwise than it is. */
async function rewrite(ref: ObjectRef, cluster: RewritingCluster): Promise<string | undefined> {
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

/** Has the CRD forget its old versions, if it still is as it was when the objects were rewritten; answers why not. */
async function forget(
  versions: StoredVersions,
  { kind, object }: Installed,
  cluster: RewritingCluster,
): Promise<string | undefined> {
  const ref = refOf(kind, object);
  const live = await cluster.get(ref);
  if (live === undefined) return 'the CustomResourceDefinition was deleted meanwhile';
  const changed = changedMeanwhile(versions, live);
  if (changed !== undefined) return changed;
  const status = fieldOf(live, 'status');
  await cluster.writeStatus(ref, live.metadata.resourceVersion ?? '', {
    ...(isJsonObject(status) && status),
    storedVersions: [versions.storage],
  });
  return undefined;
}

/** Somebody else who installs another version of the CRD at the same time has objects stored as that one says. */
function changedMeanwhile(
  { storage, outdated }: StoredVersions,
  live: KubernetesObject,
): string | undefined {
  const listed = fieldOf(fieldOf(live, 'spec'), 'versions');
  const stores = (Array.isArray(listed) ? listed : []).find(
    (version: unknown) => fieldOf(version, 'storage') === true,
  );
  const now = fieldOf(stores, 'name');
  if (now !== storage)
    return `something else has changed the CustomResourceDefinition meanwhile, which stores ${String(now)} now`;
  const remembered = fieldOf(fieldOf(live, 'status'), 'storedVersions');
  const further = (Array.isArray(remembered) ? remembered : []).filter(
    (name: unknown) => name !== storage && !outdated.some((one) => one === name),
  );
  if (further.length === 0) return undefined;
  return `something else has stored objects as ${further.join(', ')} meanwhile`;
}
