import { isUnread, unreadOf } from '../answers.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersionStatus } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { stated } from '../phase/advance.ts';
import { openNextAttempt } from '../phase/attempt.ts';
import { waitsForPods } from '../deployment/checks-without-pods.ts';
import type { Progress } from '../conditions.ts';
import { setBack } from '../deployment/deployment-clock.ts';
import { newestListing } from '../phase/newest-app-version.ts';
import { hasFailedHeld } from '../gate/check-again.ts';
import { hasFailedChecks } from '../gate/failed-version.ts';
import { mendedDefinition, repeatedMessage } from '../check/repeated-checks.ts';
import { isOfOptIn, withOptInRelease } from './opt-in-record.ts';
import { isPassed, workloadPhases } from '../phase/phases.ts';
import { type EventNote, nothing, type Plan } from '../plan.ts';
import { isLeftOut, notOptedIn, notOptedInReason } from '../opt-in-state.ts';
import { isReleased, withKeptnsRelease } from '../gate/release.ts';
import { withRequests } from './shared-version.ts';
import { isSuperseded, superseded } from '../phase/superseded.ts';
import { isRetired } from '../owner/retired-workload.ts';
import { refToOwner } from '../owner/rollout-owner.ts';
import { isAborted } from '../phase/aborted.ts';
import {
  handReleaseAt,
  releaseEnded,
  untilReleaseEnds,
  withExpiry,
} from '../phase/hand-release.ts';
import { pauseOf } from '../steering/pause.ts';
import { asksForCurrent, steered } from '../steering/steer.ts';
import { planAfterEnd } from '../follow-up/version-follow-ups.ts';
import { appNotFound, waitForApp } from '../gate/wait-for-app.ts';
import { attemptOf } from '../phase/version-status.ts';
import { carriersOf, isWanted } from './wanted-version.ts';
import { followedIn, subjectOf } from './workload-version-context.ts';
import { run, type WorkloadVersionSeen } from './workload-version-run.ts';
import { onOwners, planOf, withNoted, write } from './workload-version-plan.ts';
import { wait, waitWithDeadline } from './wait-for-listing.ts';

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
  const isBack = wanted === 'yes' && isSuperseded(status) && !isLeftOut(seen.optIn) && !hasExpired;
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
      isLeftOut(seen.optIn) ||
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
  return unreadOf(refs, seen);
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
  if (ref !== undefined && isUnread(ref, seen)) return { look: [ref] };
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
