import { KeptnApp } from '../api/keptn/app.ts';
import {
  KeptnAppVersion,
  type KeptnAppVersionStatus,
  type WorkloadStatus,
} from '../api/keptn/app-version.ts';
import { isCompleted, stateOf } from '../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../api/object.ts';
import { advance, type Advanced, type PhaseOutcome } from './advance.ts';
import { type CheckContext, ownedBy } from './check-objects.ts';
import { runCheckPhase } from './check-phase.ts';
import type { ChecksSeen } from './checks.ts';
import { conditionOf, conditionTypes, type Progress } from './conditions.ts';
import type { Settings } from './keptn-config.ts';
import { isCurrentVersion, isNameOf } from './newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from './phase-event.ts';
import { appPhases } from './phases.ts';
import { type EventNote, nothing, type Plan } from './plan.ts';
import { overallState } from './summary.ts';
import { isSuperseded, superseded } from './superseded.ts';
import { attemptOf } from './version-status.ts';

/** What the decision on an app version knows of the world. */
export interface AppVersionSeen extends ChecksSeen {
  readonly version: KeptnAppVersion;
  readonly now: number;
  readonly settings: Settings;
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
  const { version } = seen;
  if (version.metadata.deletionTimestamp !== undefined) return nothing;
  const status: KeptnAppVersionStatus = version.status ?? {};
  const newer = newerVersion(seen);
  if (newer !== undefined) return supersede(seen, status, newer);
  return isCompleted(status.status) ? nothing : planOf(seen, run(seen, status));
}

/** The version that was made for the app as it is now, if that is another one than this. */
function newerVersion({ app, siblings, version }: AppVersionSeen): KeptnAppVersion | undefined {
  if (app === undefined) return undefined;
  const current = siblings.find((sibling) => isCurrentVersion(sibling, app));
  return current?.metadata.uid === version.metadata.uid ? undefined : current;
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
  if (status.status === 'Deprecated') return nothing;
  if (isCompleted(status.status) && !sameVersion) return nothing;
  const isBehind = status.workloadOverallStatus === 'Succeeded' && !isCompleted(status.status);
  const last = isBehind && !sameVersion ? run(seen, status, true) : undefined;
  if (last !== undefined && last.end !== 'stopped') return planOf(seen, last);
  // An app that is older in the cache than its newest version would name the wrong one.
  const look = unreadApp(seen);
  if (look !== undefined) return { look: [look] };
  const over = superseded(last?.status ?? status, {
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
    skips: ({ short }) => short === 'PromotionTasks' && !settings.promotionTasksEnabled,
    status,
    subject,
    now: seen.now,
    completed,
    lastPhase,
    run: (phase, at) =>
      phase.type === 'deploy'
        ? runWorkloads(at, { seen, subject })
        : runCheckPhase(
            {
              phase,
              definitions: version.spec[phase.definitions] ?? [],
              status: at,
              context: contextOf(version, at),
              subject,
              blocking: settings.blockDeployment,
              now: seen.now,
            },
            seen,
          ),
  });
}

/** The phase in which the workloads run theirs; the app waits for all of them. */
function runWorkloads(
  status: KeptnAppVersionStatus,
  { seen, subject }: { seen: AppVersionSeen; subject: PhaseSubject },
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
    events: notFoundEvents(subject, { before: status.workloadStatus ?? [], after: workloads }),
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
  if (!isCompleted(state)) return { status: 'Progressing' };
  const reason = conditionOf(version, conditionTypes.succeeded)?.reason;
  return { status: state, ...(state !== 'Succeeded' && reason !== undefined && { reason }) };
}

function progressOf(workloads: readonly WorkloadStatus[], seen: AppVersionSeen): Progress {
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

function keyOf(workload: WorkloadStatus['workload']): string {
  return `${workload?.name ?? ''} ${workload?.version ?? ''}`;
}

function planOf(seen: AppVersionSeen, done: Advanced<KeptnAppVersionStatus>): Plan {
  if (done.look.length > 0) return { look: done.look };
  return {
    effects: done.effects,
    onlyIfCurrent: {
      ...refOf(KeptnAppVersion, seen.version),
      resourceVersion: seen.version.metadata.resourceVersion ?? '',
    },
    ...write(seen, done),
    ...(done.wakeAfterMs !== undefined && { wakeAfterMs: done.wakeAfterMs }),
  };
}

function write(
  { version }: AppVersionSeen,
  change: Pick<Advanced<KeptnAppVersionStatus>, 'status' | 'events'>,
): Pick<Plan, 'status' | 'events'> {
  const { generation } = version.metadata;
  return {
    status: {
      ref: refOf(KeptnAppVersion, version),
      resourceVersion: version.metadata.resourceVersion ?? '',
      from: version.status,
      to: { ...change.status, ...(generation !== undefined && { observedGeneration: generation }) },
    },
    events: change.events,
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
