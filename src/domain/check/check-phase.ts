import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import type { PhaseOutcome } from '../phase/advance.ts';
import type { CheckContext } from './child-objects.ts';
import { type ChecksSeen, runChecks } from './checks.ts';
import { awaitsDefinition, definitionAbsent } from './child-progress.ts';
import type { Moment } from '../clock-steps.ts';
import { conditionTypes, type Progress, withCondition } from '../conditions.ts';
import { deadlineOf, exceeded, type Waiting } from '../deadline.ts';
import { toldReasons } from '../trouble.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import { type CheckPhase, isPassed } from '../phase/phases.ts';
import type { EventNote } from '../plan.ts';
import { overallState } from '../phase/overall-state.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import { defined } from '../../api/json.ts';
import { standingDefinition } from '../standing/check-item.ts';
import { judgeStanding, passesNow, type StandingOutcome } from './standing-checks.ts';

/** What a phase of checks is run with. */
export interface CheckPhaseRun {
  readonly phase: CheckPhase;
  readonly definitions: readonly string[];
  readonly status: VersionStatus;
  readonly context: CheckContext;
  readonly subject: PhaseSubject;
  /** KeptnConfig `blockDeployment`: false makes a failure a Warning. */
  readonly blocking: boolean;
  /** The definitions whose failure is a Warning although failures block; none if not given. */
  readonly warning?: ReadonlySet<string>;
  /** The definitions whose check is not waited for; none if not given. */
  readonly observed?: ReadonlySet<string>;
  /** The phase has passed before, and what it did not wait for is followed. */
  readonly isBehind?: boolean;
  readonly now: number;
  readonly clockSteps?: Moment['clockSteps'];
  /** How long a definition that does not exist is waited for, in milliseconds; for ever if not given. */
  readonly definitionLimitMs?: number | undefined;
}

/** One phase of tasks or evaluations, all in parallel: its state follows from theirs (docs/compatibility.md §1.3). */
export function runCheckPhase(given: CheckPhaseRun, seen: ChecksSeen): PhaseOutcome {
  const run = given.isBehind === true ? followed(given) : given;
  const { phase, definitions, status, context, subject } = run;
  const stored = status[phase.items] ?? [];
  const checks = runChecks({ phase, definitions, context, stored }, seen);
  const { effects, look } = checks;
  const judged = withStanding(checks.items, run, seen);
  const within = withinDeadline(judged.items, run);
  const { items } = within;
  const waiting = within.waiting ?? judged.waiting;
  const wakes = [within.wakeAfterMs, judged.wakeAfterMs].filter((ms) => ms !== undefined);
  const wakeAfterMs = wakes.length === 0 ? undefined : Math.min(...wakes);
  const awaited = items.filter((item) => !isNotAwaited(item, run));
  const states = awaited.map((item) => item.status);
  // A failed check is the end of the phase only when those that run have come to theirs: their results are wanted, too.
  // One that could not begin would change nothing any more.
  const runs = awaited.some((item) => !isCompleted(item.status) && item.name !== undefined);
  const underModes = stateUnderModes(awaited, run);
  const state =
    runs && isCompleted(overallState(states, awaited.length))
      ? 'Progressing'
      : withUnbegun(underModes, items, run);
  return {
    state,
    changes: {
      ...(items.length > 0 && { [phase.items]: [...items] }),
      ...stating(items, state, run),
    },
    progress: { ...progressOf(phase, items, isCompleted(state)), waiting },
    effects,
    look,
    ...defined({ wakeAfterMs }),
    events: [
      ...itemEvents(subject, phase, { before: stored, after: items }),
      ...(state === 'Warning' && isNews(items, stored, run) ? [wouldBlockEvent(items, run)] : []),
    ],
    eventful: items.length > 0,
    ...(isPassed(state) && goesOn(items, run)),
  };
}

