import type { KeptnWorkload } from '../api/keptn/workload.ts';
import { isCompleted } from '../api/keptn/states.ts';
import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../api/keptn/workload-version.ts';
import { type ObjectRef, refOf } from '../api/object.ts';
import { advance, type Advanced, stated } from './advance.ts';
import { openNextAttempt } from './attempt.ts';
import { type CheckContext, ownedBy } from './check-objects.ts';
import { runCheckPhase } from './check-phase.ts';
import type { ChecksSeen } from './checks.ts';
import type { Progress } from './conditions.ts';
import type { OwnerSeen } from './current-revision.ts';
import type { Settings } from './keptn-config.ts';
import { newestListing } from './newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from './phase-event.ts';
import { workloadPhases } from './phases.ts';
import { type Effect, type EventNote, nothing, type Plan } from './plan.ts';
import {
  isReleased,
  type ReleaseSeen,
  runDeployment,
  waitForApp,
  withRevisions,
} from './release.ts';
import { isSuperseded, superseded } from './superseded.ts';
import { parseTime } from './time.ts';
import { attemptOf } from './version-status.ts';

/** What the decision on a workload version knows of the world. */
export interface WorkloadVersionSeen
  extends ChecksSeen, Pick<ReleaseSeen, 'app' | 'appVersions' | 'version' | 'now' | 'revisions'> {
  readonly settings: Settings;
  /** Undefined while the cache does not have it: then nothing can be said about which version is current. */
  readonly workload: KeptnWorkload | undefined;
  /** All owners of the workload with their current revisions. */
  readonly owners: readonly OwnerSeen[];
  /** Held Pods of an older StatefulSet revision that would come back as the current one if they were deleted. */
  readonly obsoletePods: readonly { ref: ObjectRef; uid: string; resourceVersion: string }[];
}

/** A wait shorter than this is not worth a write: the app version of a single service follows within a blink. */
const graceMs = 1_000;

const completed = { short: 'WorkloadCompleted', long: 'Workload Completed' };

/** What should happen to a workload version: one pass from wait for the app to Completed, as far as the world allows. */
export function decideWorkloadVersion(seen: WorkloadVersionSeen): Plan {
  const { version } = seen;
  if (version.metadata.deletionTimestamp !== undefined) return nothing;
  const status: KeptnWorkloadVersionStatus = version.status ?? {};
  const wanted = isWanted(seen);

  if (isCompleted(status.status)) {
    if (wanted !== 'yes' || !isSuperseded(status)) return ended(seen, status);
    return progress(seen, openNextAttempt(status, { phases: workloadPhases, now: seen.now }));
  }
  if (wanted === 'no') return supersede(seen, status);
  return progress(seen, status);
}

/** Whether some owner's current revision carries this version. `unknown` changes nothing. */
function isWanted({ version, workload, owners }: WorkloadVersionSeen): 'yes' | 'no' | 'unknown' {
  if (workload === undefined) return 'unknown';
  if (workload.spec.version === version.spec.version) return 'yes';
  const carriesIt = ownersOf(version, owners).length > 0;
  if (carriesIt) return 'yes';
  return owners.some(({ current }) => current === undefined) ? 'unknown' : 'no';
}

/** The owners whose current revision carries the version. */
function ownersOf(
  version: KeptnWorkloadVersion,
  owners: readonly OwnerSeen[],
): readonly OwnerSeen[] {
  return owners.filter(
    ({ current }) =>
      current?.identity.type === 'annotated' && current.identity.version === version.spec.version,
  );
}

function progress(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const begun = status.currentPhase !== undefined && status.currentPhase !== '';
  const holdup = begun ? undefined : waitForApp(seen);
  if (holdup !== undefined) return wait(seen, status, holdup);
  const metadata = newestListing(seen.version, seen)?.spec.metadata;
  const informed =
    metadata === undefined || begun ? status : { ...status, appContextMetadata: { ...metadata } };
  return planOf(seen, run(seen, informed));
}

function wait(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  holdup: Progress,
): Plan {
  const { version, now } = seen;
  const ageMs = now - (parseTime(version.metadata.creationTimestamp) ?? now);
  const isNew = status.conditions === undefined && holdup.kind === 'waiting';
  if (isNew && ageMs < graceMs) return { wakeAfterMs: graceMs };
  const subject = subjectOf(seen);
  const known = status.conditions?.find(({ type }) => type === 'Succeeded');
  return write(seen, {
    status: { ...status, conditions: stated(status, holdup, { subject, now }) },
    events: known?.reason === holdup.reason ? [] : waitEvents(seen, subject, holdup),
  });
}

/** Keptn's Events while a workload waits for its app, each once and not on every look. */
function waitEvents(
  seen: WorkloadVersionSeen,
  subject: PhaseSubject,
  holdup: Progress,
): readonly EventNote[] {
  const phase = { short: 'AppPreDeployEvaluations', long: 'App Pre-Deployment Evaluations' };
  const say = (suffix: string, text: string): readonly EventNote[] => {
    const note = phaseEvent(subject, phase, { suffix, text, type: 'Warning' });
    return [note, ...onOwners(seen, note)];
  };
  if (holdup.reason === 'AppVersionNotFound') return say('AppVersionNotFound', holdup.message);
  if (holdup.reason === 'AppChecksFailed')
    return say('Failed', `has failed since app has failed: ${holdup.message}`);
  return [];
}

