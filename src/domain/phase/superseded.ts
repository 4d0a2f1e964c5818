import { type Advanced, stated } from './advance.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import { withPhasesCut } from './phase-records.ts';
import { isPassed, type Phase } from './phases.ts';
import { rfc3339 } from '../time.ts';
import { deprecated, type VersionStatus } from './version-status.ts';
import { defined } from '../../api/json.ts';

const reason = 'Superseded';

/** Whether the version came to its end because another one became current. */
export function isSuperseded(status: VersionStatus | undefined): boolean {
  return (
    status?.status === 'Deprecated' &&
    status.conditions?.some(
      (condition) => condition.type === 'Succeeded' && condition.reason === reason,
    ) === true
  );
}

/** The end of a version in whose place another one is current (B11): Deprecated, reason Superseded. */
export function superseded<S extends VersionStatus>(
  status: S,
  over: {
    readonly phases: readonly Phase[];
    readonly subject: PhaseSubject;
    readonly now: number;
    /** The version that is current now, if it is known, or why none is. */
    readonly by: string | undefined;
    readonly why?: string | undefined;
    /** Keptn's cascade for a raised revision: phases that had passed are Deprecated, too. */
    readonly whole?: boolean;
  },
): Pick<Advanced<S>, 'status' | 'events'> {
  const { phases, subject, now } = over;
  const message =
    over.why ??
    (over.by === undefined
      ? 'another version has become current'
      : `version ${over.by} has become current in place of this one`);
  const phase = { short: 'Deprecated', long: 'Deprecated' };
  const phaseRecords = withPhasesCut(status.phaseRecords, { reason, now });
  return {
    status: {
      ...status,
      ...deprecated(phases, (each) => over.whole === true || !isPassed(status[each.state])),
      status: 'Deprecated',
      ...defined({ phaseRecords }),
      endTime: status.endTime ?? rfc3339(now),
      conditions: stated(status, { kind: 'failed', reason, message }, over),
    },
    events: [
      phaseEvent(subject, phase, { suffix: 'Finished', text: `was superseded: ${message}` }),
    ],
  };
}
