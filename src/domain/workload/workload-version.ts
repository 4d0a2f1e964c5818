import { onThisClock } from '../clock-steps.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import {
  type ChecksRequest,
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { advance, type Advanced, stated } from '../phase/advance.ts';
import { openNextAttempt } from '../phase/attempt.ts';
import {
  type CheckModes,
  mildDefinitions,
  type MildDefinitions,
  modeOf,
} from '../check/check-modes.ts';
import { type CheckPhaseRun, openChecks, runCheckPhase } from '../check/check-phase.ts';
import type { ChecksSeen } from '../check/checks.ts';
import { definitionsIn, heldWithoutPods, waitsForPods } from '../deployment/checks-without-pods.ts';
import { conditionTypes, type Progress, withCondition } from '../conditions.ts';
import { deadlineOf, exceeded } from '../deadline.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { setBack } from '../deployment/deployment-clock.ts';
import { deploymentTimeoutMs } from '../settings/deployment-timeout.ts';
import type { Settings } from '../settings/keptn-config.ts';
import { newestListing } from '../phase/newest-app-version.ts';
import { hasFailedHeld } from '../gate/check-again.ts';
import { hasFailedChecks } from '../gate/failed-version.ts';
import { mendedDefinition, repeatedMessage } from '../check/repeated-checks.ts';
import { isOfOptIn, withOptInRelease } from './opt-in-record.ts';
import { type CheckPhase, isPassed, workloadPhases } from '../phase/phases.ts';
import { type EventNote, nothing, onlyWhile, type Plan, storing } from '../plan.ts';
import { isLeftOut, notOptedIn, notOptedInReason, type OptInState } from '../opt-in-state.ts';
import {
  isReleased,
  type ReleaseSeen,
  runDeployment,
  withKeptnsRelease,
  withRevisions,
} from '../gate/release.ts';
import { withRequests } from './shared-version.ts';
import { isSuperseded, superseded } from '../phase/superseded.ts';
import { parseTime } from '../time.ts';
import { isRetired } from '../owner/retired-workload.ts';
import { refToOwner } from '../owner/rollout-owner.ts';
import { isAborted } from '../phase/aborted.ts';
import {
  handReleaseAt,
  isExcused,
  releaseEnded,
  untilReleaseEnds,
  withExpiry,
} from '../phase/hand-release.ts';
import { pauseOf } from '../steering/pause.ts';
import { asksForCurrent, steered } from '../steering/steer.ts';
import {
  planAfterEnd,
  type VersionFollowUpsSeen,
  withFollowUpsOfChecks,
  withRecorded,
} from '../follow-up/version-follow-ups.ts';
import {
  appNotFound,
  type AppsSeen,
  endsByItself,
  waitEvent,
  waitForApp,
} from '../gate/wait-for-app.ts';
import { attemptOf } from '../phase/version-status.ts';
import { carriersOf, isWanted } from './wanted-version.ts';
import { contextOf, followedIn, subjectOf } from './workload-version-context.ts';
import { remainingMs } from '../remaining.ts';
import { defined } from '../../api/json.ts';

/** What the decision on a workload version knows of the world. */
export interface WorkloadVersionSeen
  extends
    ChecksSeen,
    VersionFollowUpsSeen,
    AppsSeen,
    Pick<ReleaseSeen, 'now' | 'clockSteps' | 'revisions' | 'pods'> {
  readonly settings: Settings;
  readonly optIn: OptInState;
  /** What a failed check does. */
  readonly modes: CheckModes;
  /** Undefined while the cache does not have it: then nothing can be said about which version is current. */
  readonly workload: KeptnWorkload | undefined;
  /** All owners of the workload with their current revisions. */
  readonly owners: readonly OwnerSeen[];
  /** What those that carry the version ask for. */
  readonly requests: readonly ChecksRequest[];
}

/**
 * A wait shorter than this is not worth a write: the app version of a single service follows within a blink. Of these two
 * seconds the API server's whole-second creation times may take one.
 */
const graceMs = 2_000;

const completed = { short: 'WorkloadCompleted', long: 'Workload Completed' };

/**
 * What should happen to a workload version:
 *
 *     wait for the app's checks ──► pre-deployment tasks ──► evaluations ──► deployment ──► post-deployment … ──► Completed
 *                                                                 Released ─┘
 *     another version becomes current: Deprecated (Superseded); current again: the unfinished phases as the next attempt
 *     failed before its release, and the definition of a failed check was changed: the same
 */
