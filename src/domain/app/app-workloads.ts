import type {
  KeptnAppVersion,
  KeptnAppVersionStatus,
  WorkloadStatus,
} from '../../api/keptn/app-version.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { completedWithWarning, type PhaseOutcome } from '../phase/advance.ts';
import { waitsForPods } from '../deployment/checks-without-pods.ts';
import { conditionOf, conditionTypes, type Progress } from '../conditions.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import { workloadPhases } from '../phase/phases.ts';
import type { EventNote } from '../plan.ts';
import { scaledToZeroReason } from '../owner/rollout-judgement.ts';
import { overallState } from '../phase/overall-state.ts';
import { isSuperseded } from '../phase/superseded.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import type { Moment } from '../clock-steps.ts';
import { leftBehindMessage, leftBehindReason, waitsForAnother } from './left-behind.ts';
import { defined } from '../../api/json.ts';

/** An app version and every workload version of its app in the namespace. */
export interface WorkloadsSeen extends Moment {
  readonly version: KeptnAppVersion;
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
  /**
   * How long it waits for a version that its workload has left, in milliseconds; undefined where a version with another list is
   * on its way.
   */
  readonly leftTimeoutMs: number | undefined;
}

/** The phase in which the workloads run theirs; the app waits for all of them. */
export function runWorkloads(
  status: KeptnAppVersionStatus,
  { seen, subject }: { seen: WorkloadsSeen; subject: PhaseSubject },
): PhaseOutcome<KeptnAppVersionStatus> {
  const entries = entriesOf(seen);
  const workloads = entries.map(({ workload, found }): WorkloadStatus => ({
    workload,
    ...stateFrom(found, seen),
  }));
  const state = overallState(
    workloads.map((each) => each.status),
    workloads.length,
  );
  return {
    state:
      state === 'Pending' && workloads.some((each) => each.status === 'Progressing')
        ? 'Progressing'
        : state,
    changes: workloads.length === 0 ? {} : { workloadStatus: workloads },
    progress: progressOf(workloads, seen),
    ...wakeFor(entries, seen),
    events: [
      ...notFoundEvents(subject, { before: status.workloadStatus ?? [], after: workloads }),
      ...withoutPodsEvents(subject, { before: status.workloadStatus ?? [], after: workloads }),
    ],
    eventful: workloads.length > 0,
  };
}

interface Entry {
  readonly workload: NonNullable<WorkloadStatus['workload']>;
  readonly found: KeptnWorkloadVersion | undefined;
}

function entriesOf({
  version,
  workloadVersions,
}: Pick<WorkloadsSeen, 'version' | 'workloadVersions'>): readonly Entry[] {
  return (version.spec.workloads ?? []).map(({ name, version: wanted }) => ({
    workload: { name, version: wanted },
    found: workloadVersions.find(
      ({ spec }) =>
        spec.version.toLowerCase() === wanted.toLowerCase() &&
        isNameOf(spec.workloadName, version.spec.appName, name),
    ),
  }));
}

/** When the first wait for a version that its workload has left is over. */
function wakeFor(
  entries: readonly Entry[],
  seen: WorkloadsSeen,
): Pick<PhaseOutcome, 'wakeAfterMs'> {
  const { leftTimeoutMs } = seen;
  if (leftTimeoutMs === undefined) return {};
  const waits = entries
    .flatMap(({ found }) => (isSuperseded(found?.status) ? (found ?? []) : []))
    .map((left) => waitsForAnother(left, leftTimeoutMs, seen))
    .filter((ms) => ms > 0 && Number.isFinite(ms));
  return waits.length === 0 ? {} : { wakeAfterMs: Math.min(...waits) };
}

/**
 * The workload versions that failed an app version, if all of them are under way again or have passed since: what is gone, or was
 * superseded, is not. Undefined if one is not.
 */
export function underWayAgain(
  status: KeptnAppVersionStatus,
  seen: WorkloadsSeen,
): readonly KeptnWorkloadVersion[] | undefined {
  const failed = new Set(
    (status.workloadStatus ?? []).filter(isFailed).map(({ workload }) => keyOf(workload)),
  );
  const entries = entriesOf(seen).filter(({ workload }) => failed.has(keyOf(workload)));
  const goingOn = entries.flatMap(({ found }) =>
    found !== undefined && isGoingOn(stateFrom(found, seen)) ? [found] : [],
  );
  return failed.size > 0 && goingOn.length === failed.size ? goingOn : undefined;
}

/** Whether every workload version that an app version lists is there and may still come to its end. */
export function canArrive(
  version: KeptnAppVersion,
  workloadVersions: readonly KeptnWorkloadVersion[],
): boolean {
  return entriesOf({ version, workloadVersions }).every(
    ({ found }) => found !== undefined && !isSuperseded(found.status),
  );
}

function isGoingOn({ status, reason }: Pick<WorkloadStatus, 'status' | 'reason'>): boolean {
  return status === 'Succeeded' || (status === 'Progressing' && reason !== supersededReason);
}

