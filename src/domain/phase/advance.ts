import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import type { Condition } from '../../api/object.ts';
import { observed, type Progress, progressConditions, withConditions } from '../conditions.ts';
import { withWaiting } from '../deadline.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import { withPhaseFound } from './phase-records.ts';
import { completedPhase, isPassed, type Phase } from './phases.ts';
import type { Effect, EventNote, Look } from '../plan.ts';
import { rfc3339 } from '../time.ts';
import { attemptOf, deprecated, type VersionStatus } from './version-status.ts';

/** Why a version succeeded of which not everything did. */
export const completedWithWarning = 'CompletedWithWarning';

/** How far one phase has come after looking at the world. `changes` are further fields of the status. */
export interface PhaseOutcome<S extends VersionStatus = VersionStatus> {
  /** Deprecated: the phase does not run, and the version goes on without it. */
  readonly state: KeptnState;
  readonly changes?: Partial<S>;
  /** Why the phase is not over, or why it failed. */
  readonly progress: Progress;
  readonly effects?: readonly Effect[];
  readonly look?: readonly Look[];
  readonly events?: readonly EventNote[];
  /** False for a phase without anything to run: it emits no Event. */
  readonly eventful: boolean;
  /**
   * Of a phase that has passed while checks of it that hold nothing are open: whether one of them runs, so that the version does
   * not end before it.
   */
  readonly goesOn?: boolean;
  readonly wakeAfterMs?: number;
}

/** A version that moves through its phases. */
export interface Course<S extends VersionStatus = VersionStatus> {
  readonly phases: readonly Phase[];
  readonly status: S;
  readonly subject: PhaseSubject;
  readonly now: number;
  /** `AppCompleted` or `WorkloadCompleted`, for the last Event. */
  readonly completed: { readonly short: string; readonly long: string };
  /** The phases that are switched off: they are passed over, and not entered. */
  skips?(phase: Phase): boolean;
  /** When true, the phase that runs may end and no further one begins (a Released version that is superseded). */
  readonly lastPhase?: boolean;
  run(phase: Phase, status: S): PhaseOutcome<S>;
  /** Follows checks of a phase that has passed without waiting for them; undefined where there are none. */
  follow?(phase: Phase, status: S): PhaseOutcome<S> | undefined;
}

/** Where a version stands after `advance`. */
export interface Advanced<S extends VersionStatus = VersionStatus> {
  readonly status: S;
  readonly events: readonly EventNote[];
  readonly effects: readonly Effect[];
  readonly look: readonly Look[];
  readonly wakeAfterMs?: number;
  /** `stopped`: a phase is over and, as asked, the next one did not begin. */
  readonly end: 'running' | 'failed' | 'completed' | 'stopped';
}

/**
 * Moves a version through its phases as far as the world allows (docs/compatibility.md §4.4, §4.5). A phase that has
 * passed is never entered again; one that fails ends the version and deprecates the phases behind it.
 */
export function advance<S extends VersionStatus>(course: Course<S>): Advanced<S> {
  const { phases, subject, now } = course;
  const events: EventNote[] = [];
  let status: S = { ...course.status, startTime: course.status.startTime ?? rfc3339(now) };
  const behind: PhaseOutcome<S>[] = [];
  for (const phase of phases) {
    if (isPassed(status[phase.state])) {
      const found = course.follow?.(phase, status);
      if (found !== undefined) {
        behind.push(found);
        events.push(...(found.events ?? []));
        const state = found.state === 'Warning' ? 'Warning' : status[phase.state];
        status = { ...status, ...found.changes, [phase.state]: state };
      }
      continue;
    }
    if (course.skips?.(phase) === true) continue;
    const begun = status.currentPhase === phase.short;
    if (course.lastPhase === true && !begun) {
      return { status, events, effects: [], look: [], end: 'stopped' };
    }
    const outcome = course.run(phase, status);
    if (outcome.eventful && !begun) events.push(started(subject, phase));
    events.push(...(outcome.events ?? []));
    status = {
      ...status,
      ...outcome.changes,
      [phase.state]: outcome.state,
      currentPhase: phase.short,
      status: 'Progressing',
      phaseRecords: withPhaseFound(status.phaseRecords, phase, {
        state: outcome.state,
        begun,
        reason: outcome.progress.reason,
        checks: checksOf(phase, { ...status, ...outcome.changes }),
        now,
      }),
    };
    if (isPassed(outcome.state) || outcome.state === 'Deprecated') {
      if (outcome.eventful) events.push(finished(subject, phase));
      // What it did not wait for is to be done all the same.
      if (outcome.goesOn !== undefined) behind.push(outcome);
      continue;
    }
    if (isCompleted(outcome.state)) {
      return { ...failure(course, { phase, status, outcome }, events), effects: [], look: [] };
    }
    return {
      status: { ...status, conditions: stated(status, outcome.progress, course) },
      events,
      ...togetherOf([...behind, outcome]),
      end: 'running',
    };
  }
  const open = behind.find((outcome) => outcome.goesOn === true);
  if (open !== undefined) {
    const conditions = stated(status, open.progress, course);
    return { status: { ...status, conditions }, events, ...togetherOf(behind), end: 'running' };
  }
  const left = togetherOf(behind);
  return { ...completion(course, status, events), effects: left.effects, look: left.look };
}