function run(
  seen: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
  lastPhase = false,
): Advanced<KeptnWorkloadVersionStatus> {
  const { version, settings, now } = seen;
  const subject = subjectOf(seen);
  return advance<KeptnWorkloadVersionStatus>({
    phases: workloadPhases,
    status,
    subject,
    now,
    completed,
    lastPhase,
    run: (phase, at) =>
      phase.type === 'deploy'
        ? runDeployment(phase, at, {
            version,
            now,
            app: seen.app,
            appVersions: seen.appVersions,
            owners: ownersOf(version, seen.owners),
            revisions: seen.revisions,
            observabilityTimeoutMs: settings.observabilityTimeoutMs,
            subject,
          })
        : runCheckPhase(
            {
              phase,
              definitions:
                phase.definitions === 'promotionTasks'
                  ? []
                  : (version.spec[phase.definitions] ?? []),
              status: at,
              context: contextOf(version, at),
              subject,
              blocking: settings.blockDeployment,
            },
            seen,
          ),
  });
}

/** A version that no owner carries any more (B11). Once Released, what runs may end; otherwise it is over now. */
function supersede(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const deploying = status.currentPhase === 'WorkloadDeploy';
  const last = isReleased(status) && !deploying ? run(seen, status, true) : undefined;
  if (last !== undefined && last.end !== 'stopped') return planOf(seen, last);
  const over = superseded(last?.status ?? status, {
    phases: workloadPhases,
    subject: subjectOf(seen),
    now: seen.now,
    by: seen.workload?.spec.version,
  });
  return { ...write(seen, over), afterwards: deletions(seen, over.status) };
}

/** A version that has come to its end: what is still taken note of are revisions that may start. */
function ended(seen: WorkloadVersionSeen, status: KeptnWorkloadVersionStatus): Plan {
  const revisions = withRevisions(status.releasedRevisions, seen.revisions);
  const isNew = isReleased(status) && revisions.length > (status.releasedRevisions?.length ?? 0);
  return {
    ...write(seen, {
      status: isNew ? { ...status, releasedRevisions: revisions } : status,
      events: [],
    }),
    afterwards: deletions(seen, status),
  };
}

function planOf(seen: WorkloadVersionSeen, done: Advanced<KeptnWorkloadVersionStatus>): Plan {
  if (done.look.length > 0) return { look: done.look };
  const { metadata } = seen.version;
  const failure =
    done.end === 'failed' ? done.events.find(({ type }) => type === 'Warning') : undefined;
  const status = isReleased(done.status)
    ? {
        ...done.status,
        releasedRevisions: withRevisions(done.status.releasedRevisions, seen.revisions),
      }
    : done.status;
  return {
    effects: done.effects,
    onlyIfCurrent: {
      ...refOf(KeptnWorkloadVersion, seen.version),
      resourceVersion: metadata.resourceVersion ?? '',
    },
    ...write(seen, {
      status,
      events: [...done.events, ...(failure === undefined ? [] : onOwners(seen, failure))],
    }),
    ...(done.wakeAfterMs !== undefined && { wakeAfterMs: done.wakeAfterMs }),
  };
}

function write(
  seen: WorkloadVersionSeen,
  change: { status: KeptnWorkloadVersionStatus; events: readonly EventNote[] },
): Pick<Plan, 'status' | 'events'> {
  const { version } = seen;
  const { generation } = version.metadata;
  return {
    status: {
      ref: refOf(KeptnWorkloadVersion, version),
      resourceVersion: version.metadata.resourceVersion ?? '',
      from: version.status,
      to: { ...change.status, ...(generation !== undefined && { observedGeneration: generation }) },
    },
    events: change.events,
  };
}

/**
 * An OrderedReady StatefulSet waits for its first Pod before it updates any, so that a held Pod of the old revision would
 * block the new one for ever. The resourceVersion makes the deletion hold only while the Pod is as it was seen: gated.
 */
function deletions(
  { obsoletePods }: WorkloadVersionSeen,
  status: KeptnWorkloadVersionStatus,
): readonly Effect[] {
  if (isReleased(status)) return [];
  return obsoletePods.map((pod) => ({ type: 'delete' as const, ...pod }));
}

/** The same Event on what people look at first: the objects they applied. */
function onOwners({ owners }: WorkloadVersionSeen, note: EventNote): readonly EventNote[] {
  return owners.map(({ owner }) => ({ ...note, about: owner.object }));
}

function subjectOf({ version }: WorkloadVersionSeen): PhaseSubject {
  const { spec, metadata } = version;
  return {
    object: version,
    version: spec.version,
    annotations: {
      appName: spec.app,
      workloadName: spec.workloadName,
      workloadVersion: spec.version,
      workloadVersionName: metadata.name,
    },
    reportedBy: 'keptnworkloadversion-controller',
  };
}

function contextOf(
  version: KeptnWorkloadVersion,
  status: KeptnWorkloadVersionStatus,
): CheckContext {
  const { spec, metadata } = version;
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnWorkloadVersion, version),
    appName: spec.app,
    appVersion: '',
    workloadName: spec.workloadName,
    workloadVersion: spec.version,
    objectType: 'Workload',
    metadata: { ...status.appContextMetadata, ...spec.metadata },
    attempt: attemptOf(status),
  };
}
