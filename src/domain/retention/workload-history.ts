import { KeptnWorkload, type KeptnWorkloadStatus } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { amending, deleting, type Effect, type Plan } from '../plan.ts';
import type { Excess } from '../settings/retention-limits.ts';
import { lookAgainMs, mostAtOnce, restMs } from './pace.ts';
import { isInUse, type WorkloadUses } from './uses.ts';
import { defined } from '../../api/json.ts';

/** What the decision on the history of a workload knows of the world. */
export interface WorkloadHistorySeen {
  readonly workload: KeptnWorkload;
  readonly versions: readonly KeptnWorkloadVersion[];
  readonly excess: Excess<KeptnWorkloadVersion>;
  /** Undefined while it cannot be relied on: a cache is behind, an owner is not known, the Namespace is going. */
  readonly uses: WorkloadUses | undefined;
  /** Of the objects that `uses` is concluded from, those that were not read live in this reconcile. */
  readonly unread: readonly ObjectRef[];
  /** The uids of the versions that were read live in this reconcile. */
  readonly read: ReadonlySet<string>;
}

/** The names of so many deleted versions are remembered, so that a rollback to one can say why it is checked again. */
const mostRemembered = 30;

/**
 * Deletes the versions of a workload that are more than KeptnConfig `retention` keeps and that nothing needs any more, the
 * oldest first. Their tasks, evaluations and Jobs go with them by garbage collection. What is Released is not touched by
 * this: a deleted version whose workload comes back to it is made anew, held and checked.
 */
export function decideWorkloadHistory(seen: WorkloadHistorySeen): Plan {
  const { excess, uses, unread, read } = seen;
  const wake = { wakeAfterMs: Math.min(lookAgainMs, excess.nextInMs ?? lookAgainMs) };
  if (excess.versions.length === 0) {
    return {
      ...remember(seen, []),
      ...defined({ wakeAfterMs: excess.nextInMs }),
    };
  }
  if (uses === undefined) return wake;
  const going = excess.versions.filter((version) => !isInUse(version, uses)).slice(0, mostAtOnce);
  if (going.length === 0) return { ...remember(seen, []), ...wake };
  const look = [
    ...unread,
    ...going
      .filter(({ metadata }) => !read.has(metadata.uid ?? ''))
      .map((version) => refOf(KeptnWorkloadVersion, version)),
  ];
  if (look.length > 0) return { look };
  return { ...remember(seen, going), afterwards: going.map(deletion), restMs, ...wake };
}

function deletion(version: KeptnWorkloadVersion): Effect {
  return deleting(KeptnWorkloadVersion, version, { asGathered: true, propagation: 'Background' });
}

/** Takes down which versions are deleted, before they are; one that is made again is forgotten. */
function remember(
  { workload, versions }: WorkloadHistorySeen,
  going: readonly KeptnWorkloadVersion[],
): Pick<Plan, 'status'> {
  const { prunedVersions = [], ...rest }: KeptnWorkloadStatus = workload.status ?? {};
  const present = new Set(versions.map(({ spec }) => spec.version));
  const kept = prunedVersions.filter((version) => !present.has(version));
  const remembered = [...kept, ...going.map(({ spec }) => spec.version)].slice(-mostRemembered);
  if (remembered.length === 0 && prunedVersions.length === 0) return {};
  const next = remembered.length > 0 ? { ...rest, prunedVersions: remembered } : rest;
  return amending(KeptnWorkload, workload, next);
}
