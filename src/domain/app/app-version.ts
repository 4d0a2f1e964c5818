import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion, type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf, ownedBy } from '../../api/object.ts';
import { advance, type Advanced, stated } from '../phase/advance.ts';
import { takenOver, withOwnChecks } from './carried-checks.ts';
import { type CheckContext } from '../check/child-objects.ts';
import { type CheckModes, mildDefinitions, type MildDefinitions } from '../check/check-modes.ts';
import { type CheckPhaseRun, openChecks, runCheckPhase } from '../check/check-phase.ts';
import type { ChecksSeen } from '../check/checks.ts';
import type { Progress } from '../conditions.ts';
import type { Settings } from '../settings/keptn-config.ts';
import { appChecks, recordedVersion } from '../phase/newest-app-version.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { appPhases, type CheckPhase } from '../phase/phases.ts';
import { type EventNote, nothing, onlyWhile, type Plan, storing } from '../plan.ts';
import { isLeftOut, notOptedIn, type OptInState } from '../opt-in-state.ts';
import { openNextAttempt } from '../phase/attempt.ts';
import { mendedDefinition, repeatedMessage } from '../check/repeated-checks.ts';
import type { Moment } from '../clock-steps.ts';
import { deploymentTimeoutMs } from '../settings/deployment-timeout.ts';
import { isGenerated } from './generated-app.ts';
import { runWorkloads, underWayAgain, type WorkloadsSeen } from './app-workloads.ts';
import { isPromotion, runPromotion, withMilestones } from './promotion.ts';
import { superseded } from '../phase/superseded.ts';
import {
  type FollowedVersion,
  planAfterEnd,
  type VersionFollowUpsSeen,
  withFollowUpsOfChecks,
  withRecorded,
} from '../follow-up/version-follow-ups.ts';
import { attemptOf } from '../phase/version-status.ts';
import { isAborted } from '../phase/aborted.ts';
import {
  isExcused,
  isHeldByChecks,
  releaseEnded,
  untilReleaseEnds,
  withExpiry,
} from '../phase/hand-release.ts';
import { pauseOf } from '../steering/pause.ts';
import { asksForCurrent, steered } from '../steering/steer.ts';
import { defined } from '../../api/json.ts';

/** What the decision on an app version knows of the world. */
export interface AppVersionSeen extends ChecksSeen, VersionFollowUpsSeen, Moment {
  readonly version: KeptnAppVersion;
  readonly settings: Settings;
  readonly optIn: OptInState;
  /** What a failed check does. */
  readonly modes: CheckModes;
  /** Undefined while the cache does not have it. */
  readonly app: KeptnApp | undefined;
  /** All versions of the app, this one among them. */
  readonly siblings: readonly KeptnAppVersion[];
  /** Every workload version of the app in the namespace. */
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
}

const completed = { short: 'AppCompleted', long: 'App Completed' };

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
  const unread = (again ?? [])
    .map((one) => refOf(KeptnWorkloadVersion, one))
    .filter((ref) => seen.live(ref) === 'unread');
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

/** What the phase of the workloads is judged from. Of a generated app that lists what is gone, the next version is on its way. */
function workloadsIn(seen: AppVersionSeen): WorkloadsSeen {
  const { app, version, settings, now, clockSteps, workloadVersions } = seen;
  const isUsers = app !== undefined && !isGenerated(app);
  const leftTimeoutMs = isUsers
    ? deploymentTimeoutMs([version.spec.deploymentTimeout], settings)
    : undefined;
  return { version, workloadVersions, leftTimeoutMs, now, clockSteps };
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
  return seen.live(ref) === 'unread' ? ref : undefined;
}

