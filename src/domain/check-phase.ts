import type { ItemStatus } from '../api/keptn/item-status.ts';
import { isCompleted } from '../api/keptn/states.ts';
import type { PhaseOutcome } from './advance.ts';
import type { CheckContext } from './check-objects.ts';
import { type ChecksSeen, runChecks } from './checks.ts';
import type { Progress } from './conditions.ts';
import { phaseEvent, type PhaseSubject } from './phase-event.ts';
import type { CheckPhase } from './phases.ts';
import type { EventNote } from './plan.ts';
import { overallState, overallStateUnder } from './summary.ts';
import type { VersionStatus } from './version-status.ts';

/** What a phase of checks is run with. */
export interface CheckPhaseRun {
  readonly phase: CheckPhase;
  readonly definitions: readonly string[];
  readonly status: VersionStatus;
  readonly context: CheckContext;
  readonly subject: PhaseSubject;
  /** KeptnConfig `blockDeployment`: false makes a failure a Warning. */
  readonly blocking: boolean;
}

/** One phase of tasks or evaluations, all in parallel: its state follows from theirs (compatibility reference §1.3). */
export function runCheckPhase(run: CheckPhaseRun, seen: ChecksSeen): PhaseOutcome {
  const { phase, definitions, status, context, subject } = run;
  const stored = status[phase.items] ?? [];
  const { items, effects, look } = runChecks({ phase, definitions, context, stored }, seen);
  const states = items.map((item) => item.status);
  const counted = overallState(states, items.length);
  // A failed check is the end of the phase only when the others have come to theirs: their results are wanted, too.
  const open = items.some((item) => !isCompleted(item.status));
  const state =
    open && isCompleted(counted)
      ? 'Progressing'
      : overallStateUnder(run.blocking, states, items.length);
  return {
    state,
    changes: items.length === 0 ? {} : { [phase.items]: [...items] },
    progress: progressOf(phase, items),
    effects,
    look,
    events: itemEvents(subject, phase, { before: stored, after: items }),
    eventful: items.length > 0,
  };
}

function progressOf(phase: CheckPhase, items: readonly ItemStatus[]): Progress {
  const passed = items.filter(({ status }) => status === 'Succeeded').length;
  const failed = items.filter(({ status }) => status === 'Failed' || status === 'Deprecated');
  const open = items.filter(({ status }) => !isCompleted(status));
  const failures = failed.length > 0 ? `; failed: ${failed.map(describe).join('; ')}` : '';
  const count = `${phase.long}: ${passed} of ${items.length} passed${failures}`;
  if (open.length === 0 && failed.length > 0) {
    return {
      kind: 'failed',
      reason: phase.type === 'tasks' ? 'TaskFailed' : 'EvaluationFailed',
      message: count,
    };
  }
  const troubled = open.find((item) => item.reason !== undefined);
  if (troubled?.reason !== undefined) {
    const missing = troubled.reason === 'DefinitionNotFound';
    return {
      kind: missing ? 'stalled' : 'waiting',
      reason: troubled.reason,
      message: `${count}; waiting for ${describe(troubled)}`,
    };
  }
  return {
    kind: 'waiting',
    reason: phase.type === 'tasks' ? 'WaitingForTasks' : 'WaitingForEvaluations',
    message: `${count}; waiting for ${open.map(describe).join(', ')}`,
  };
}

/** `check (pre-check-abc): BackoffLimitExceeded: Job has …` */
function describe(item: ItemStatus): string {
  const name = item.name === undefined ? '' : ` (${item.name})`;
  const why = [item.reason, item.message]
    .filter((text) => text !== undefined && text !== '')
    .join(': ');
  return `${item.definitionName ?? ''}${name}${why === '' ? '' : `: ${why}`}`;
}

/** Keptn's `ReconcileTaskStatusChanged` for every check whose state changed, and what could not be created. */
function itemEvents(
  subject: PhaseSubject,
  phase: CheckPhase,
  items: { before: readonly ItemStatus[]; after: readonly ItemStatus[] },
): EventNote[] {
  const what = phase.type === 'tasks' ? 'Task' : 'Evaluation';
  const reconcile = { short: `Reconcile${what}`, long: `Reconcile ${what}` };
  const create = { short: `Create${what}`, long: `Create ${what}` };
  const events: EventNote[] = [];
  for (const item of items.after) {
    const before = items.before.find(
      ({ definitionName }) => definitionName === item.definitionName,
    );
    if ((before?.status ?? '') !== item.status) {
      const text = `${what.toLowerCase()} status changed from ${before?.status ?? ''} to ${item.status ?? ''}`;
      events.push(phaseEvent(subject, reconcile, { suffix: 'StatusChanged', text }));
    }
    if (item.name === undefined && item.reason !== undefined && item.reason !== before?.reason) {
      const text = `could not create Keptn${what}: ${item.message ?? item.reason}`;
      events.push(phaseEvent(subject, create, { suffix: 'Failed', text, type: 'Warning' }));
    }
  }
  return events;
}
