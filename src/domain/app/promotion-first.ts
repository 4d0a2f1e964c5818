import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnApp } from '../../api/keptn/app.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { conditionTypes, isTrue } from '../conditions.ts';
import { isCurrentVersion } from '../phase/newest-app-version.ts';
import { remainingMs } from '../remaining.ts';
import { canArrive } from './app-workloads.ts';

/** The reason of a request for an app whose present version is to come to its promotion first. */
export const promotionFirstReason = 'PromotionFirst';

/** What is seen of a generated app of which another version is asked for. */
export interface PromotionFirstSeen extends Moment {
  readonly app: KeptnApp;
  readonly appVersions: readonly KeptnAppVersion[];
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
  /** After so many versions that were superseded one after the other the next one is not; undefined: never. */
  readonly promotionAfterSupersessions: number | undefined;
  readonly promotionTasksEnabled: boolean;
}

/** No longer than this is a change held back: what does not come to its promotion by then is superseded, too. Milliseconds. */
const heldBackForMs = 30 * 60_000;

/**
 * The app version that comes to its promotion before another one is made, and for how much longer it may take for that; undefined
 * where none does. It must not wait for what will not come: a workload that has another version by now, or somebody's help.
 */
export function promotionFirst(
  seen: PromotionFirstSeen,
): { readonly version: KeptnAppVersion; readonly remainingMs: number } | undefined {
  const { app, promotionAfterSupersessions: most, promotionTasksEnabled } = seen;
  const version = seen.appVersions.find((one) => isCurrentVersion(one, app));
  if (version === undefined || most === undefined || !promotionTasksEnabled) return undefined;
  const { status = {}, spec } = version;
  const isDue = (status.supersessions ?? 0) >= most && (spec.promotionTasks ?? []).length > 0;
  if (!isDue || isCompleted(status.status) || isTrue(version, conditionTypes.stalled)) {
    return undefined;
  }
  const startedAt = Date.parse(version.metadata.creationTimestamp ?? '') || seen.now;
  const left = remainingMs(onThisClock(startedAt, seen), heldBackForMs, seen.now);
  return left > 0 && canArrive(version, seen.workloadVersions)
    ? { version, remainingMs: left }
    : undefined;
}
