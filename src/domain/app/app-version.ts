import { isUnread, unreadOf } from '../answers.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { stated } from '../phase/advance.ts';
import { takenOver, withOwnChecks } from './carried-checks.ts';
import type { Progress } from '../conditions.ts';
import { recordedVersion } from '../phase/newest-app-version.ts';
import { appPhases } from '../phase/phases.ts';
import { type EventNote, nothing, type Plan } from '../plan.ts';
import { isLeftOut, notOptedIn } from '../opt-in-state.ts';
import { openNextAttempt } from '../phase/attempt.ts';
import { mendedDefinition, repeatedMessage } from '../check/repeated-checks.ts';
import { underWayAgain } from './app-workloads.ts';
import { superseded } from '../phase/superseded.ts';
import { planAfterEnd } from '../follow-up/version-follow-ups.ts';
import { attemptOf } from '../phase/version-status.ts';
import { isAborted } from '../phase/aborted.ts';
import {
  isHeldByChecks,
  releaseEnded,
  untilReleaseEnds,
  withExpiry,
} from '../phase/hand-release.ts';
import { pauseOf } from '../steering/pause.ts';
import { asksForCurrent, steered } from '../steering/steer.ts';
import { planOf, withMilestonesOf, write } from './app-version-plan.ts';
import { followedIn, subjectOf } from './app-version-context.ts';
import { type AppVersionSeen, run, workloadsIn } from './app-version-run.ts';

/** What should happen to an app version: from its own checks over its workloads to the promotion. */
export function decideAppVersion(seen: AppVersionSeen): Plan {
  if (seen.version.metadata.deletionTimestamp !== undefined) return nothing;
  // What runs is put on record first.
  if (seen.optIn === 'recording') return nothing;
  return untilReleaseEnds(decide(seen), seen);
}

function decide(seen: AppVersionSeen): Plan {
  const { version, now } = seen;
  const known: KeptnAppVersionStatus = version.status ?? {};
  const status = withExpiry(known, { now, of: version });
  const byHand = steer(seen, status, status === known ? [] : [releaseEnded(version, status)]);
  if (byHand !== undefined) return byHand;
  if (isLeftAlone(seen, status)) return leftAlone(seen, status);
  const newer = newerVersion(seen);
  if (newer !== undefined && isSupersededBy(newer, version)) return supersede(seen, status, newer);
  if (isCompleted(status.status)) return afterEnd(seen, status);
  if (!mayRun(seen, status)) return nothing;
  const paused = pauseOf(seen.app);
  if (paused !== undefined) return pause(seen, status, paused);
  return isFirstLook(status) ? begin(seen, status) : planOf(seen, run(seen, status));
}

/**
 * Whether the version is in flight in a Namespace that is not opted in, so that none of the workloads it lists is followed:
 * nothing new begins. One without workloads runs as in Keptn, and one that has failed goes on when somebody asks for a retry.
 */
function isLeftAlone({ optIn, version }: AppVersionSeen, status: KeptnAppVersionStatus): boolean {
  const listsAny = (version.spec.workloads ?? []).length > 0;
  const isRetried = status.attempts?.some((over) => over.status === 'Failed') === true;
  return isLeftOut(optIn) && listsAny && !isCompleted(status.status) && !isRetried;
}

function leftAlone(seen: AppVersionSeen, status: KeptnAppVersionStatus): Plan {
  const { version, now, optIn } = seen;
  if (!mayRun(seen, status)) return nothing;
  const consequence = 'no further check of this version begins';
  const progress = notOptedIn('waiting', version, { optIn, consequence });
  const conditions = stated(status, progress, { subject: subjectOf(version), now });
  return write(seen, { status: { ...status, conditions }, events: [] });
}

/** An attempt after the first begins without a phase as well, and runs its checks itself: somebody asked for that. */
function isFirstLook(status: KeptnAppVersionStatus): boolean {
  return (status.currentPhase ?? '') === '' && attemptOf(status) === 1;
}

/** What people have asked for, and a release by hand that has ended: stored before anything follows from it. */
function steer(
  seen: AppVersionSeen,
  status: KeptnAppVersionStatus,
  ended: readonly EventNote[],
): Plan | undefined {
  const { version, now } = seen;
  const subject = subjectOf(version);
  const isHeld = isHeldByChecks(status);
  const isCurrent = newerVersion(seen) === undefined;
  const look = isCurrent || !asksForCurrent(status, version) ? undefined : unreadApp(seen);
  if (look !== undefined) return { look: [look] };
  const done = steered(status, { version, phases: appPhases, subject, now, isHeld, isCurrent });
  if (done === undefined && ended.length === 0) return undefined;
  const events = [...ended, ...(done?.events ?? [])];
  return write(seen, { status: withOwnChecks(done?.status ?? status), events });
}

/** While the application is paused, the phase that runs comes to its end, and none begins. */
function pause(seen: AppVersionSeen, status: KeptnAppVersionStatus, paused: Progress): Plan {
  const last = run(seen, status, true);
  if (last.end !== 'stopped') return planOf(seen, last);
  const { now, version } = seen;
  const conditions = stated(last.status, paused, { subject: subjectOf(version), now });
  return write(seen, { status: { ...last.status, conditions }, events: last.events });
}

