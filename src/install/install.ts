import { NamespaceKind } from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import { type KubernetesObject, refOf } from '../api/object.ts';
import { sleep } from '../runtime/sleep.ts';
import { type Applied, applyObject, conflictsOf } from './apply-object.ts';
import type { Installing } from './install-cluster.ts';
import {
  type Installed,
  type InstallationPart,
  installationParts,
  type InstallationSettings,
  crdsOf,
  objectsOfPart,
  unwantedOfPart,
} from './installation.ts';
import { rewriteStored, type StoredCrd } from './rewrite-stored.ts';
import { hasCaBundle, withLiveCaBundle } from './live-ca-bundle.ts';
import { storedVersions, withStoredVersions, wordsOfStored } from './stored-versions.ts';
import { removeObject } from './remove-object.ts';

const establishedWithinMs = 60_000;

/**
 * Makes the parts be as given, in their order, by server-side apply; a second time changes nothing. What others have added
 * stays, and so does a caBundle where none is given. Where others have set to something else what Sluice sets, nothing at all
 * is changed and it rejects with what that is, unless it is forced. CRDs are served when it resolves.
 */
export async function install(
  parts: readonly InstallationPart[],
  settings: InstallationSettings & {
    readonly forceConflicts?: boolean;
    /** Whether what is stored in old versions stays so for now: nothing converts it yet. */
    readonly leaveStored?: boolean;
  },
  { cluster, clock, tell }: Installing,
): Promise<void> {
  const chosen = installationParts.filter((part) => parts.includes(part));
  const force = settings.forceConflicts === true;
  await refuseOldServers(chosen, settings, cluster);
  const stored = chosen.includes('crds') ? await lookAtStored(settings, { cluster }) : [];
  const plans = stored.flatMap(({ versions }) => wordsOfStored(versions) ?? []);
  if (!force) await refuseConflicts(chosen, settings, { cluster, plans });
  plans.forEach(tell);
  let lacksBundle = false;
  for (const part of chosen) {
    const objects = objectsOfPart(part, settings);
    for (const installed of objects) {
      const applied = await made(installed, { cluster, force });
      lacksBundle ||= part === 'webhooks' && !hasCaBundle(applied.object);
      tell(`${installed.kind.kind} ${installed.object.metadata.name} ${applied.deed}`);
    }
    for (const { kind, object } of unwantedOfPart(part, settings)) {
      const isRemoved = await removeObject({ kind, object }, cluster);
      if (isRemoved) tell(`${kind.kind} ${object.metadata.name} removed`);
    }
    if (part === 'crds') await untilServed(objects, { cluster, clock });
  }
  const outdated = stored.filter(({ versions }) => versions.outdated.length > 0);
  const isLeft = outdated.length === 0 || settings.leaveStored === true;
  if (!isLeft) await finishStored(outdated, { cluster, clock, tell, force });
  if (lacksBundle) {
    tell(
      'Warning: the webhooks have no caBundle yet, so the API server refuses the Pods of enabled namespaces until there is one. A Sluice that keeps its own certificates (--certificates own) fills it in when it starts, and cert-manager does, too; otherwise give --ca-file',
    );
  }
}

/** Rejects, before anything is changed, where the API server knows nothing of policies that gate Pods. */
async function refuseOldServers(
  parts: readonly InstallationPart[],
  settings: InstallationSettings,
  cluster: Installing['cluster'],
): Promise<void> {
  const mutating = parts
    .flatMap((part) => objectsOfPart(part, settings))
    .find(({ kind }) => kind.kind === 'MutatingAdmissionPolicy');
  if (mutating === undefined) return;
  try {
    const options = { fieldManager: 'sluice', dryRun: true };
    await cluster.apply(mutating.kind, mutating.object, options);
  } catch (error) {
    if (!(error instanceof ClusterError && error.code === 404)) return;
    throw new Error(
      'nothing was changed: this API server has no MutatingAdmissionPolicy (admissionregistration.k8s.io/v1), which comes with Kubernetes 1.36; install without --webhook-mode admissionPolicy, with --backstop true if Released versions are to start while no Sluice answers',
      { cause: error },
    );
  }
}