export function decideWorkloadVersion(seen: WorkloadVersionSeen): Plan {
  if (seen.version.metadata.deletionTimestamp !== undefined) return nothing;
  // What runs is put on record first.
  if (seen.optIn === 'recording') return nothing;
  return untilReleaseEnds(decide(seen), seen);
}

function decide(seen: WorkloadVersionSeen): Plan {
  const { version, now } = seen;
  const wanted = isWanted(version, seen);
  const known = takenOver(seen, wanted);
  const status = withExpiry(known, { now, of: version });
  const hasExpired = status !== known;
  // What is asked of a version that is current again is judged when it has been opened again: now it is still over.
  const isBack = wanted === 'yes' && isSuperseded(status) && seen.optIn !== 'no' && !hasExpired;
  const byHand = isBack
    ? undefined
    : steer(seen, status, hasExpired ? [releaseEnded(version, status)] : []);
  if (byHand !== undefined) return byHand;
  if (isLeftAlone(seen, status)) return leftAlone(seen, status);

  if (isCompleted(status.status)) {
    const isRepeated =
      seen.settings.repeatFailedChecks && hasFailedHeld({ status }) && !isAborted(status);
    const mended = isRepeated ? mendedDefinition(status, seen) : undefined;
    if (
      seen.optIn === 'no' ||
      wanted !== 'yes' ||
      (!isSuperseded(status) && mended === undefined)
    ) {
      return ended(seen, status);
    }
    const next = openNextAttempt(status, { phases: workloadPhases, now });
    const plan = progress(seen, isPassed(next.deploymentStatus) ? next : setBack(next));
    return mended === undefined ? plan : withNotes(plan, repeated(seen, mended));
  }
  const due = wasLeftAlone(status) && !isPassed(status.deploymentStatus) ? setBack(status) : status;
  return wanted === 'no' ? supersede(seen, due) : progress(seen, due);
}

/**
 * Whether the version is in flight in a Namespace that is not opted in: its Pods are not held, tasks that run come to their
 * end by themselves, and nothing new begins. One that has failed is held there, and goes on when somebody asks for a retry.
 */
function isLeftAlone({ optIn, version }: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus) {
  return isLeftOut(optIn) && !isCompleted(status.status) && !hasFailedChecks(version);
}

function leftAlone(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const { version, now, optIn } = seen;
  const consequence = 'no further check of this version begins and none of its Pods is held';
  const told = notOptedIn('waiting', version, { optIn, consequence });
  const conditions = stated(status, told, { subject: subjectOf(version), now });
  return write(seen, { status: { ...status, conditions }, events: [] });
}

/** Whether its Namespace was not opted in when it was decided last: no time-out ran then. */
function wasLeftAlone({ conditions }: KeptnWorkloadVersionStatus): boolean {
  return conditions?.some(({ reason }) => reason === notOptedInReason) === true;
}

/** What people have asked for, and a release by hand that has ended: stored before anything follows from it. */
function steer(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  ended_: readonly EventNote[],
): Plan | undefined {
  const { version, now } = seen;
  const subject = subjectOf(version);
  const isCurrent = isWanted(version, seen) !== 'no';
  const look = isCurrent || !asksForCurrent(status, version) ? [] : unreadOfCurrent(seen);
  if (look.length > 0) return { look };
  const of = { version, phases: workloadPhases, subject, now, isHeld: true, isCurrent };
  const done = steered(status, of);
  if (done === undefined && ended_.length === 0) return undefined;
  const next = done?.status ?? status;
  const isNewAttempt = attemptOf(next) !== attemptOf(status) && !isPassed(next.deploymentStatus);
  const events = [...ended_, ...(done?.events ?? [])];
  return write(seen, {
    status: withNoted(isNewAttempt ? setBack(next) : next, seen.revisions),
    events: events.flatMap((note) => [note, ...onOwners(seen, note)]),
  });
}

/** What says which version is current, as far as it was not read live. */
function unreadOfCurrent({ workload, owners, ...seen }: WorkloadVersionSeen): readonly ObjectRef[] {
  const refs = owners.map(({ owner }) => refToOwner(owner));
  if (workload !== undefined) refs.push(refOf(KeptnWorkload, workload));
  return refs.filter((ref) => seen.live(ref) === 'unread');
}