/** The items with the checks without a Job judged: last, since what they say holds for the moment alone. */
function withStanding(
  items: readonly ItemStatus[],
  run: CheckPhaseRun,
  seen: ChecksSeen,
): StandingOutcome {
  const isStanding = ({ definitionName }: ItemStatus): boolean =>
    standingDefinition(definitionName) !== undefined;
  if (!items.some(isStanding)) return { items };
  const others = items.filter((item) => !isStanding(item) && !isNotAwaited(item, run));
  const { now, clockSteps, context, observed = new Set<string>() } = run;
  const isOver = others.every((item) => isCompleted(item.status));
  const judged = judgeStanding(
    {
      namespace: context.namespace,
      items: items.filter(isStanding),
      isLast: isOver && (others.length === 0 || isPassed(stateUnderModes(others, run))),
      observed,
      now,
      clockSteps,
    },
    seen.standing,
  );
  // By which state of its definition it has failed: by another one it is checked again.
  const ended = judged.items.map((item) =>
    item.status === 'Failed' && item.definitionVersion === undefined
      ? {
          ...item,
          ...defined({
            definitionVersion: seen.evaluationDefinitionVersions.get(item.definitionName ?? ''),
          }),
        }
      : item,
  );
  return { ...judged, items: [...items.filter((item) => !isStanding(item)), ...ended] };
}

/** Whether a check that is not waited for runs, if there is one; one that could not begin may never end. */
function goesOn(items: readonly ItemStatus[], run: CheckPhaseRun): Pick<PhaseOutcome, 'goesOn'> {
  const open = items.filter((item) => isNotAwaited(item, run));
  return open.length === 0 ? {} : { goesOn: open.some(({ name }) => name !== undefined) };
}

/** A phase that has passed goes back for nothing: what is found now is a Warning at most. */
function followed(run: CheckPhaseRun): CheckPhaseRun {
  return { ...run, blocking: false, observed: new Set(run.definitions) };
}

/** Whether the phase goes on without the end of this check. */
function isNotAwaited(item: ItemStatus, { observed }: Pick<CheckPhaseRun, 'observed'>): boolean {
  return !isCompleted(item.status) && observed?.has(item.definitionName ?? '') === true;
}

/** A check that is only observed and cannot begin would have held the version: that is a Warning as well. */
function withUnbegun(
  state: KeptnState,
  items: readonly ItemStatus[],
  run: CheckPhaseRun,
): KeptnState {
  return state === 'Succeeded' && items.some((item) => isMissing(item, run)) ? 'Warning' : state;
}

function isMissing(item: ItemStatus, run: CheckPhaseRun): boolean {
  const isStanding = standingDefinition(item.definitionName) !== undefined;
  return isNotAwaited(item, run) && (isStanding || awaitsDefinition(item));
}

/** A phase passes once; of one that has passed only another failure is news. */
function isNews(
  items: readonly ItemStatus[],
  stored: readonly ItemStatus[],
  { isBehind }: CheckPhaseRun,
): boolean {
  if (isBehind !== true) return true;
  const failed = new Set(stored.filter(isFailed).map(({ definitionName }) => definitionName));
  return items.some((item) => item.status === 'Failed' && !failed.has(item.definitionName));
}

/** The checks of a phase that has passed and that are still on their way: they were made, or may be yet. */
export function openChecks(
  { items }: Pick<CheckPhase, 'items'>,
  status: VersionStatus,
  observed: ReadonlySet<string>,
): readonly ItemStatus[] {
  return (status[items] ?? []).filter(
    (item) =>
      !isCompleted(item.status) &&
      (item.name !== undefined || observed.has(item.definitionName ?? '')),
  );
}

/**
 * The checks whose definition does not exist fail when they have waited for it long enough. All of a phase wait together, since
 * the first of them does.
 */
