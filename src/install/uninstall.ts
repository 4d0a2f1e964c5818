import { webhookServiceName } from '../admission/manifests.ts';
import { NamespaceKind } from '../api/builtin.ts';
import { isThis, type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { defined, isJsonObject } from '../api/json.ts';
import { type KubernetesObject, type ObjectRef, refOf } from '../api/object.ts';
import { type Lease, LeaseKind } from '../kubernetes/lease/lease-record.ts';
import { sleep } from '../runtime/sleep.ts';
import type { InstallCluster, Installing } from './install-cluster.ts';
import {
  everyDeployment,
  everyObject,
  type InstallationSettings,
  objectsOfPart,
  unconvertedCrds,
} from './installation.ts';
import { applyAsOwner } from './apply-object.ts';
import { untilCrdsGone } from './crds-gone.ts';
import { liftGates } from './lift-gates.ts';
import { belongsToKeptn, ConfigMapKind } from './migration/keptn-parts.ts';
import { recordName } from './migration/record.ts';
import { removeObject, removeOwn, unlessGone } from './remove-object.ts';

/** What is to be taken away, and whether a Sluice that still runs is left to itself. */
export interface Uninstalling extends Pick<InstallationSettings, 'namespace' | 'leaseNamespace'> {
  readonly leaseName: string;
  /** The CRDs too, and with them all objects of Keptn's kinds. */
  readonly crds: boolean;
  readonly force: boolean;
  /** How long is waited for a Sluice that runs and is about to end; none if not given. */
  readonly waitMs?: number;
  /** End as soon as a Deployment of this installation is there: it belongs to an installation that has begun meanwhile. */
  readonly unlessInstalled?: boolean;
}

/**
 * Takes Sluice out of a cluster: first what the API server asks it about, so that no Pod is held any more; then its Deployments;
 * when no process works any more, every own gate is lifted; then its labels, its Lease and its rights go. The CRDs, and with them
 * all of Keptn's objects, stay unless asked for, and serve v1 alone: nothing converts them any more. Rejects while a Sluice runs that
 * no Deployment of this installation has started, unless it is forced: its controllers would go on working.
 */
export async function uninstall(settings: Uninstalling, by: Installing): Promise<void> {
  try {
    await takeAway(settings, by);
  } catch (error) {
    if (!(error instanceof InstalledAgain)) throw error;
    by.tell(error.message);
  }
}

/** An installation has begun: what is taken away from now on would be its own. */
class InstalledAgain extends Error {}

async function takeAway(settings: Uninstalling, by: Installing): Promise<void> {
  const { cluster, clock, tell } = by;
  const { namespace } = settings;
  const lease = leaseOf(settings);
  const all = {
    ...settings,
    target: { service: { name: webhookServiceName, namespace } },
    ...everyObject,
  };
  const deployments = everyDeployment(all);
  const unlessInstalled = async (): Promise<void> => {
    if (settings.unlessInstalled !== true) return;
    if (!(await isAnyPresent(deployments, cluster, isStaying))) return;
    throw new InstalledAgain(
      `Sluice is installed again in Namespace ${namespace}: nothing more is taken away, because it would be of the new installation`,
    );
  };
  await unlessInstalled();
  const ends = await isAnyPresent(deployments, cluster);
  // A process that is being ended may go on for as long as it takes to stop.
  const waitMs = Math.max(settings.waitMs ?? 0, ends ? longestStopMs : 0);
  if (settings.crds && !settings.force) await refuseWhileKeptnAnswers(all, cluster);
  if (!settings.force && waitMs === 0) await refuseWhileRunning(lease, { cluster, clock });
  for (const part of ['webhooks', 'policy'] as const) {
    await unlessInstalled();
    await removeOwn(objectsOfPart(part, all), by);
    tell(`${part} removed`);
  }
  if (ends) {
    await removeOwn(deployments, by);
    tell('Deployments removed');
  }
  if (!settings.force) await untilStopped(lease, waitMs, { cluster, clock });
  await unlessInstalled();
  tell(`gates lifted: ${await liftGates({ cluster, clock })}`);
  await unlessInstalled();
  tell(`labels removed from Namespaces: ${await removeNamespaceLabels(cluster)}`);
  await unlessInstalled();
  const live = await cluster.get(lease);
  if (live?.metadata.uid !== undefined) {
    await unlessGone(cluster.delete(lease, { uid: live.metadata.uid }));
    tell(`Lease ${lease.namespace}/${lease.name} removed`);
  }
  await unlessInstalled();
  const ownRights = objectsOfPart('rights', all).filter(({ kind }) => kind !== NamespaceKind);
  await removeOwn(ownRights, by);
  tell('rights removed');
  await unlessInstalled();
  const served = await stopConverting(cluster);
  await removeOwn(objectsOfPart('conversion', all), by);
  if (served.length > 0) tell(`only their stored version is served now: ${served.join(', ')}`);
  if (settings.crds) {
    for (const crd of objectsOfPart('crds', all)) await removeObject(crd, cluster);
    await untilCrdsGone(objectsOfPart('crds', all), { cluster, clock, tell });
    tell('CRDs removed, and with them every object of their kinds');
  }
  tell(whatStays(settings));
  const record = await cluster.get({ kind: ConfigMapKind, namespace, name: recordName });
  if (record !== undefined && !settings.crds) tell(wayBack(namespace));
}

const wayBack = (namespace: string): string =>
  `What Keptn had before Sluice took over is still on record in ConfigMap ${namespace}/${recordName}, and its operators stay stopped, so that nothing holds Pods now. Back to Keptn: sluice migrate --back --apply --namespace ${namespace} --keptn-namespace WHERE-ITS-OPERATORS-ARE`;

function whatStays({ namespace, crds }: Uninstalling): string {
  const objects = crds ? '' : 'the CRDs with all objects of Keptn’s kinds (--crds removes them), ';
  return `Left as they are: ${objects}Namespace ${namespace} with what else is in it, and the annotations on Namespaces and workloads`;
}

function leaseOf({ namespace, leaseNamespace = namespace, leaseName: name }: Uninstalling) {
  return { kind: LeaseKind, namespace: leaseNamespace, name } satisfies ObjectRef;
}

/** More than a Pod takes to end by its grace period, and the Lease of one that was killed to run out. */
const longestStopMs = 120_000;

/** Whether one of these is in the cluster. */
async function isAnyPresent(
  objects: ReturnType<typeof everyDeployment>,
  cluster: InstallCluster,
  is: (object: KubernetesObject) => boolean = () => true,
): Promise<boolean> {
  for (const { kind, object } of objects) {
    if (kind.kind !== 'Deployment') continue;
    const live = await cluster.get(refOf(kind, object));
    if (live !== undefined && is(live)) return true;
  }
  return false;
}

/** Not one that is being deleted. */
function isStaying({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** Who runs the controllers, by the clock of this machine, which may differ from that of the holder by less than a lease lasts. */
async function holderOf(
  ref: ReturnType<typeof leaseOf>,
  { cluster, clock }: Pick<Installing, 'cluster' | 'clock'>,
): Promise<string | undefined> {
  const lease: Lease | undefined = await cluster.get(ref);
  const { holderIdentity = '', leaseDurationSeconds = 0, renewTime = '' } = lease?.spec ?? {};
  const heldUntil = Date.parse(renewTime) + leaseDurationSeconds * 1000;
  // A time that cannot be read is no sign of life.
  return holderIdentity !== '' && heldUntil > clock.now() ? holderIdentity : undefined;
}

async function refuseWhileRunning(
  ref: ReturnType<typeof leaseOf>,
  by: Pick<Installing, 'cluster' | 'clock'>,
): Promise<void> {
  const holder = await holderOf(ref, by);
  if (holder === undefined) return;
  throw new Error(
    `Sluice runs: ${holder} holds the Lease ${ref.namespace}/${ref.name}. Stop it first (its Deployment scaled to 0, or the process ended), or its controllers go on working; --force uninstalls nevertheless`,
  );
}

/** What deletes every object must not do so to a Keptn that has never given way to Sluice. */
async function refuseWhileKeptnAnswers(
  settings: InstallationSettings,
  cluster: InstallCluster,
): Promise<void> {
  for (const { kind, object } of objectsOfPart('webhooks', settings)) {
    const live = await cluster.get(refOf(kind, object));
    if (live === undefined || !belongsToKeptn(live)) continue;
    throw new Error(
      `nothing was changed: ${kind.kind} ${object.metadata.name} leads to a Keptn, whose CRDs these are, and --crds deletes every object of them. Without --crds only what is Sluice’s goes; --force deletes them nevertheless`,
    );
  }
}

/** Resolves when no process runs the controllers any more. */
async function untilStopped(
  ref: ReturnType<typeof leaseOf>,
  withinMs: number,
  by: Pick<Installing, 'cluster' | 'clock'>,
): Promise<void> {
  const deadline = by.clock.elapsed() + withinMs;
  for (;;) {
    const holder = await holderOf(ref, by);
    if (holder === undefined) return;
    if (by.clock.elapsed() > deadline) {
      throw new Error(
        `webhooks and policies are gone, but ${holder} still holds the Lease ${ref.namespace}/${ref.name} after ${withinMs / 1000} s: end that process and uninstall again, or --force`,
      );
    }
    await sleep(by.clock, 500);
  }
}

/** Takes Sluice's labels off all Namespaces; resolves with the number of those that were opted in. */
export async function removeNamespaceLabels(cluster: InstallCluster): Promise<number> {
  await removeLabel(sluiceKeys.listed, cluster);
  return removeLabel(sluiceKeys.enabled, cluster);
}

/**
 * Takes a label off every Namespace that has it, and the record of its opt-in: what starts before the next Sluice comes is not on
 * it. Resolves with their number.
 */
async function removeLabel(key: string, cluster: InstallCluster): Promise<number> {
  const path = pointer('metadata', 'labels', key);
  const record = pointer('metadata', 'annotations', sluiceKeys.optInRecorded);
  let count = 0;
  for await (const { items } of cluster.listPaged(NamespaceKind, { labelSelector: key })) {
    for (const namespace of items) {
      const isRecorded = namespace.metadata.annotations?.[sluiceKeys.optInRecorded] !== undefined;
      const operations: JsonPatchOperation[] = [
        isThis(namespace),
        { op: 'remove', path },
        ...(isRecorded ? [{ op: 'remove', path: record } as const] : []),
      ];
      const ref = refOf(NamespaceKind, namespace);
      if (await unlessGone(cluster.patch(ref, operations))) count += 1;
    }
  }
  return count;
}

/**
 * Serves only the stored version of the kinds that Sluice has converted; resolves with their CRDs. Without it, whatever is
 * stored in an old version could not even be listed or deleted any more. It is done in the name of who installed the CRD, so
 * that Helm, kubectl or `sluice install` find it as theirs when they install it again.
 */
export async function stopConverting(
  cluster: InstallCluster,
  isMeant: (crd: string) => boolean = () => true,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { kind, object } of unconvertedCrds()) {
    if (!isMeant(object.metadata.name)) continue;
    const live = await cluster.get(refOf(kind, object));
    if (live === undefined || !isConverted(live) || belongsToKeptn(live)) continue;
    const { labels, annotations } = live.metadata;
    const metadata = {
      ...object.metadata,
      labels: { ...object.metadata.labels, ...labels },
      ...defined({ annotations }),
    };
    await applyAsOwner({ kind, object: { ...object, metadata } }, cluster);
    changed.push(object.metadata.name);
  }
  return changed;
}

function isConverted(crd: (KubernetesObject & { readonly spec?: unknown }) | undefined): boolean {
  const spec = isJsonObject(crd?.spec) ? crd.spec : {};
  return isJsonObject(spec['conversion']) && spec['conversion']['strategy'] === 'Webhook';
}