/**
 * Rewrites what is stored in old versions of the kinds whose CRDs are installed, and has them forget these versions. It takes a
 * Sluice that converts. Without anything of that sort it does nothing.
 */
export async function rewriteOldVersions(
  settings: InstallationSettings,
  installing: Installing,
): Promise<void> {
  const stored = await lookAtStored(settings, installing);
  const outdated = stored.filter(({ versions }) => versions.outdated.length > 0);
  if (outdated.length > 0) await finishStored(outdated, { ...installing, force: true });
}

/** A namespace may be somebody else's: it is made if it is not there, and left as it is if it is. */
async function made(
  { kind, object }: Installed,
  { cluster, force }: Pick<Installing, 'cluster'> & { readonly force: boolean },
): Promise<Applied> {
  const live = await cluster.get(refOf(kind, object));
  if (kind !== NamespaceKind) {
    return applyObject(asLive({ kind, object }, live), live, { cluster, force });
  }
  if (live !== undefined) return { object: live, deed: 'unchanged' };
  try {
    return { object: await cluster.create(kind, object), deed: 'created' };
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === 'AlreadyExists')) throw error;
    return { object, deed: 'unchanged' };
  }
}

/** The object as it goes with what is there: a caBundle that somebody filled in, versions that something is stored in. */
function asLive({ kind, object }: Installed, live: KubernetesObject | undefined): Installed {
  return withStoredVersions({ kind, object: withLiveCaBundle(object, live) }, live);
}

/** What is stored of every kind whose CRD is there already. */
async function lookAtStored(
  settings: InstallationSettings,
  { cluster }: Pick<Installing, 'cluster'>,
): Promise<readonly StoredCrd[]> {
  const found: StoredCrd[] = [];
  for (const { crd, installed } of crdsOf(settings)) {
    const live = await cluster.get(refOf(installed.kind, installed.object));
    const versions = storedVersions(crd, live);
    if (versions !== undefined) found.push({ versions, installed });
  }
  return found;
}

/** Rewrites what is stored in old versions, and takes away from the CRDs what they kept for that alone. */
async function finishStored(
  crds: readonly StoredCrd[],
  { force, ...by }: Installing & { readonly force: boolean },
): Promise<void> {
  const left = await rewriteStored(crds, by);
  for (const { versions, installed } of crds) {
    const why = left.get(versions.crd);
    if (why !== undefined) {
      by.tell(
        `Warning: ${versions.crd} still has objects stored as ${versions.outdated.join(', ')}, which goes on working: ${why}. Once that is mended, the same command goes on where this one ended`,
      );
    } else if (versions.unknown.length > 0) {
      await made(installed, { cluster: by.cluster, force });
    }
  }
}

/** Asks for all objects before the first is changed. */
async function refuseConflicts(
  parts: readonly InstallationPart[],
  settings: InstallationSettings,
  { cluster, plans }: Pick<Installing, 'cluster'> & { readonly plans: readonly string[] },
): Promise<void> {
  const found: string[] = [];
  for (const { kind, object } of parts.flatMap((part) => objectsOfPart(part, settings))) {
    if (kind === NamespaceKind) continue;
    const live = await cluster.get(refOf(kind, object));
    if (live === undefined) continue;
    const conflicts = await conflictsOf(asLive({ kind, object }, live), cluster);
    found.push(...conflicts.map((line) => `  ${kind.kind} ${object.metadata.name}: ${line}`));
  }
  if (found.length === 0) return;
  const lines = found.join('\n');
  const further =
    plans.length === 0 ? '' : `\nThen, too:\n${plans.map((plan) => `  ${plan}`).join('\n')}`;
  throw new Error(
    `nothing was changed, because others have set what Sluice sets:\n${lines}${further}\nTo take it over: --force-conflicts`,
  );
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
