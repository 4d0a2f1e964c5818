import type { EnabledNamespace } from '../../support/cluster/enabled-namespace.ts';
import { isCompleted } from '../../support/cluster/enabled-namespace.ts';
import { eventually } from '../../support/clock-and-chance/eventually.ts';
import {
  isCounted,
  patchesOfPods,
  sluiceWrites,
  untilQuiet,
} from '../../support/observed/sluice-writes.ts';

/** What Sluice may write for one new version of a single-service app (T7). */
export const writesAllowed = (tasks: number): number => 11 + 6 * tasks;

/** The same where many are applied at once: a version may have waited for long enough to say so in its status. */
export const writesAllowedInBurst = (tasks: number): number => writesAllowed(tasks) + 1;

/** Waits until everything of so many single-service versions is over, the TTL of their Jobs included. */
export async function untilAllOver(shop: EnabledNamespace, versions: number): Promise<void> {
  await eventually(
    `${versions} versions in ${shop.name} complete`,
    async () => {
      const [workloads, apps] = await Promise.all([shop.workloadVersions(), shop.appVersions()]);
      const all = [...workloads, ...apps];
      return all.length === 2 * versions && all.every(isCompleted);
    },
    180_000,
  );
  await untilQuiet(shop, 1_500);
}

/** The writes for all versions of a namespace, refused ones too: Pods' patches are among them, Events are not. */
export function writesIn(shop: EnabledNamespace) {
  const { cluster, name } = shop;
  const writes = cluster
    .writes({ userAgent: 'sluice/', refused: true })
    .filter(({ namespace }) => namespace === name)
    .filter(isCounted);
  const perPod = [...patchesOfPods(sluiceWrites(shop)).values()];
  return { total: writes.length, mostPerPod: Math.max(0, ...perPod) };
}