/** The stored status, with the release of what ran at the opt-in, or Keptn's release on record if it matters: it is the current version, or there are Pods of it. */
function takenOver(
  { version, revisions, owners, now }: WorkloadVersionSeen,
  wanted: 'yes' | 'no' | 'unknown',
): KeptnWorkloadVersionStatus {
  const status = version.status ?? {};
  const carriers = carriersOf(version, owners);
  if (isOfOptIn(version)) return withOptInRelease(version, { now, owners: carriers });
  const isSteered = wanted === 'unknown' && asksForCurrent(status, version);
  const matters =
    wanted === 'yes' || isSteered || revisions.length > 0 || !isCompleted(status.status);
  return matters ? withKeptnsRelease(version, { now, owners: carriers }) : status;
}

/** That a version that had failed is checked again, on it and on its owners. */
function repeated(seen: WorkloadVersionSeen, definition: string): readonly EventNote[] {
  const message = repeatedMessage(definition);
  const note = { about: seen.version, type: 'Normal', reason: 'ChecksRepeated', message } as const;
  return [note, ...onOwners(seen, note)];
}

function withNotes(plan: Plan, notes: readonly EventNote[]): Plan {
  return plan.status === undefined ? plan : { ...plan, events: [...notes, ...(plan.events ?? [])] };
}

function progress(seen: WorkloadVersionSeen, before: KeptnWorkloadVersionStatus): Plan {
  const { status, events } = withRequests(before, seen);
  const begun = status.currentPhase !== undefined && status.currentPhase !== '';
  const isFree = begun || handReleaseAt(status, seen.now) !== undefined;
  const holdup = isFree ? undefined : waitForApp(seen);
  if (holdup?.reason === appNotFound) return waitWithDeadline(seen, status, holdup);
  if (holdup !== undefined) return wait(seen, status, holdup);
  const metadata = newestListing(seen.version, seen)?.spec.metadata;
  const informed =
    metadata === undefined || begun ? status : { ...status, appContextMetadata: { ...metadata } };
  const paused = pauseOf(seen.workload, seen.app);
  const plan =
    paused === undefined ? planOf(seen, run(seen, informed)) : pause(seen, informed, paused);
  return plan.status === undefined
    ? plan
    : { ...plan, events: [...events, ...(plan.events ?? [])] };
}

/** The phase that runs comes to its end, and none begins; nothing is released. */
function pause(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  paused: Progress,
): Plan {
  const isHeld = status.currentPhase === 'WorkloadDeploy' && !isReleased(status);
  const last = isHeld ? undefined : run(seen, status, true);
  if (last !== undefined && last.end !== 'stopped') return planOf(seen, last);
  const reached = last?.status ?? status;
  const subject = subjectOf(seen.version);
  return write(seen, {
    status: { ...reached, conditions: stated(reached, paused, { subject, now: seen.now }) },
    events: last?.events ?? [],
  });
}

