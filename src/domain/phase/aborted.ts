import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { stated } from './advance.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { withPhasesCut } from './phase-records.ts';
import { isPassed, type Phase } from './phases.ts';
import { rfc3339 } from '../time.ts';
import { deprecated, type VersionStatus } from './version-status.ts';
import { defined } from '../../api/json.ts';

/** The reason of the condition `Succeeded` of a version that somebody aborted. */
export const abortedReason = 'Aborted';

const reason = abortedReason;

/** Whether the version came to its end because somebody aborted it. */
export function isAborted(status: VersionStatus | undefined): boolean {
  return (
    status?.status === 'Failed' &&
    status.conditions?.some(
      (condition) => condition.type === 'Succeeded' && condition.reason === reason,
    ) === true
  );
}

/**
 * The end of a version that somebody aborted: Failed, reason Aborted. The checks that were not over are Deprecated, which
 * starts no follow-up; the controllers of their tasks stop and delete their Jobs.
 */
export function aborted<S extends VersionStatus>(
  status: S,
  over: {
    readonly phases: readonly Phase[];
    readonly subject: PhaseSubject;
    readonly now: number;
    /** Who, and why. */
    readonly message: string;
  },
): S {
  const { phases, now, message } = over;
  const open = phases.filter((phase) => !isPassed(status[phase.state]));
  const cut = phases.find(({ short }) => short === status.currentPhase) ?? open[0];
  const phaseRecords = withPhasesCut(status.phaseRecords, { reason, now });
  return {
    ...status,
    ...Object.assign({}, ...open.map((phase) => withoutOpenChecks(status, phase, message))),
    ...deprecated(open, () => true),
    ...(cut !== undefined && !isPassed(status[cut.state]) && { [cut.state]: 'Failed' }),
    status: 'Failed',
    ...defined({ phaseRecords }),
    endTime: rfc3339(now),
    conditions: stated(status, { kind: 'failed', reason, message }, over),
  };
}

function withoutOpenChecks(
  status: VersionStatus,
  phase: Phase,
  message: string,
): Partial<VersionStatus> {
  if (phase.type === 'deploy') return {};
  const items = status[phase.items];
  if (items === undefined) return {};
  const end = (item: ItemStatus): ItemStatus =>
    isCompleted(item.status) ? item : { ...item, status: 'Deprecated', reason, message };
  return { [phase.items]: items.map(end) };
}
