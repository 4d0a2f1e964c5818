import type { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { isCurrentVersion, lists, newestListing } from '../phase/newest-app-version.ts';
import { deleting, type Effect, type Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import type { Excess } from '../settings/retention-limits.ts';
import { lookAgainMs, mostAtOnce, restMs } from './pace.ts';

/** Everything that may still need a version of an app. */
export interface AppUses {
  /** Every version of the app in the namespace. */
  readonly appVersions: readonly KeptnAppVersion[];
  /** The versions of its workloads that are not over, or that are current. */
  readonly openOrCurrent: readonly KeptnWorkloadVersion[];
  /** The uids of versions below which something runs, or waits to be sent to the trace collector. */
  readonly unfinished: ReadonlySet<string>;
}

/** What the decision on the history of an app knows of the world. */
export interface AppHistorySeen {
  readonly app: KeptnApp;
  readonly excess: Excess<KeptnAppVersion>;
  /** Undefined while it cannot be relied on: a cache is behind, or the Namespace is going. */
  readonly uses: AppUses | undefined;
  /** Of the objects that `uses` is concluded from, those that were not read live in this reconcile. */
  readonly unread: readonly ObjectRef[];
  /** The uids of the versions that were read live in this reconcile. */
  readonly read: ReadonlySet<string>;
}

/**
 * Deletes the versions of an app that are more than KeptnConfig `retention` keeps and that nothing needs any more, the oldest
 * first. Tasks and evaluations go with them by garbage collection; the workload versions that only they named are free then.
 */
export function decideAppHistory({ app, excess, uses, unread, read }: AppHistorySeen): Plan {
  const { versions, nextInMs } = excess;
  if (versions.length === 0) return nextInMs === undefined ? {} : { wakeAfterMs: nextInMs };
  const wakeAfterMs = Math.min(lookAgainMs, nextInMs ?? lookAgainMs);
  if (uses === undefined) return { wakeAfterMs };
  const going = deletable(versions, app, uses).slice(0, mostAtOnce);
  if (going.length === 0) return { wakeAfterMs };
  const look = [
    ...unread,
    ...going
      .filter(({ metadata }) => !read.has(metadata.uid ?? ''))
      .map((version) => refOf(KeptnAppVersion, version)),
  ];
  if (look.length > 0) return { look };
  return { afterwards: going.map(deletion), restMs, wakeAfterMs };
}

/**
 * Which of these, oldest first, may go. A workload version may begin when the newest app version that lists it lets it; so one
 * stays as long as an older one would take its place.
 */
function deletable(
  excess: readonly KeptnAppVersion[],
  app: KeptnApp,
  uses: AppUses,
): readonly KeptnAppVersion[] {
  const free = new Set(excess.filter((version) => !isInUse(version, app, uses)));
  const going: KeptnAppVersion[] = [];
  const keptEntries = new Set<string>();
  for (const version of uses.appVersions.toSorted(byAge)) {
    const entries = isDeprecated(version) ? [] : entriesOf(version);
    const isHidden = entries.some((entry) => keptEntries.has(entry));
    if (free.has(version) && !isHidden) going.push(version);
    else for (const entry of entries) keptEntries.add(entry);
  }
  return going;
}

function isInUse(version: KeptnAppVersion, app: KeptnApp, uses: AppUses): boolean {
  const { uid = '', deletionTimestamp } = version.metadata;
  return (
    deletionTimestamp !== undefined ||
    !isCompleted(version.status?.status) ||
    uses.unfinished.has(uid) ||
    isCurrentVersion(version, app) ||
    isNewestOfOne(version, app, uses)
  );
}

/** Whether a workload version that is not over, or that is current, hangs on this app version. */
function isNewestOfOne(version: KeptnAppVersion, app: KeptnApp, uses: AppUses): boolean {
  if (isDeprecated(version)) return false;
  const { appVersions, openOrCurrent } = uses;
  return openOrCurrent.some(
    (of) =>
      lists(version, of) &&
      newestListing(of, { app, appVersions })?.metadata.uid === version.metadata.uid,
  );
}

function isDeprecated({ status }: KeptnAppVersion): boolean {
  return status?.status === 'Deprecated';
}

function entriesOf({ spec }: KeptnAppVersion): readonly string[] {
  return (spec.workloads ?? []).map(({ name, version }) => `${name} ${version.toLowerCase()}`);
}

function byAge(one: KeptnAppVersion, other: KeptnAppVersion): number {
  const made = ({ metadata }: KeptnAppVersion): number =>
    parseTime(metadata.creationTimestamp) ?? 0;
  return made(one) - made(other) || (one.metadata.name < other.metadata.name ? -1 : 1);
}

function deletion(version: KeptnAppVersion): Effect {
  return deleting(KeptnAppVersion, version, { asGathered: true, propagation: 'Background' });
}