/** What is to be done for several phases. */
function togetherOf(
  outcomes: readonly PhaseOutcome[],
): Pick<Advanced, 'effects' | 'look' | 'wakeAfterMs'> {
  const wakes = outcomes.flatMap(({ wakeAfterMs }) => wakeAfterMs ?? []);
  return {
    effects: outcomes.flatMap(({ effects = [] }) => effects),
    look: outcomes.flatMap(({ look = [] }) => look),
    ...(wakes.length > 0 && { wakeAfterMs: Math.min(...wakes) }),
  };
}

/** The checks of a phase that belong to the current attempt; those that succeeded in an earlier one are kept beside them. */
function checksOf(phase: Phase, status: VersionStatus): readonly ItemStatus[] {
  if (phase.type === 'deploy') return [];
  const attempt = attemptOf(status);
  return (status[phase.items] ?? []).filter((item) => (item.attempt ?? 1) === attempt);
}

function failure<S extends VersionStatus>(
  course: Course<S>,
  at: { phase: Phase; status: S; outcome: PhaseOutcome<S> },
  events: readonly EventNote[],
): Pick<Advanced<S>, 'status' | 'events' | 'end'> {
  const { phases, subject, now, completed } = course;
  const behind = phases.slice(phases.indexOf(at.phase) + 1);
  return {
    status: {
      ...at.status,
      ...deprecated(behind, () => true),
      [at.phase.state]: 'Failed',
      status: 'Failed',
      endTime: at.status.endTime ?? rfc3339(now),
      conditions: stated(at.status, at.outcome.progress, course),
    },
    events: [
      ...events,
      phaseEvent(subject, at.phase, {
        suffix: 'Failed',
        text: `has failed: ${at.outcome.progress.message}`,
        type: 'Warning',
      }),
      phaseEvent(subject, completed, { suffix: 'Failed', text: 'has failed', type: 'Warning' }),
    ],
    end: 'failed',
  };
}

function completion<S extends VersionStatus>(
  course: Course<S>,
  status: S,
  events: readonly EventNote[],
): Pick<Advanced<S>, 'status' | 'events' | 'end'> {
  const inState = (state: KeptnState): string =>
    course.phases
      .filter((phase) => status[phase.state] === state)
      .map(({ short }) => short)
      .join(', ');
  const notes = [
    ['failed, but not blocking', inState('Warning')],
    ['not run', inState('Deprecated')],
  ].flatMap(([what, phases]) => (phases === '' ? [] : [`${what}: ${phases}`]));
  const progress: Progress =
    notes.length === 0
      ? { kind: 'succeeded', reason: 'Completed', message: 'all phases have passed' }
      : {
          kind: 'succeeded',
          reason: completedWithWarning,
          message: `all phases are over; ${notes.join('; ')}`,
        };
  return {
    status: {
      ...status,
      currentPhase: completedPhase,
      status: 'Succeeded',
      endTime: status.endTime ?? rfc3339(course.now),
      conditions: stated(status, progress, course),
    },
    events: [
      ...events,
      phaseEvent(course.subject, course.completed, { suffix: 'Finished', text: 'has finished' }),
    ],
    end: 'completed',
  };
}

/** The conditions of a version with its progress stated. */
export function stated(
  status: VersionStatus,
  progress: Progress,
  at: { readonly subject: PhaseSubject; readonly now: number },
): Condition[] {
  const changes = progressConditions(progress).map((condition) => ({
    ...condition,
    ...observed(at.subject.object),
  }));
  const conditions = withConditions(status.conditions, changes, at.now);
  return [...withWaiting(conditions, progress.waiting, at.subject.object.metadata.generation)];
}

function started(subject: PhaseSubject, phase: Phase): EventNote {
  return phaseEvent(subject, phase, { suffix: 'Started', text: 'has started' });
}

function finished(subject: PhaseSubject, phase: Phase): EventNote {
  return phaseEvent(subject, phase, { suffix: 'Finished', text: 'has finished' });
}
