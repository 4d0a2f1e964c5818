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

/** An app version and every workload version of its app in the namespace. */
export interface WorkloadsSeen {
  readonly version: KeptnAppVersion;
  readonly workloadVersions: readonly KeptnWorkloadVersion[];
}

/** The phase in which the workloads run theirs; the app waits for all of them. */
export function runWorkloads(
  status: KeptnAppVersionStatus,
  { seen, subject }: { seen: WorkloadsSeen; subject: PhaseSubject },
): PhaseOutcome<KeptnAppVersionStatus> {
  const workloads = (seen.version.spec.workloads ?? []).map((entry): WorkloadStatus => {
    const found = seen.workloadVersions.find(
      ({ spec }) =>
        spec.version.toLowerCase() === entry.version.toLowerCase() &&
        isNameOf(spec.workloadName, seen.version.spec.appName, entry.name),
    );
    return { workload: { name: entry.name, version: entry.version }, ...stateFrom(found) };
  });
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
    events: [
      ...notFoundEvents(subject, { before: status.workloadStatus ?? [], after: workloads }),
      ...withoutPodsEvents(subject, { before: status.workloadStatus ?? [], after: workloads }),
    ],
    eventful: workloads.length > 0,
  };
}

/**
 * A workload version that exists counts as Progressing until its end: that it began is not worth a write. One that was
 * superseded is no failure of the app: the app's next version is on its way.
 */
function stateFrom(
  version: KeptnWorkloadVersion | undefined,
): Pick<WorkloadStatus, 'status' | 'reason'> {
  if (version === undefined) return { status: 'Pending', reason: 'WorkloadVersionNotFound' };
  if (isSuperseded(version.status)) return { status: 'Progressing', reason: 'Superseded' };
  const state = stateOf(version.status?.status);
  // The application goes on without its checks.
  if (waitsForPods(version)) return { status: 'Succeeded', reason: scaledToZeroReason };
  if (!isCompleted(state)) return { status: 'Progressing' };
  if (state === 'Succeeded') return hasWarned(version.status) ? warned : { status: state };
  const reason = conditionOf(version, conditionTypes.succeeded)?.reason;
  return { status: state, ...(reason !== undefined && { reason }) };
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
  const failed = workloads.filter(({ status }) => status === 'Failed' || status === 'Deprecated');
  if (failed.length > 0) {
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
