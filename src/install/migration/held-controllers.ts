import { ClusterError } from '../../api/cluster-error.ts';
import type { KubernetesObject, ObjectRef } from '../../api/object.ts';
import { heldBy, type Lease, LeaseKind, letGo } from '../../kubernetes/lease/lease-record.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Installing } from '../install-cluster.ts';
import { unlessGone } from '../remove-object.ts';

/** The Lease by which the controllers of Sluice are elected. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** Who holds the Lease while a Keptn may still run; `kubectl get lease` shows it. */
const migrationHolder = 'sluice-migrate';

/**
 * So long no controllers of Sluice start if a migration is broken off and never taken up again: those of Keptn may still run, and a
 * task would run twice. The same command takes it up.
 */
const heldForMs = 24 * 60 * 60_000;

type By = Pick<Installing, 'cluster' | 'clock'>;

/**
 * Keeps the controllers of Sluice from starting: holds their Lease in their place, so that every replica answers admission and
 * none leads. Does nothing, and resolves with its name, where a process leads already.
 */
export async function holdControllers(place: LeasePlace, by: By): Promise<string | undefined> {
  const lease = await leaseAt(place, by.cluster);
  const holder = lease?.spec?.holderIdentity;
  if (holder === migrationHolder) return undefined;
  if (holder && isAlive(lease, by)) return holder;
  await take(place, lease, by);
  return undefined;
}

/**
 * Stops the controllers of Sluice, wherever they run: takes their Lease away and waits until the process that had it must have noticed.
 */
export async function stopControllers(place: LeasePlace, by: By): Promise<void> {
  const lease = await leaseAt(place, by.cluster);
  if (lease?.spec?.holderIdentity === migrationHolder) return;
  const durationMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
  const wasHeld = Boolean(lease?.spec?.holderIdentity);
  await take(place, lease, by);
  if (wasHeld) await sleep(by.clock, durationMs);
}

/** Lets the controllers of Sluice start, if this migration has kept them from it. */
export async function letControllersGo(place: LeasePlace, { cluster, clock }: By): Promise<void> {
  const lease = await leaseAt(place, cluster);
  if (lease?.spec?.holderIdentity !== migrationHolder) return;
  await cluster.patch(refOf(place), [
    { op: 'test', path: '/metadata/resourceVersion', value: lease.metadata.resourceVersion },
    { op: 'add', path: '/spec', value: letGo(clock.now(), lease.spec) },
  ]);
}

/** Removes the Lease, if this migration holds it. */
export async function removeHeldLease(place: LeasePlace, { cluster }: Pick<By, 'cluster'>) {
  const lease = await leaseAt(place, cluster);
  const { uid } = lease?.metadata ?? {};
  if (lease?.spec?.holderIdentity !== migrationHolder || uid === undefined) return;
  await unlessGone(cluster.delete(refOf(place), { uid }));
}

async function take(place: LeasePlace, lease: Lease | undefined, { cluster, clock }: By) {
  const writer = { identity: migrationHolder, nowMs: clock.now(), leaseMs: heldForMs };
  const spec = heldBy(writer, lease?.spec);
  if (lease === undefined) {
    const { apiVersion, kind } = LeaseKind;
    await cluster.create(LeaseKind, Object.assign({ apiVersion, kind, metadata: place }, { spec }));
    return;
  }
  await cluster
    .patch(refOf(place), [
      { op: 'test', path: '/metadata/resourceVersion', value: lease.metadata.resourceVersion },
      { op: 'add', path: '/spec', value: spec },
    ])
    .catch(async (error: unknown) => {
      const raced = error instanceof ClusterError && [409, 422].includes(error.code);
      if (!raced) throw error;
      // Its holder has just renewed it.
      await take(place, await leaseAt(place, cluster), { cluster, clock });
    });
}

/** By the clock of this machine, which may differ from that of the holder by less than a lease lasts. */
function isAlive(lease: Lease | undefined, { clock }: Pick<By, 'clock'>): boolean {
  const { leaseDurationSeconds = 0, renewTime = '' } = lease?.spec ?? {};
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 > clock.now();
}

const refOf = (place: LeasePlace): ObjectRef => ({ kind: LeaseKind, ...place });

async function leaseAt(place: LeasePlace, cluster: By['cluster']): Promise<Lease | undefined> {
  const found: KubernetesObject | undefined = await cluster.get(refOf(place));
  return found;
}
