import { NamespaceKind, type Pod, PodKind } from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import { isJsonObject } from '../api/json.ts';
import type { JsonPatchOperation } from '../api/json-patch.ts';
import { type Kind, type KubernetesObject, type ObjectRef, refOf } from '../api/object.ts';
import { liftGate } from '../domain/pod-gate.ts';
import type { Clock } from '../runtime/clock.ts';
import { sleep } from '../runtime/sleep.ts';
import {
  type Installed,
  type InstallationPart,
  installationParts,
  type InstallationSettings,
  objectsOfPart,
  unconvertedCrds,
  unwantedOfPart,
} from './installation.ts';

/** What installing needs of the cluster. */
export interface InstallCluster {
  get(ref: ObjectRef): Promise<KubernetesObject | undefined>;
  create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject>;
  createOrReplace(kind: Kind, object: KubernetesObject): Promise<KubernetesObject>;
  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<KubernetesObject>;
  delete(ref: ObjectRef, preconditions: { readonly uid: string }): Promise<void>;
  listPaged(
    kind: Kind,
    scope?: { fieldSelector?: string },
  ): AsyncIterable<{ readonly items: readonly KubernetesObject[] }>;
}

/** With what a command works, and whom it tells what it does. */
export interface Installing {
  readonly cluster: InstallCluster;
  readonly clock: Clock;
  readonly tell: (line: string) => void;
}

const establishedWithinMs = 60_000;

/** Makes the parts be as given, in their order; a second time changes nothing. CRDs are served when it resolves. */
export async function install(
  parts: readonly InstallationPart[],
  settings: InstallationSettings,
  { cluster, clock, tell }: Installing,
): Promise<void> {
  for (const part of installationParts.filter((one) => parts.includes(one))) {
    const objects = objectsOfPart(part, settings);
    for (const { kind, object } of objects) {
      // A namespace may be somebody else's: it is made if it is not there, and left as it is if it is.
      if (isNamespace({ kind })) await createUnlessThere(cluster, { kind, object });
      else await cluster.createOrReplace(kind, object);
    }
    for (const absent of unwantedOfPart(part, settings)) await removeAll([absent], cluster);
    if (part === 'crds') await untilServed(objects, { cluster, clock });
    if (objects.length === 0) continue;
    tell(`${part}: ${objects.map(({ object }) => object.metadata.name).join(', ')}`);
  }
}

function isNamespace({ kind }: Pick<Installed, 'kind'>): boolean {
  return kind === NamespaceKind;
}

async function createUnlessThere(
  cluster: InstallCluster,
  { kind, object }: Installed,
): Promise<void> {
  if ((await cluster.get(refOf(kind, object))) !== undefined) return;
  try {
    await cluster.create(kind, object);
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === 'AlreadyExists')) throw error;
  }
}

async function untilServed(
  crds: readonly Installed[],
  { cluster, clock }: Pick<Installing, 'cluster' | 'clock'>,
): Promise<void> {
  const deadline = clock.elapsed() + establishedWithinMs;
  for (const { kind, object } of crds) {
    while (!isEstablished(await cluster.get(refOf(kind, object)))) {
      if (clock.elapsed() > deadline) {
        throw new Error(
          `${object.metadata.name} was accepted but is not served after 60 s; see kubectl describe crd ${object.metadata.name}`,
        );
      }
      await sleep(clock, 100);
    }
  }
}

function isEstablished(crd: (KubernetesObject & { status?: unknown }) | undefined): boolean {
  const status = crd?.status;
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return false;
  const { conditions } = status;
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (condition: unknown) =>
        typeof condition === 'object' &&
        condition !== null &&
        'type' in condition &&
        'status' in condition &&
        condition.type === 'Established' &&
        condition.status === 'True',
    )
  );
}

/**
 * Takes Sluice out of a cluster: first what the API server asks it about, so that no Pod is held any more; then every own gate
 * is lifted; then its rights go. The CRDs, and with them all of Keptn's objects, stay unless asked for, and serve v1 alone:
 * nobody converts any more. Sluice itself should be stopped before.
 */
