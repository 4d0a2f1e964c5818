import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import type { EventNote } from '../plan.ts';

const phase = { short: 'FollowUp', long: 'Follow-Up' };

/**
 * What is worth an Event about the parent: that a follow-up was started (`FollowUpStarted`), that it cannot start, yet or at
 * all (`FollowUpNotStarted`), and that it failed (`FollowUpFailed`). The lists are the same one, before and after.
 */
export function followUpEvents(
  subject: PhaseSubject,
  items: { readonly before: readonly FollowUpStatus[]; readonly after: readonly FollowUpStatus[] },
): EventNote[] {
  return items.after.flatMap((item, index) => eventsOf(subject, item, items.before[index]));
}

/** That nothing follows an end, because what should cannot be read. */
export function noneStarted(subject: PhaseSubject, text: string): EventNote {
  return phaseEvent(subject, phase, { suffix: 'NotStarted', type: 'Warning', text });
}

function eventsOf(
  subject: PhaseSubject,
  item: FollowUpStatus,
  before: FollowUpStatus | undefined,
): EventNote[] {
  const { name = '', definitionName = '', status, reason, message = '' } = item;
  const what = `${definitionName}${name === '' ? '' : ` (${name})`}`;
  const why = reason === undefined ? '' : `: ${reason}: ${message}`;
  const events: EventNote[] = [];
  if (name === '') {
    if (reason !== undefined && reason !== before?.reason) {
      const text = `task ${what} could not be started${why}`;
      events.push(phaseEvent(subject, phase, { suffix: 'NotStarted', type: 'Warning', text }));
    }
    return events;
  }
  if ((before?.name ?? '') === '') {
    events.push(
      phaseEvent(subject, phase, { suffix: 'Started', text: `task ${what} was started` }),
    );
  }
  if (isCompleted(status) && status !== 'Succeeded' && !isCompleted(before?.status)) {
    const text = `task ${what} failed${why}`;
    events.push(phaseEvent(subject, phase, { suffix: 'Failed', type: 'Warning', text }));
  }
  return events;
}