function withinDeadline(
  items: readonly ItemStatus[],
  run: CheckPhaseRun,
): {
  readonly items: readonly ItemStatus[];
  readonly waiting?: Waiting;
  readonly wakeAfterMs?: number | undefined;
} {
  const isAwaiting = (item: ItemStatus): boolean =>
    !isCompleted(item.status) && awaitsDefinition(item) && !isNotAwaited(item, run);
  if (!items.some(isAwaiting)) return { items };
  const { status, definitionLimitMs, now, clockSteps } = run;
  const at = { limitMs: definitionLimitMs, now, clockSteps };
  const deadline = deadlineOf('definition', status.conditions, at);
  const { waiting, wakeAfterMs } = deadline;
  if (!deadline.isOver) return { items, waiting, wakeAfterMs };
  const failed = (item: ItemStatus): ItemStatus =>
    isAwaiting(item)
      ? {
          ...item,
          status: 'Failed',
          definitionVersion: definitionAbsent,
          ...exceeded(deadline, item.message ?? ''),
        }
      : item;
  return { items: items.map(failed) };
}

/**
 * The state of the phase by the modes of its checks. Where every failure warns, the others decide: one that is still to run may
 * block, unless none of them does.
 */
function stateUnderModes(items: readonly ItemStatus[], run: CheckPhaseRun): KeptnState {
  const { blocking, warning = new Set<string>() } = run;
  const warns = ({ definitionName = '' }: ItemStatus) => !blocking || warning.has(definitionName);
  const failed = items.filter(isFailed);
  const others = items.filter((item) => !isFailed(item));
  const state = overallState(
    items.map((item) => item.status),
    items.length,
  );
  if (state !== 'Failed' || !failed.every(warns)) return state;
  const rest = overallState(
    others.map((item) => item.status),
    others.length,
  );
  return rest === 'Succeeded' || others.every(warns) ? 'Warning' : rest;
}

function isFailed({ status }: ItemStatus): boolean {
  return status === 'Failed' || status === 'Deprecated';
}

/** The conditions that say what is unusual about the checks. */
function stating(
  items: readonly ItemStatus[],
  state: KeptnState,
  run: CheckPhaseRun,
): VersionStatus {
  const taken = nameTaken(items, run);
  if (state !== 'Warning') return taken;
  const condition = {
    type: conditionTypes.wouldBlock,
    status: 'True',
    reason: 'CheckWarned',
    message: wouldBlock(items, run),
  } as const;
  const conditions = taken.conditions ?? run.status.conditions;
  return { conditions: withCondition(conditions, condition, run.now) };
}

function wouldBlock(items: readonly ItemStatus[], run: CheckPhaseRun): string {
  const blocking = items.filter((item) => isFailed(item) || isMissing(item, run));
  return `${run.phase.long} would have blocked: ${blocking.map(describeItem).join('; ')}`;
}

function wouldBlockEvent(items: readonly ItemStatus[], run: CheckPhaseRun): EventNote {
  const { object, reportedBy } = run.subject;
  const message = wouldBlock(items, run);
  return { about: object, type: 'Warning', reason: 'WouldBlock', message, reportedBy };
}

/** Says that a check has another name than its first, because that one belongs to something else (B3). */
function nameTaken(items: readonly ItemStatus[], { status, now }: CheckPhaseRun): VersionStatus {
  const renamed = items.filter(({ name, collisionCount = 0 }) => name !== '' && collisionCount > 0);
  if (renamed.length === 0) return {};
  const condition = {
    type: conditionTypes.nameTaken,
    status: 'True',
    reason: 'NameTaken',
    message: `names of checks belong to something else, so others were taken: ${renamed.map(({ name }) => name).join(', ')}`,
  } as const;
  return { conditions: withCondition(status.conditions, condition, now) };
}

// A check has a reason before its end only if somebody has to help, or if it could not be created, or measures what is not
// as it should be; these pass by themselves.
const passing: ReadonlySet<string> = new Set([
  'Terminating',
  'Unavailable',
  passesNow,
  ...toldReasons,
]);

