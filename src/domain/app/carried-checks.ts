import type { KeptnAppVersion, KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnApp } from '../../api/keptn/app.ts';
import { isEqualJson } from '../../api/json.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { isPassed } from '../phase/phases.ts';
import { isSuperseded } from '../phase/superseded.ts';
import type { EventNote } from '../plan.ts';
import { parseTime } from '../time.ts';
import { isGenerated } from './generated-app.ts';

/*
 * Each change of a workload makes a new version of a generated application, and supersedes the one whose roll-out is under way.
 * Without what is decided here a busy application would run its own checks again and again, and never come to its promotion.
 */

/** An app version that begins, and those before it. */
export interface BeginningSeen extends Moment {
  readonly version: KeptnAppVersion;
  readonly app: KeptnApp | undefined;
  /** All versions of the app, this one among them. */
  readonly siblings: readonly KeptnAppVersion[];
}

/** What a version takes over from the one before it when it begins. */
export interface TakenOver {
  readonly status: Partial<KeptnAppVersionStatus>;
  readonly events: readonly EventNote[];
}

/** Checks that passed longer ago than this are repeated: what they have found may not be so any more. Milliseconds. */
const carriedForMs = 30 * 60_000;

/** What a version of a generated app takes over from the version whose roll-out it supersedes; nothing of one that has ended. */
export function takenOver(seen: BeginningSeen): TakenOver {
  const before = versionBefore(seen);
  if (before === undefined || !isUnderWay(before)) return { status: {}, events: [] };
  const supersessions = (before.status?.supersessions ?? 0) + 1;
  const passed = passedChecks(before, seen);
  if (passed === undefined) return { status: { supersessions }, events: [] };
  const changed = changedWorkloads(before, seen.version);
  const message = `the checks of application version ${passed.version} before its deployment count for this one: the KeptnAppContext is the same, and only other workloads have changed since (${changed.join(', ')})`;
  return {
    status: {
      supersessions,
      carriedChecks: passed,
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Succeeded',
    },
    events: [{ about: seen.version, type: 'Normal', reason: 'AppChecksCarriedOver', message }],
  };
}

/** The status without what was taken over, once the version is to run its checks before the deployment itself. */
export function withOwnChecks(status: KeptnAppVersionStatus): KeptnAppVersionStatus {
  const { carriedChecks, ...own } = status;
  const isCarried =
    isPassed(status.preDeploymentStatus) && isPassed(status.preDeploymentEvaluationStatus);
  return carriedChecks === undefined || isCarried ? status : own;
}

/** The version that this one was made in place of. */
function versionBefore({ version, app, siblings }: BeginningSeen): KeptnAppVersion | undefined {
  const { previousVersion } = version.spec;
  if (app === undefined || !isGenerated(app) || previousVersion === undefined) return undefined;
  return previousOf(version, siblings);
}

function previousOf(
  { metadata, spec }: KeptnAppVersion,
  siblings: readonly KeptnAppVersion[],
): KeptnAppVersion | undefined {
  const madeAt = (one: KeptnAppVersion): number => parseTime(one.metadata.creationTimestamp) ?? 0;
  return siblings
    .filter((one) => one.metadata.uid !== metadata.uid && one.spec.version === spec.previousVersion)
    .toSorted((a, b) => madeAt(b) - madeAt(a))[0];
}

/** Whether a version had not ended, but for being superseded. */
function isUnderWay({ status }: KeptnAppVersion): boolean {
  return !isCompleted(status?.status) || isSuperseded(status);
}

/**
 * The checks before the deployment that have passed for `before` and count for the version, too: those of the same context, for
 * a roll-out that is not through, while what it was to roll out is still to be.
 */
function passedChecks(
  before: KeptnAppVersion,
  seen: BeginningSeen,
): KeptnAppVersionStatus['carriedChecks'] {
  const { version } = seen;
  const status = before.status ?? {};
  const context = version.metadata.annotations?.[sluiceKeys.appContext];
  const isSame =
    context !== undefined && before.metadata.annotations?.[sluiceKeys.appContext] === context;
  const hasPassed =
    status.preDeploymentStatus === 'Succeeded' &&
    status.preDeploymentEvaluationStatus === 'Succeeded';
  // The annotation says by which context, the spec which checks: both have to agree.
  const isSameChecks = isEqualJson(checksOf(before), checksOf(version));
  if (
    // What they say holds for the moment and the version alone.
    (version.spec.preDeploymentChecks ?? []).length > 0 ||
    !isSame ||
    !isSameChecks ||
    !hasPassed ||
    isPassed(status.workloadOverallStatus) ||
    !hasChecks(version)
  ) {
    return undefined;
  }
  const origin = status.carriedChecks ?? originIn(before, seen.siblings);
  if (origin === undefined) return undefined;
  const age = seen.now - onThisClock(parseTime(origin.passedAt) ?? 0, seen);
  const changed = changedWorkloads(before, version);
  if (age > carriedForMs || changed.some((name) => origin.workloads.includes(name))) {
    return undefined;
  }
  return { ...origin, workloads: [...origin.workloads, ...changed] };
}

/** The checks before the deployment: tasks and evaluations. */
function checksOf({ spec }: KeptnAppVersion): readonly [readonly string[], readonly string[]] {
  const { preDeploymentTasks = [], preDeploymentEvaluations = [] } = spec;
  return [preDeploymentTasks, preDeploymentEvaluations];
}

function hasChecks(version: KeptnAppVersion): boolean {
  return checksOf(version).some((names) => names.length > 0);
}

/** The checks of a version that has run them itself. Of what it has rolled out only the version before tells. */
function originIn(
  version: KeptnAppVersion,
  siblings: readonly KeptnAppVersion[],
): KeptnAppVersionStatus['carriedChecks'] {
  const { AppPreDeployTasks, AppPreDeployEvaluations } = version.status?.phaseRecords ?? {};
  const passedAt = AppPreDeployEvaluations?.endTime ?? AppPreDeployTasks?.endTime;
  const before = previousOf(version, siblings);
  if (passedAt === undefined || before === undefined) return undefined;
  const workloads = changedWorkloads(before, version);
  return { version: version.spec.version, name: version.metadata.name, passedAt, workloads };
}

/** The names of the workloads that the later version lists in another version, or newly. */
function changedWorkloads(before: KeptnAppVersion, version: KeptnAppVersion): string[] {
  const known = new Set((before.spec.workloads ?? []).map(entryOf));
  const changed = (version.spec.workloads ?? []).filter((entry) => !known.has(entryOf(entry)));
  return [...new Set(changed.map(({ name }) => name))];
}

function entryOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name} ${version}`;
}