function run(
  seen: AppVersionSeen,
  status: KeptnAppVersionStatus,
  lastPhase = false,
): Advanced<KeptnAppVersionStatus> {
  const { version, settings } = seen;
  const subject = subjectOf(version);
  return advance<KeptnAppVersionStatus>({
    phases: appPhases,
    skips: (phase) => isPromotion(phase) && !settings.promotionTasksEnabled,
    status,
    subject,
    now: seen.now,
    completed,
    lastPhase,
    follow: (phase, at) => {
      if (phase.type === 'deploy' || isPromotion(phase)) return undefined;
      const checks = checkRun(phase, at, seen);
      const isOpen = openChecks(phase, at, checks.observed).length > 0;
      return isOpen ? runCheckPhase({ ...checks, isBehind: true }, seen) : undefined;
    },
    run: (phase, at) => {
      if (phase.type === 'deploy') return runWorkloads(at, { seen: workloadsIn(seen), subject });
      const { observed, warning, ...checks } = checkRun(phase, at, seen);
      return isPromotion(phase)
        ? runPromotion(checks, { spec: version.spec, status: at, settings, seen })
        : runCheckPhase({ ...checks, observed, warning }, seen);
    },
  });
}

/** What a phase of checks of this version is run with. */
function checkRun(
  phase: CheckPhase,
  status: KeptnAppVersionStatus,
  seen: AppVersionSeen,
): CheckPhaseRun & MildDefinitions {
  const { version, modes, now, clockSteps, settings } = seen;
  const definitions = version.spec[phase.definitions] ?? [];
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
    definitionLimitMs: settings.deadlines.definition,
  };
}

function planOf(seen: AppVersionSeen, done: Advanced<KeptnAppVersionStatus>): Plan {
  if (done.look.length > 0) return { look: done.look };
  const { maxFollowUpDepth: limit, maxFollowUps: total } = seen.settings;
  const recorded = withRecorded(done.status, followedIn(seen, done.status), {
    limit,
    total,
    now: seen.now,
  });
  return {
    effects: done.effects,
    ...onlyWhile(KeptnAppVersion, seen.version),
    ...write(seen, {
      status: recorded.status,
      events: [...done.events, ...recorded.events],
    }),
    // Its workloads begin already: what is told of them makes no Pod wait.
    isBookkeeping: appChecks(seen.version) !== 'open' && done.effects.length === 0,
    ...defined({ wakeAfterMs: done.wakeAfterMs }),
  };
}

function write(
  seen: AppVersionSeen,
  change: Pick<Advanced<KeptnAppVersionStatus>, 'status' | 'events'>,
): Pick<Plan, 'status' | 'events'> {
  const status = withFollowUpsOfChecks(change.status, appPhases, seen);
  return {
    ...storing(KeptnAppVersion, seen.version, withMilestonesOf(seen, status)),
    events: change.events,
  };
}

function withMilestonesOf(
  { version, settings, now }: AppVersionSeen,
  status: KeptnAppVersionStatus,
): KeptnAppVersionStatus {
  const conditions = withMilestones({ spec: version.spec, status, settings }, { now, of: version });
  return { ...status, conditions };
}

function followedIn(
  { version }: AppVersionSeen,
  status: KeptnAppVersionStatus,
): FollowedVersion<KeptnAppVersionStatus> {
  return {
    version,
    kind: KeptnAppVersion,
    phases: appPhases,
    subject: subjectOf(version),
    context: contextOf(version, status),
  };
}

function subjectOf(version: KeptnAppVersion): PhaseSubject {
  const { spec, metadata } = version;
  return {
    object: version,
    version: spec.version,
    annotations: { appName: spec.appName, appVersion: spec.version, appVersionName: metadata.name },
    reportedBy: 'keptnappversion-controller',
  };
}

function contextOf(version: KeptnAppVersion, status: KeptnAppVersionStatus): CheckContext {
  const { spec, metadata } = version;
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnAppVersion, version),
    appName: spec.appName,
    appVersion: spec.version,
    workloadName: '',
    workloadVersion: '',
    objectType: 'App',
    metadata: spec.metadata ?? {},
    attempt: attemptOf(status),
  };
}