function progressOf(phase: CheckPhase, items: readonly ItemStatus[], isOver: boolean): Progress {
  const passed = items.filter(({ status }) => status === 'Succeeded').length;
  const failed = items.filter(({ status }) => status === 'Failed' || status === 'Deprecated');
  const open = items.filter(({ status }) => !isCompleted(status));
  const count = `${phase.long}: ${passed} of ${items.length} passed`;
  const failures = failed.length > 0 ? `failed: ${failed.map(describeItem).join('; ')}` : '';
  if (isOver && failed.length > 0) {
    return {
      kind: 'failed',
      reason: phase.type === 'tasks' ? 'TaskFailed' : 'EvaluationFailed',
      message: `${failures} (${count})`,
    };
  }
  const helpless = open.find(({ reason }) => reason !== undefined && !passing.has(reason));
  const troubled =
    helpless ?? open.find(({ reason }) => reason !== undefined && reason !== passesNow);
  if (troubled?.reason !== undefined) {
    return {
      kind: helpless === undefined ? 'waiting' : 'stalled',
      reason: troubled.reason,
      message: causeFirst(`waiting for ${describeItem(troubled)}`, failures, count),
    };
  }
  return {
    kind: 'waiting',
    reason: phase.type === 'tasks' ? 'WaitingForTasks' : 'WaitingForEvaluations',
    message: causeFirst(`waiting for ${open.map(describeItem).join(', ')}`, failures, count),
  };
}

/** What is waited for or has failed first, since what shows a message may cut the rest. */
function causeFirst(wait: string, failures: string, count: string): string {
  return `${wait}${failures === '' ? '' : `; ${failures}`} (${count})`;
}

/** `check: BackoffLimitExceeded: the container … (pre-check-abc)` */
export function describeItem(item: ItemStatus): string {
  const name = item.name === undefined ? '' : ` (${item.name})`;
  const why = [item.reason, item.message]
    .filter((text) => text !== undefined && text !== '')
    .join(': ');
  return `${item.definitionName ?? ''}${why === '' ? '' : `: ${why}`}${name}`;
}

/** A phase may have hundreds of checks, each in words of its own; of more only the number is given. */
const mostRefusalsTold = 10;

/** Why a check without a Job does not pass. */
function waits(subject: PhaseSubject, item: ItemStatus): EventNote {
  const { object, reportedBy } = subject;
  const needsHelp = item.status === 'Failed' || !toldReasons.has(item.reason ?? '');
  const type = needsHelp ? 'Warning' : 'Normal';
  return { about: object, type, reason: 'CheckNotPassed', message: describeItem(item), reportedBy };
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
  let refused = 0;
  for (const item of items.after) {
    const before = items.before.find(
      ({ definitionName }) => definitionName === item.definitionName,
    );
    if ((before?.status ?? '') !== item.status) {
      const text = `${what.toLowerCase()} status changed from ${before?.status ?? ''} to ${item.status ?? ''}`;
      events.push(phaseEvent(subject, reconcile, { suffix: 'StatusChanged', text }));
    }
    const isNewReason = item.reason !== undefined && item.reason !== before?.reason;
    if (standingDefinition(item.definitionName) !== undefined) {
      if (isNewReason && item.reason !== passesNow) events.push(waits(subject, item));
      continue;
    }
    if (item.name === undefined && isNewReason) {
      refused += 1;
      if (refused > mostRefusalsTold) continue;
      const text = `could not create Keptn${what}: ${item.message ?? item.reason}`;
      events.push(phaseEvent(subject, create, { suffix: 'Failed', text, type: 'Warning' }));
    }
  }
  const more = refused - mostRefusalsTold;
  if (more <= 0) return events;
  const text = `could not create ${more} more; the status lists all of them`;
  return [...events, phaseEvent(subject, create, { suffix: 'Failed', text, type: 'Warning' })];
}
