import { type Moment, onThisClock } from '../clock-steps.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import type { Condition } from '../../api/object.ts';
import { refOf } from '../../api/object.ts';
import { workloadsOf } from '../app/app-creation.ts';
import {
  conditionOf,
  conditionTypes,
  withCondition,
  withoutCondition,
  observed,
} from '../conditions.ts';
import { isGenerated } from '../app/generated-app.ts';
import { amending, deleting, type Plan } from '../plan.ts';
import { parseTime, rfc3339 } from '../time.ts';
import type { RetentionLimits } from '../settings/retention-limits.ts';
import { lookAgainMs, restMs } from './pace.ts';

/** What the decision on an app that may have no workload any more knows of the world. */
export interface UnusedAppSeen extends Moment {
  readonly app: KeptnApp;
  readonly limits: RetentionLimits;
  /** Whether a workload names it, or it is asked for. */
  readonly isUsed: boolean;
  /** Whether a task or evaluation of one of its versions is not over, or waits to be sent to the trace collector. */
  readonly isUnfinished: boolean;
  /** false while a cache is behind or the Namespace is going: then nothing may be concluded. */
  readonly isCertain: boolean;
  /** Whether app and workloads were read live in this reconcile. */
  readonly isRead: boolean;
}

/**
 * Deletes a KeptnApp that Sluice generated, with its versions, when its last workload has been gone for the grace time. That
 * time is counted from a condition, so that a restart does not begin it anew and everybody can see it.
 */
export function decideUnusedApp(seen: UnusedAppSeen): Plan {
  const { app, now, limits, isUsed, isCertain } = seen;
  if (!isCertain || app.metadata.deletionTimestamp !== undefined) return {};
  if (isUsed || limits.suspended || !isGenerated(app)) return stating(app, withoutUnused(app));
  const stored = parseTime(conditionOf(app, conditionTypes.unused)?.lastTransitionTime) ?? now;
  const since = onThisClock(stored, seen);
  // The API server's times are whole seconds.
  const dueMs = Math.floor(since / 1000) * 1000 + limits.unusedAppMs;
  if (now < dueMs) {
    return { ...stating(app, withUnused(app, dueMs, now)), wakeAfterMs: dueMs - now };
  }
  if (seen.isUnfinished) return { wakeAfterMs: lookAgainMs };
  if (!seen.isRead) {
    return { look: [refOf(KeptnApp, app), workloadsOf(app.metadata.namespace ?? '')] };
  }
  const deletion = deleting(KeptnApp, app, { asGathered: true, propagation: 'Background' });
  return { afterwards: [deletion], restMs };
}

function withUnused(app: KeptnApp, dueMs: number, now: number): Condition[] {
  const message = `no workload names this generated application any more; it is deleted with its history at ${rfc3339(dueMs)} unless one comes back`;
  return withCondition(
    app.status?.conditions,
    {
      type: conditionTypes.unused,
      status: 'True',
      reason: 'NoWorkloads',
      message,
      ...observed(app),
    },
    now,
  );
}

function withoutUnused({ status }: KeptnApp): Condition[] | undefined {
  return status?.conditions && withoutCondition(status.conditions, conditionTypes.unused);
}

function stating(app: KeptnApp, conditions: Condition[] | undefined): Pick<Plan, 'status'> {
  if (conditions === undefined || conditions === app.status?.conditions) return {};
  return amending(KeptnApp, app, { ...app.status, conditions });
}