export async function uninstall(
  settings: Pick<InstallationSettings, 'namespace' | 'leaseNamespace'> & { readonly crds: boolean },
  { cluster, tell }: Installing,
): Promise<void> {
  const { namespace } = settings;
  const all = { ...settings, target: { service: { name: 'any', namespace } } };
  for (const part of ['webhooks', 'policy'] as const) {
    await removeAll(objectsOfPart(part, all).toReversed(), cluster);
    tell(`${part} removed`);
  }
  tell(`gates lifted: ${await liftGates(cluster)}`);
  const ownRights = objectsOfPart('rights', all).filter((one) => !isNamespace(one));
  await removeAll(ownRights.toReversed(), cluster);
  tell('rights removed');
  const served = await stopConverting(cluster);
  await removeAll(objectsOfPart('conversion', all), cluster);
  if (served.length > 0) tell(`only their stored version is served now: ${served.join(', ')}`);
  if (!settings.crds) return;
  await removeAll(objectsOfPart('crds', all), cluster);
  tell('CRDs removed, and with them every object of their kinds');
}

/**
 * Serves only the stored version of the kinds that Sluice has converted; resolves with their CRDs. Without it, whatever is
 * stored in an old version could not even be listed or deleted any more.
 */
async function stopConverting(cluster: InstallCluster): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { kind, object } of unconvertedCrds()) {
    if (!isConverted(await cluster.get(refOf(kind, object)))) continue;
    await cluster.createOrReplace(kind, object);
    changed.push(object.metadata.name);
  }
  return changed;
}

function isConverted(crd: (KubernetesObject & { readonly spec?: unknown }) | undefined): boolean {
  const spec = isJsonObject(crd?.spec) ? crd.spec : {};
  return isJsonObject(spec['conversion']) && spec['conversion']['strategy'] === 'Webhook';
}

async function removeAll(installed: readonly Installed[], cluster: InstallCluster): Promise<void> {
  for (const { kind, object } of installed) {
    const ref = refOf(kind, object);
    const live = await cluster.get(ref);
    if (live?.metadata.uid === undefined) continue;
    await unlessGone(cluster.delete(ref, { uid: live.metadata.uid }));
  }
}

const mostPasses = 10;

/**
 * Lifts the own gate from every Pod that waits; resolves with their number. It looks again until none is left: a Pod may have
 * changed since it was read, and the API server may still have asked the webhook about some after the list.
 */
async function liftGates(cluster: InstallCluster): Promise<number> {
  const lifted = new Set<string>();
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    const held = await liftFound(cluster, lifted);
    if (held === 0) return lifted.size;
  }
  throw new Error(
    `Pods with the gate keep appearing after ${mostPasses} looks; is a Sluice still running? Stop it and uninstall again`,
  );
}

/** One pass; adds the uids of the Pods it let go, and resolves with the number of those it found held. */
async function liftFound(cluster: InstallCluster, lifted: Set<string>): Promise<number> {
  let held = 0;
  for await (const { items } of cluster.listPaged(PodKind, {
    fieldSelector: 'status.phase=Pending',
  })) {
    for (const pod of items.filter(isPod)) {
      const effect = liftGate(pod);
      if (effect?.type !== 'patch') continue;
      held += 1;
      const isDone = await unlessGone(cluster.patch(effect.ref, effect.operations));
      if (isDone) lifted.add(pod.metadata.uid ?? pod.metadata.name);
    }
  }
  return held;
}

function isPod(object: KubernetesObject): object is Pod {
  return object.kind === PodKind.kind && object.apiVersion === PodKind.apiVersion;
}

/** Resolves with whether it was done. 404: it went by itself. 409 and 422: it is not the object any more that was read. */
async function unlessGone(done: Promise<unknown>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (!(error instanceof ClusterError && [404, 409, 422].includes(error.code))) throw error;
    return false;
  }
}
