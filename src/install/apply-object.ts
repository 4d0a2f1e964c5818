import { ClusterError } from '../api/cluster-error.ts';
import { pointer } from '../api/json-patch.ts';
import { fieldOf, isEqualJson } from '../api/json.ts';
import { type KubernetesObject, refOf } from '../api/object.ts';
import { clientConfigChange } from './client-config-change.ts';
import type { InstallCluster } from './install-cluster.ts';
import type { Installed } from './installation.ts';

/** The name under which an installation owns the fields it sets. */
const fieldManager = 'sluice-install';

/** Under these names Sluice has written what is its own: as it does now, and by whole objects. */
const ownManagers: ReadonlySet<string> = new Set([fieldManager, 'sluice']);

/** An object as it is now, and what became of it. */
export interface Applied {
  readonly object: KubernetesObject;
  readonly deed: 'created' | 'changed' | 'unchanged';
}

/**
 * Applies an object. What Sluice itself wrote in another way is taken over; of what others own, only if forced. Otherwise it
 * rejects with the API server's conflict (409).
 */
export async function applyObject(
  { kind, object }: Installed,
  live: KubernetesObject | undefined,
  { cluster, force }: { readonly cluster: InstallCluster; readonly force: boolean },
): Promise<Applied> {
  const apply = (isForced: boolean) =>
    cluster.apply(kind, object, { fieldManager, force: isForced });
  const moved = force && live !== undefined ? clientConfigChange(live, object) : [];
  if (moved.length > 0) await cluster.patch(refOf(kind, object), moved);
  const now = await apply(force).catch((error: unknown) => {
    if (!isConflict(error) || foreignConflicts(error.message).length > 0) throw error;
    return apply(true);
  });
  if (live === undefined) return { object: now, deed: 'created' };
  return { object: now, deed: isSame(live, now) ? 'unchanged' : 'changed' };
}

/**
 * Makes an object that is there be as given, spec and all, in the name of who has applied it: no other client may take fields away
 * that others own. Who wrote it in another way than by server-side apply loses what they wrote.
 */
export async function applyAsOwner(
  { kind, object }: Installed,
  cluster: InstallCluster,
): Promise<void> {
  const owner = await cluster.apply(kind, object, { fieldManager }).then(
    () => undefined,
    (error: unknown) => {
      const manager = error instanceof ClusterError ? firstManager(error) : undefined;
      if (manager === undefined) throw error;
      return manager;
    },
  );
  if (owner === undefined) return;
  const applied = (): Promise<boolean> =>
    cluster.apply(kind, object, { fieldManager: owner, force: true }).then(
      () => true,
      (error: unknown) => {
        // What is left of fields written otherwise contradicts what is applied.
        if (error instanceof ClusterError && error.code === 422) return false;
        throw error;
      },
    );
  if (await applied()) return;
  const ref = refOf(kind, object);
  // Most often that is the authority that a process has filled in. Removing it makes Sluice the owner of no field, so that a later
  // installation meets no conflict.
  if (hasCaBundle(await cluster.get(ref))) {
    await cluster.patch(ref, [{ op: 'remove', path: conversionCaBundle }]);
    if (await applied()) return;
  }
  const value = fieldOf(object, 'spec');
  await cluster.patch(ref, [{ op: 'replace', path: '/spec', value }]);
}

const conversionCaBundle = pointer('spec', 'conversion', 'webhook', 'clientConfig', 'caBundle');

function hasCaBundle(crd: KubernetesObject | undefined): boolean {
  const webhook = fieldOf(fieldOf(fieldOf(crd, 'spec'), 'conversion'), 'webhook');
  return fieldOf(fieldOf(webhook, 'clientConfig'), 'caBundle') !== undefined;
}

/** Whom a conflict is with, of several the first. */
function firstManager(error: ClusterError): string | undefined {
  return isConflict(error) ? /conflicts? with "([^"]+)"/u.exec(error.message)?.[1] : undefined;
}

/** Whether nothing but a status has changed, which the API server writes for policies soon after they are made. */
function isSame(
  { metadata: one }: KubernetesObject,
  { metadata: other }: KubernetesObject,
): boolean {
  if (one.resourceVersion === other.resourceVersion) return true;
  return (
    one.generation !== undefined &&
    one.generation === other.generation &&
    isEqualJson(one.labels ?? {}, other.labels ?? {}) &&
    isEqualJson(one.annotations ?? {}, other.annotations ?? {})
  );
}

/** Who owns what would have to be taken from others, as the API server says it: one line per manager. Nothing is stored. */
export async function conflictsOf(
  { kind, object }: Installed,
  cluster: InstallCluster,
): Promise<readonly string[]> {
  try {
    await cluster.apply(kind, object, { fieldManager, dryRun: true });
    return [];
  } catch (error) {
    if (isConflict(error)) return foreignConflicts(error.message);
    throw error;
  }
}

function isConflict(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.code === 409 && error.reason === 'Conflict';
}

/**
 * The conflicts with others, of `Apply failed with 2 conflicts: conflicts with "x" using v1:` and a list of fields, or
 * `conflict with "x" using v1: .spec.replicas`.
 */
function foreignConflicts(message: string): readonly string[] {
  const parts = message.split(/conflicts? with (?=")/u).slice(1);
  // A message in other words is shown as it is.
  if (parts.length === 0) return [message];
  return parts.flatMap((part) => {
    const [, manager = ''] = /^"((?:[^"\\]|\\.)*)"/u.exec(part) ?? [];
    if (ownManagers.has(manager)) return [];
    const fields = part.slice(part.indexOf(': ') < 0 ? part.indexOf(':') : part.indexOf(': ') + 1);
    return [
      `${manager} owns ${fields
        .replace(/^:?\s*-?\s*/u, '')
        .trim()
        .split('\n-')
        .map((field) => field.trim())
        .join(', ')}`,
    ];
  });
}
