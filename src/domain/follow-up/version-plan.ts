import { defined } from '../../api/json.ts';
import type { Advanced } from '../phase/advance.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import { type EventNote, onlyWhile, type Plan } from '../plan.ts';
import { type FollowedVersion, withRecorded } from './version-follow-ups.ts';

/** What of a version is stored together. */
export interface VersionChange<S extends VersionStatus> {
  readonly status: S;
  readonly events: readonly EventNote[];
}

/**
 * What became of the phases of a version, an app version or a workload version, as a plan: what must be read live before anything,
 * or the effects and the status with what follows its end. `write` says how the status of its kind is stored.
 */
export function planOfVersion<S extends VersionStatus>(
  done: Advanced<S>,
  of: FollowedVersion<S>,
  by: {
    readonly now: number;
    readonly settings: { readonly maxFollowUpDepth: number; readonly maxFollowUps: number };
    /** What the version lets begin has begun already: no Pod waits for its status. */
    readonly isLetGo: boolean;
    readonly write: (change: VersionChange<S>) => Pick<Plan, 'status' | 'events'>;
  },
): Plan {
  if (done.look.length > 0) return { look: done.look };
  const { maxFollowUpDepth: limit, maxFollowUps: total } = by.settings;
  const recorded = withRecorded(done.status, of, { limit, total, now: by.now });
  const events = [...done.events, ...recorded.events];
  return {
    effects: done.effects,
    ...onlyWhile(of.kind, of.version),
    ...by.write({ status: recorded.status, events }),
    isBookkeeping: by.isLetGo && done.effects.length === 0,
    ...defined({ wakeAfterMs: done.wakeAfterMs }),
  };
}