/** The first look at a version: what it takes over from the one whose roll-out it supersedes. */
function begin(seen: AppVersionSeen, status: KeptnAppVersionStatus): Plan {
  const taken = takenOver(seen);
  const plan = planOf(seen, run(seen, { ...status, ...taken.status }));
  return plan.status === undefined
    ? plan
    : { ...plan, events: [...taken.events, ...(plan.events ?? [])] };
}

/**
 * Whether it runs: a version begins once its app has it on record, which follows its creation at once. Name and owner can be
 * given to any object; a version that something else has made, without the checks of the app, never begins.
 */
function mayRun({ app, version }: AppVersionSeen, { currentPhase = '' }: KeptnAppVersionStatus) {
  const hasBegun = currentPhase !== '';
  return hasBegun || (app !== undefined && recordedVersion(app) === version.metadata.uid);
}

/**
 * A version that has ended stays as it is, but for the app's current one that failed: it goes on when the workloads by which it
 * did are checked again or have passed since, and when its own checks may pass now.
 */
function afterEnd(seen: AppVersionSeen, status: KeptnAppVersionStatus): Plan {
  const { app, version, now, settings } = seen;
  const isCurrent = app !== undefined && recordedVersion(app) === version.metadata.uid;
  // What a hand has stopped goes on by a hand.
  if (isAborted(status) || pauseOf(app) !== undefined || isLeftOut(seen.optIn)) {
    return planAfterEnd(status, followedIn(seen, status), seen);
  }
  const mended =
    isCurrent && settings.repeatFailedChecks ? mendedDefinition(status, seen) : undefined;
  const again =
    isCurrent && hasFailedInWorkloads(status)
      ? underWayAgain(status, workloadsIn(seen))
      : undefined;
  if (mended === undefined && again === undefined) {
    return planAfterEnd(status, followedIn(seen, status), seen);
  }
  // The cache may show workload versions as they were before they have failed.
  const unread = unreadOf(
    (again ?? []).map((one) => refOf(KeptnWorkloadVersion, one)),
    seen,
  );
  if (unread.length > 0) return { look: unread };
  const plan = planOf(seen, run(seen, openNextAttempt(status, { phases: appPhases, now })));
  if (mended === undefined || plan.status === undefined) return plan;
  const message = repeatedMessage(mended);
  const note = { about: version, type: 'Normal', reason: 'ChecksRepeated', message } as const;
  return { ...plan, events: [note, ...(plan.events ?? [])] };
}

/** Whether an app version failed because a workload did: it goes on when that does. */
export function hasFailedInWorkloads(status: KeptnAppVersionStatus = {}): boolean {
  return status.status === 'Failed' && status.workloadOverallStatus === 'Failed';
}

/** The version that is on record for the app as it is now, if that is another one than this. */
function newerVersion({ app, siblings, version }: AppVersionSeen): KeptnAppVersion | undefined {
  const recorded = app && recordedVersion(app);
  if (recorded === undefined) return undefined;
  const current = siblings.find(({ metadata }) => metadata.uid === recorded);
  return current?.metadata.uid === version.metadata.uid ? undefined : current;
}

/** An end stays as it is, unless the same version is run anew: by a raised revision. */
function isSupersededBy(newer: KeptnAppVersion, { spec, status }: KeptnAppVersion): boolean {
  if (!isCompleted(status?.status)) return true;
  return newer.spec.version === spec.version && status?.status !== 'Deprecated';
}

/**
 * The end of a version that is not the app's current one any more (B11). What runs behind the deployment may end first.
 * After a raised revision the whole version is Deprecated, however far it came, as in Keptn.
 */
function supersede(
  seen: AppVersionSeen,
  status: KeptnAppVersionStatus,
  newer: KeptnAppVersion,
): Plan {
  const sameVersion = newer.spec.version === seen.version.spec.version;
  const isBehind = status.workloadOverallStatus === 'Succeeded' && !isCompleted(status.status);
  const last = isBehind && !sameVersion ? run(seen, status, true) : undefined;
  if (last !== undefined && last.end !== 'stopped') return planOf(seen, last);
  // An app that is older in the cache than its newest version would name the wrong one.
  const look = unreadApp(seen);
  if (look !== undefined) return { look: [look] };
  const reached = last?.status ?? status;
  // Stated before the phases say Deprecated: being superseded takes no milestone back.
  const over = superseded(withMilestonesOf(seen, reached), {
    phases: appPhases,
    subject: subjectOf(seen.version),
    now: seen.now,
    by: sameVersion ? `${newer.spec.version} (${newer.metadata.name})` : newer.spec.version,
    whole: sameVersion,
  });
  return write(seen, { ...over, events: [...(last?.events ?? []), ...over.events] });
}

function unreadApp(seen: AppVersionSeen): ObjectRef | undefined {
  const { spec, metadata } = seen.version;
  const ref: ObjectRef = {
    kind: KeptnApp,
    namespace: metadata.namespace ?? '',
    name: spec.appName,
  };
  return isUnread(ref, seen) ? ref : undefined;
}