function isFailed({ status }: WorkloadStatus): boolean {
  return status === 'Failed' || status === 'Deprecated';
}

const supersededReason = 'Superseded';

/**
 * A workload version that exists counts as Progressing until its end: that it began is not worth a write. One that was
 * superseded is no failure of the app while the app's next version may be on its way.
 */
function stateFrom(
  version: KeptnWorkloadVersion | undefined,
  seen: WorkloadsSeen,
): Pick<WorkloadStatus, 'status' | 'reason'> {
  if (version === undefined) return { status: 'Pending', reason: 'WorkloadVersionNotFound' };
  if (isSuperseded(version.status)) {
    const { leftTimeoutMs } = seen;
    return leftTimeoutMs !== undefined && waitsForAnother(version, leftTimeoutMs, seen) <= 0
      ? { status: 'Failed', reason: leftBehindReason }
      : { status: 'Progressing', reason: supersededReason };
  }
  const state = stateOf(version.status?.status);
  // The application goes on without its checks.
  if (waitsForPods(version)) return { status: 'Succeeded', reason: scaledToZeroReason };
  if (!isCompleted(state)) return { status: 'Progressing' };
  if (state === 'Succeeded') return hasWarned(version.status) ? warned : { status: state };
  const reason = conditionOf(version, conditionTypes.succeeded)?.reason;
  return { status: state, ...defined({ reason }) };
}

/** Kept in the status of the app version: its promotion may depend on it (`promoteAfterWarning`). */
const warned = { status: 'Succeeded', reason: completedWithWarning } as const;

/** Asked of the phases, which Keptn's versions have as well. */
function hasWarned(status: VersionStatus = {}): boolean {
  return workloadPhases.some(({ state }) => status[state] === 'Warning');
}

function progressOf(workloads: readonly WorkloadStatus[], seen: WorkloadsSeen): Progress {
  const { version } = seen;
  const named = ({ workload, reason }: WorkloadStatus): string =>
    `${workload?.name ?? ''} ${workload?.version ?? ''}${reason === undefined ? '' : ` (${reason})`}`;
  const failed = workloads.filter(isFailed);
  if (failed.length > 0) {
    const left = entriesOf(seen).flatMap(({ found }) =>
      isSuperseded(found?.status) ? (found ?? []) : [],
    );
    if (failed.every(({ reason }) => reason === leftBehindReason)) {
      const messages = left.map((one) => leftBehindMessage(version, one, seen.workloadVersions));
      return { kind: 'failed', reason: leftBehindReason, message: messages.join('; ') };
    }
    return {
      kind: 'failed',
      reason: 'WorkloadFailed',
      message: `workloads of application ${version.spec.appName} have failed: ${failed.map(named).join(', ')}`,
    };
  }
  const open = workloads.filter(({ status }) => status !== 'Succeeded');
  const missing = open.find(({ reason }) => reason === 'WorkloadVersionNotFound');
  return {
    kind: 'waiting',
    reason: missing === undefined ? 'WaitingForWorkloads' : 'WorkloadVersionNotFound',
    message: `${workloads.length - open.length} of ${workloads.length} workloads are deployed; waiting for ${open.map(named).join(', ')}`,
  };
}

function notFoundEvents(
  subject: PhaseSubject,
  workloads: { before: readonly WorkloadStatus[]; after: readonly WorkloadStatus[] },
): EventNote[] {
  const isMissing = ({ reason }: WorkloadStatus): boolean => reason === 'WorkloadVersionNotFound';
  const known = new Set(workloads.before.filter(isMissing).map(({ workload }) => keyOf(workload)));
  return workloads.after
    .filter((each) => isMissing(each) && !known.has(keyOf(each.workload)))
    .map((each) =>
      phaseEvent(
        subject,
        { short: 'ReconcileWorkload', long: 'Reconcile Workloads' },
        {
          suffix: 'NotFound',
          text: `could not find KeptnWorkloadVersion for KeptnWorkload: ${each.workload?.name ?? ''}`,
          type: 'Warning',
        },
      ),
    );
}

/** Says, once per workload, that the application does not wait for checks that wait for a Pod. */
function withoutPodsEvents(
  subject: PhaseSubject,
  workloads: { before: readonly WorkloadStatus[]; after: readonly WorkloadStatus[] },
): EventNote[] {
  const isWithout = ({ reason }: WorkloadStatus): boolean => reason === scaledToZeroReason;
  const known = new Set(workloads.before.filter(isWithout).map(({ workload }) => keyOf(workload)));
  return workloads.after
    .filter((each) => isWithout(each) && !known.has(keyOf(each.workload)))
    .map((each) =>
      phaseEvent(
        subject,
        { short: 'ReconcileWorkload', long: 'Reconcile Workloads' },
        {
          suffix: 'ScaledToZero',
          text: `goes on without the post-deployment checks of ${keyOf(each.workload)}, which has no Pod (0 replicas); they begin with its first available Pod`,
        },
      ),
    );
}

function keyOf(workload: WorkloadStatus['workload']): string {
  return `${workload?.name ?? ''} ${workload?.version ?? ''}`;
}