/** Waits for an application that lists the version, and not longer than its deadline. */
function waitWithDeadline(
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

function wait(
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

function run(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  lastPhase = false,
): Advanced<KeptnWorkloadVersionStatus> {
  const { version, now } = seen;
  const subject = subjectOf(seen.version);
  const carriers = carriersOf(version, seen.owners);
  return advance<KeptnWorkloadVersionStatus>({
    phases: workloadPhases,
    status,
    subject,
    now,
    completed,
    lastPhase,
    follow: (phase, at) => {
      if (phase.type === 'deploy') return undefined;
      const checks = checkRun(phase, at, seen);
      const isOpen = openChecks(phase, at, checks.observed).length > 0;
      return isOpen ? runCheckPhase({ ...checks, isBehind: true }, seen) : undefined;
    },
    run: (phase, at) =>
      phase.type === 'deploy'
        ? runDeployment(phase, at, {
            ...seen,
            owners: carriers,
            timeoutMs: timeoutOf(seen),
            subject,
          })
        : (heldWithoutPods(phase, at, { version, carriers }) ??
          runCheckPhase(checkRun(phase, at, seen), seen)),
  });
}

/** What a phase of checks of this version is run with. */
function checkRun(
  phase: CheckPhase,
  status: KeptnWorkloadVersionStatus,
  seen: WorkloadVersionSeen,
): CheckPhaseRun & MildDefinitions {
  const { version, modes, now, clockSteps } = seen;
  const definitions = definitionsIn(phase, version, status);
  return {
    phase,
    definitions,
    status,
    context: contextOf(version, status),
    subject: subjectOf(version),
    blocking: !isExcused(phase, status, now),
    ...mildDefinitions(definitions, { ...phase, modes }, seen),
    now,
    clockSteps,
    definitionLimitMs: seen.settings.deadlines.definition,
  };
}

/** Of the workload, its application or the KeptnConfig, whichever says it first. */
function timeoutOf({ version, settings, ...seen }: WorkloadVersionSeen): number {
  const ofApp = newestListing(version, seen)?.spec.deploymentTimeout;
  return deploymentTimeoutMs([version.spec.deploymentTimeout, ofApp], settings);
}

/**
 * A version that no owner carries any more (B11). Once Released, what runs may end; otherwise it is over now, and checks that
 * wait for its first Pod do not begin without one.
 */
function supersede(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const { workload } = seen;
  const deploying = status.currentPhase === 'WorkloadDeploy' || waitsForPods({ status });
  const last = isReleased(status) && !deploying ? run(seen, status, true) : undefined;
  if (last !== undefined && last.end !== 'stopped') return planOf(seen, last);
  // The cache may still show the workload as it was before it came to this version.
  const ref = workload && refOf(KeptnWorkload, workload);
  if (ref !== undefined && seen.live(ref) === 'unread') return { look: [ref] };
  const over = superseded(last?.status ?? status, {
    phases: workloadPhases,
    subject: subjectOf(seen.version),
    now: seen.now,
    by: workload?.spec.version,
    why: isRetired(workload) ? 'no owner carries this workload any more' : undefined,
  });
  return write(seen, { ...over, events: [...(last?.events ?? []), ...over.events] });
}

/**
 * A version that has come to its end: taken note of are still revisions that may start, what follows, and owners whose
 * checks it does not run any more.
 */
function ended(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const noted = withNoted(status, seen.revisions);
  const { status: told, events } = isReleased(noted)
    ? withRequests(noted, seen)
    : { status: noted, events: [] };
  const plan = planAfterEnd(told, followedIn(seen.version, told), seen);
  return { ...plan, events: [...events, ...(plan.events ?? [])] };
}

/** The status with these revisions among those that may start; the same one if they are already, or must not. */
function withNoted(
  status: KeptnWorkloadVersionStatus,
  revisions: readonly string[],
): KeptnWorkloadVersionStatus {
  const known = status.releasedRevisions ?? [];
  const isKnown = revisions.every((revision) => known.includes(revision));
  if (isKnown || !isReleased(status)) return status;
  return { ...status, releasedRevisions: withRevisions(known, revisions) };
}

function planOf(seen: WorkloadVersionSeen, done: Advanced<KeptnWorkloadVersionStatus>): Plan {
  if (done.look.length > 0) return { look: done.look };
  const warnings = done.events.filter(({ type }) => type === 'Warning');
  // Of an end the first says it all; the others repeat it for phase and version.
  const forOwners = done.end === 'failed' ? warnings.slice(0, 1) : warnings;
  const { maxFollowUpDepth: limit, maxFollowUps: total } = seen.settings;
  const recorded = withRecorded(done.status, followedIn(seen.version, done.status), {
    limit,
    total,
    now: seen.now,
  });
  return {
    effects: done.effects,
    ...onlyWhile(KeptnWorkloadVersion, seen.version),
    ...write(seen, {
      status: withNoted(recorded.status, seen.revisions),
      events: [
        ...done.events,
        ...forOwners.flatMap((note) => onOwners(seen, note)),
        ...recorded.events,
      ],
    }),
    // Its Pods start already: what is told of them makes no Pod wait.
    isBookkeeping: isReleased(seen.version.status) && done.effects.length === 0,
    ...defined({ wakeAfterMs: done.wakeAfterMs }),
  };
}

function write(
  seen: WorkloadVersionSeen,
  change: { status: KeptnWorkloadVersionStatus; events: readonly EventNote[] },
): Pick<Plan, 'status' | 'events'> {
  const status = withFollowUpsOfChecks(change.status, workloadPhases, seen);
  return { ...storing(KeptnWorkloadVersion, seen.version, status), events: change.events };
}

/** The same Event on what people look at first: the objects they applied. */
function onOwners({ version, owners }: WorkloadVersionSeen, note: EventNote): readonly EventNote[] {
  return carriersOf(version, owners).map(({ owner }) => ({ ...note, about: owner.object }));
}
