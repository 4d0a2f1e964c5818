import type { Write } from './audit-log.ts';
import type { EnabledNamespace } from '../cluster/enabled-namespace.ts';
import { eventually } from '../clock-and-chance/eventually.ts';

/** What Sluice wrote in a namespace, from the audit log. */
export function sluiceWrites(
  { cluster, name }: EnabledNamespace,
  window: { readonly since?: number; readonly until?: number } = {},
): Write[] {
  return cluster
    .writes({ userAgent: 'sluice/', ...window })
    .filter(({ namespace }) => namespace === name);
}

/** What counts for T7: everything but Events and metrics. Leases are elsewhere. */
export function isCounted({ resource }: Write): boolean {
  return !resource.startsWith('events') && !resource.startsWith('keptnmetrics');
}

/** Waits until Sluice has written nothing in the namespace for so long. */
export async function untilQuiet(
  shop: EnabledNamespace,
  forMs: number,
  withinMs = 60_000,
): Promise<void> {
  await eventually(
    `Sluice is quiet in ${shop.name} for ${forMs / 1000} s`,
    () => {
      const last = sluiceWrites(shop).at(-1)?.answeredMs ?? 0;
      return Date.now() - last > forMs;
    },
    withinMs,
  );
}

/** `patch pods` → 3 */
export function byKind(writes: readonly Write[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verb, resource } of writes) {
    const kind = `${verb} ${resource}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** How often Sluice patched each Pod. */
export function patchesOfPods(writes: readonly Write[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { verb, resource, name = '' } of writes) {
    if (verb === 'patch' && resource === 'pods') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
