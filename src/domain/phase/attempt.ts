import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import type { VersionAttempt } from '../../api/keptn/item-status.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { conditionTypes, withoutCondition } from '../conditions.ts';
import { isPassed, type Phase } from './phases.ts';
import { rfc3339 } from '../time.ts';
import { attemptOf, type VersionStatus } from './version-status.ts';
import { defined } from '../../api/json.ts';

/** So many earlier attempts are kept: each change of a definition may bring another one, and an object has a largest size. */
const mostAttempts = 20;

/**
 * The status with the next attempt opened: what has passed stays, everything else starts anew under the new number unless
 * `setBack` says otherwise, and how the last attempt ended is kept in `attempts`. Nothing that was recorded of the last
 * twenty is lost.
 */
export function openNextAttempt<S extends VersionStatus>(
  status: S,
  {
    phases,
    now,
    setBack = anew,
  }: {
    readonly phases: readonly Phase[];
    readonly now: number;
    /** What becomes of a phase; `anew` if not given. */
    readonly setBack?: (status: VersionStatus, phase: Phase) => VersionStatus;
  },
): S {
  const attempt = attemptOf(status);
  const summary = status.conditions?.find(({ type }) => type === 'Succeeded');
  const exported = status.conditions?.find(({ type }) => type === conditionTypes.exported);
  const over: VersionAttempt = {
    attempt,
    ...defined({ phase: status.currentPhase, status: status.status }),
    ...(summary !== undefined && { reason: summary.reason, message: summary.message }),
    ...defined({
      startTime: status.startTime,
      endTime: status.endTime,
      phaseRecords: status.phaseRecords,
      phaseTraceIDs: status.phaseTraceIDs,
    }),
    ...(exported !== undefined && { exported: exported.status === 'True' }),
  };
  const next: S = {
    ...status,
    ...Object.assign({}, ...phases.map((phase) => setBack(status, phase))),
    status: 'Progressing',
    attempt: attempt + 1,
    startTime: rfc3339(now),
    attempts: [...(status.attempts ?? []), over].slice(-mostAttempts),
  };
  if (next.followUps !== undefined) next.followUps = recentFollowUps(next.followUps, attempt);
  if (next.conditions !== undefined) {
    const kept = withoutCondition(next.conditions, conditionTypes.exported);
    next.conditions = withoutCondition(kept, conditionTypes.wouldBlock);
  }
  delete next.endTime;
  delete next.currentPhase;
  delete next.phaseRecords;
  delete next.phaseTraceIDs;
  return next;
}

/** An unfinished phase set back: the checks that have succeeded stay, the others get new objects in the new attempt. */
export function anew(status: VersionStatus, phase: Phase): VersionStatus {
  if (isPassed(status[phase.state])) return {};
  const items = phase.type === 'deploy' ? undefined : status[phase.items];
  return {
    [phase.state]: 'Pending',
    ...(phase.type !== 'deploy' &&
      items !== undefined && {
        [phase.items]: items.filter((item) => item.status === 'Succeeded'),
      }),
  };
}

/** The follow-ups of the attempts that are kept, and of earlier ones those that are not over. */
function recentFollowUps(recorded: readonly FollowUpStatus[], last: number): FollowUpStatus[] {
  return recorded.filter(
    ({ status, attempt = 1 }) => attempt > last - mostAttempts || !isCompleted(status),
  );
}
