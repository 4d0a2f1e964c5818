import { onThisClock } from '../clock-steps.ts';
import type { KeptnWorkloadVersionStatus } from '../../api/keptn/workload-version.ts';
import { advance, stated } from '../phase/advance.ts';
import { modeOf } from '../check/check-modes.ts';
import { conditionTypes, type Progress, withCondition } from '../conditions.ts';
import { deadlineOf, exceeded } from '../deadline.ts';
import { workloadPhases } from '../phase/phases.ts';
import { nothing, type Plan } from '../plan.ts';
import { parseTime } from '../time.ts';
import { endsByItself, waitEvent } from '../gate/wait-for-app.ts';
import { subjectOf } from './workload-version-context.ts';
import { remainingMs } from '../remaining.ts';
import { completed, type WorkloadVersionSeen } from './workload-version-run.ts';
import { onOwners, planOf, write } from './workload-version-plan.ts';

/**
 * A wait shorter than this is not worth a write: the app version of a single service follows within a blink. Of these two
 * seconds the API server's whole-second creation times may take one.
 */
const graceMs = 2_000;

/** Waits for an application that lists the version, and not longer than its deadline. */
export function waitWithDeadline(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  holdup: Progress,
): Plan {
  const { settings, modes, now, clockSteps } = seen;
  const limitMs = settings.deadlines.app;
  const deadline = deadlineOf('app', status.conditions, { limitMs, now, clockSteps });
  const { waiting, wakeAfterMs } = deadline;
  if (!deadline.isOver) {
    const plan = wait(seen, status, { ...holdup, waiting });
    return plan.wakeAfterMs === undefined && wakeAfterMs !== undefined
      ? { ...plan, wakeAfterMs }
      : plan;
  }
  const over = exceeded(deadline, holdup.message);
  return modeOf(undefined, modes) === 'block'
    ? fail(seen, status, over)
    : goOnWithoutApp(seen, status, over);
}

/** The end of a version that waited for what did not come: the phase that it did not reach has failed. */
function fail(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  why: Pick<Progress, 'reason' | 'message'>,
): Plan {
  const subject = subjectOf(seen.version);
  const end = { state: 'Failed', progress: { kind: 'failed', ...why }, eventful: false } as const;
  const course = { phases: workloadPhases, status, subject, now: seen.now, completed };
  return planOf(seen, advance<KeptnWorkloadVersionStatus>({ ...course, run: () => end }));
}

/** It would have been blocked here; stored before anything follows from it. */
function goOnWithoutApp(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  { reason, message: why }: Pick<Progress, 'reason' | 'message'>,
): Plan {
  const { version, now } = seen;
  const type = conditionTypes.wouldBlock;
  const message = `it goes on without an application, and would have been blocked: ${why}`;
  const condition = { type, status: 'True', reason, message } as const;
  const note = { about: version, type: 'Warning', reason: type, message } as const;
  return write(seen, {
    status: { ...status, conditions: withCondition(status.conditions, condition, now) },
    events: [note, ...onOwners(seen, note)],
  });
}

/** States what a version waits for, once the wait is long enough to be worth a write. */
export function wait(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  holdup: Progress,
): Plan {
  const { version, now } = seen;
  const isNew = status.conditions === undefined && holdup.kind === 'waiting';
  // The app itself may wait for its context before it makes its first version.
  const quietMs = graceMs + seen.settings.appContextWindowMs;
  const createdAtMs = parseTime(version.metadata.creationTimestamp) ?? now;
  const wakeAfterMs = remainingMs(onThisClock(createdAtMs, seen), quietMs, now);
  if (isNew && wakeAfterMs > 0) return { wakeAfterMs };
  const known = status.conditions?.find(({ type }) => type === conditionTypes.succeeded);
  const isNews = status.requestedChecks !== version.status?.requestedChecks;
  if (holdup.kind === 'waiting' && known !== undefined && !isNews && endsByItself(seen)) {
    return nothing;
  }
  const subject = subjectOf(seen.version);
  const note = known?.reason === holdup.reason ? undefined : waitEvent(subject, holdup);
  return write(seen, {
    status: { ...status, conditions: stated(status, holdup, { subject, now }) },
    events: note === undefined ? [] : [note, ...onOwners(seen, note)],
  });
}
