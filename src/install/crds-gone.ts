import { isThis, type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { isJsonObject, type JsonObject } from '../api/json.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { type KubernetesObject, refOf } from '../api/object.ts';
import { sleep } from '../runtime/sleep.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import type { Installed } from './installation.ts';
import { unlessGone } from './remove-object.ts';

const goneWithinMs = 120_000;
const tellEveryMs = 10_000;
const lookEveryMs = 500;
const nudgeEveryMs = 3_000;

/**
 * Resolves when these CRDs are gone, and with them every object of their kinds; says every ten seconds which are still going and
 * what the API server says of them. One whose objects the API server has failed to delete is changed every three seconds, so that
 * it tries again. Rejects after two minutes: what is left goes by itself, or waits for somebody.
 */
export async function untilCrdsGone(
  crds: readonly Installed[],
  { cluster, clock, tell }: Installing<Pick<InstallCluster, 'get' | 'patch'>>,
): Promise<void> {
  const startedAt = clock.elapsed();
  let toldAt = startedAt;
  let nudgedAt = startedAt;
  let going = await stillThere(crds, cluster);
  while (going.length > 0) {
    const now = clock.elapsed();
    const seconds = Math.round((now - startedAt) / 1_000);
    if (now - startedAt >= goneWithinMs) throw new Error(stuck(going, seconds));
    if (now - toldAt >= tellEveryMs) {
      toldAt = now;
      tell(`waiting for ${counted(going.length)} to go, ${seconds} s so far: ${described(going)}`);
    }
    if (now - nudgedAt >= nudgeEveryMs) {
      nudgedAt = now;
      for (const one of going.filter(hasFailed)) await unlessGone(nudge(one, seconds, cluster));
    }
    await sleep(clock, lookEveryMs);
    going = await stillThere(going, cluster);
  }
}

/** A CRD that is still there, with what was read of it. */
interface Going extends Installed {
  readonly live: KubernetesObject;
}

async function stillThere(
  crds: readonly Installed[],
  cluster: Pick<InstallCluster, 'get'>,
): Promise<readonly Going[]> {
  const going: Going[] = [];
  for (const { kind, object } of crds) {
    const live = await cluster.get(refOf(kind, object));
    if (live !== undefined) going.push({ kind, object, live });
  }
  return going;
}

function stuck(going: readonly Going[], seconds: number): string {
  const [first] = going;
  const name = first?.object.metadata.name ?? '';
  return `${counted(going.length)} still going after ${seconds} s: ${described(going)}. Everything else of Sluice is removed. A CRD goes when the last object of its kind is gone, and an object when its finalizers are taken off: see kubectl get ${name} -A -o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,FINALIZERS:.metadata.finalizers, then uninstall again`;
}

function counted(count: number): string {
  return count === 1 ? '1 CRD' : `${count} CRDs`;
}

function described(going: readonly Going[]): string {
  return going
    .map(({ object, live }) => {
      const why = live.metadata.deletionTimestamp === undefined ? 'not deleted' : whyGoing(live);
      return why === undefined ? object.metadata.name : `${object.metadata.name} (${why})`;
    })
    .join(', ');
}

/** What the API server says of a CRD that is being deleted: how many objects are left, or why they cannot be deleted. */
function whyGoing(crd: KubernetesObject): string | undefined {
  const message = terminatingOf(crd)?.['message'];
  return typeof message === 'string' ? message : undefined;
}

function hasFailed({ live }: Going): boolean {
  return terminatingOf(live)?.['reason'] === 'InstanceDeletionFailed';
}

function terminatingOf(
  crd: KubernetesObject & { readonly status?: unknown },
): JsonObject | undefined {
  const status = isJsonObject(crd.status) ? crd.status : {};
  const conditions: readonly unknown[] = Array.isArray(status['conditions'])
    ? status['conditions']
    : [];
  return conditions.filter(isJsonObject).find(({ type }) => type === 'Terminating');
}

/**
 * Changes a CRD that is being deleted. Where the API server's first try fails (the storage of a kind that was just changed is still
 * being made ready) and its second meets a conflict with the status that it has written itself, it tries again only at its next
 * resync, minutes later: of a change to this condition alone it takes no notice, of any other it does.
 */
function nudge({ kind, live }: Going, seconds: number, cluster: Pick<InstallCluster, 'patch'>) {
  const { annotations } = live.metadata;
  const key = sluiceKeys.deletionRetried;
  const value = `${seconds}s`;
  const change: JsonPatchOperation =
    annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [key]: value } }
      : { op: 'add', path: pointer('metadata', 'annotations', key), value };
  return cluster.patch(refOf(kind, live), [isThis(live), change]);
}
