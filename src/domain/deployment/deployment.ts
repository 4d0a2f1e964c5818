import type { Moment } from '../clock-steps.ts';
import { type Pod, PodKind } from '../../api/builtin.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { PhaseOutcome } from '../phase/advance.ts';
import { conditionTypes, type Progress } from '../conditions.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { running, stopped } from './deployment-clock.ts';
import { elapsed, looksStuck, rolloutWait, sumOf } from './deployment-progress.ts';
import { formatDuration } from '../go/duration.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import type { Phase } from '../phase/phases.ts';
import type { Look } from '../plan.ts';
import {
  describeCounts,
  isObserved,
  progressing,
  type RolloutCounts,
  type RolloutStatus,
} from '../owner/rollout-judgement.ts';
import { rolloutStatus } from '../owner/rollout-status.ts';
import { describeStuckPods, isToldBy } from './stuck-pods.ts';
import { defined } from '../../api/json.ts';

/** What the judgement on a deployment knows of the world. */
export interface DeploymentSeen extends Moment {
  readonly version: KeptnWorkloadVersion;
  /** The owners of the workload whose current revision carries this version. */
  readonly owners: readonly OwnerSeen[];
  /** How long the deployment may make no progress, in milliseconds; Infinity: for ever. */
  readonly timeoutMs: number;
  /** The Pods of the revisions that carry this version, read live; undefined until a plan has asked for them. */
  readonly pods: readonly Pod[] | undefined;
  readonly subject: PhaseSubject;
}

type Outcome = PhaseOutcome<KeptnWorkloadVersionStatus>;

/** An owner whose roll-out is not over. */
interface OpenRollout {
  readonly name: string;
  readonly rollout: RolloutStatus;
}

/** The clock stands still only when all that is left to wait for is paused. */
function firstOpen(owners: readonly OwnerSeen[]): OpenRollout | undefined {
  const open = owners
    .map((seen) => ({ name: seen.owner.object.metadata.name, rollout: rolloutOf(seen) }))
    .filter(({ rollout }) => rollout.state !== 'deployed');
  return open.find(({ rollout }) => rollout.state === 'progressing') ?? open[0];
}

/**
 * A status that speaks of an earlier revision cannot call this one deployed, and what it calls updated are Pods of that one:
 * counted here, they would hide the progress that is still to come.
 */
function rolloutOf({ owner, current }: OwnerSeen): RolloutStatus {
  const status = rolloutStatus(owner);
  const isOfRevision = current?.isOwnersStatus !== false;
  if (isOfRevision && isObserved(owner.object)) return status;
  const judgement = status.state === 'deployed' ? progressing(owner.kind) : {};
  return { ...status, ...judgement, counts: { ...status.counts, updated: 0 } };
}

/** What a roll-out that was only just released is waiting for. */
export function awaitedProgress(owners: readonly OwnerSeen[]): Progress {
  return awaiting(firstOpen(owners));
}

function awaiting(open: OpenRollout | undefined, more = ''): Progress {
  return open === undefined
    ? {
        kind: 'waiting',
        reason: 'OwnerNotKnown',
        message: 'the owner of the Pods, or its current revision, is not known yet',
      }
    : {
        kind: 'waiting',
        reason: open.rollout.reason,
        message: `${open.name}: ${open.rollout.message}${more}`,
      };
}

/**
 * How far the roll-out of a Released version is: deployed, on its way, held by somebody, or without progress for too long.
 */
export function judgeDeployment(
  phase: Phase,
  status: KeptnWorkloadVersionStatus,
  seen: DeploymentSeen,
): Outcome {
  const open = firstOpen(seen.owners);
  if (seen.owners.length > 0 && open === undefined) {
    return {
      state: 'Succeeded',
      progress: { kind: 'waiting', reason: 'Deployed', message: 'the workload is deployed' },
      eventful: true,
    };
  }
  if (open?.rollout.state !== 'paused') return awaited(phase, status, { seen, open });
  return {
    state: 'Progressing',
    changes: stopped(status, open.rollout, seen.now),
    progress: awaiting(open),
    eventful: true,
  };
}

/** How far all owners are together. */
export function countsOf(owners: readonly OwnerSeen[]): RolloutCounts {
  return sumOf(owners.map((seen) => rolloutOf(seen).counts));
}

function awaited(
  phase: Phase,
  status: KeptnWorkloadVersionStatus,
  at: { seen: DeploymentSeen; open: OpenRollout | undefined },
): Outcome {
  const { seen, open } = at;
  const { now, timeoutMs, subject } = seen;
  const counts = countsOf(seen.owners);
  const { changes, startedAtMs } = running(status, now);
  const { record, stillForMs, wakeAfterMs } = elapsed(status, {
    counts,
    startedAtMs,
    timeoutMs,
    now,
    clockSteps: seen.clockSteps,
  });
  const isOver = stillForMs > timeoutMs;
  const isStuck = open !== undefined && looksStuck(stillForMs, timeoutMs);
  const look = isStuck && seen.pods === undefined ? podsToRead(seen) : [];
  if (look.length > 0) return { ...waitingStill(awaiting(open)), look };
  const progress = awaiting(open, isStuck ? details(status, counts, seen.pods) : '');
  const recorded = { ...changes, ...defined({ deploymentProgress: record }) };
  if (!isOver) {
    const waiting = rolloutWait({ ...status, ...recorded }, timeoutMs);
    return {
      ...waitingStill({ ...progress, waiting }),
      changes: recorded,
      ...(Number.isFinite(wakeAfterMs) && { wakeAfterMs }),
    };
  }
  const timedOut = { suffix: 'Finished', text: 'has reached timeout', type: 'Warning' } as const;
  return {
    state: 'Failed',
    changes: recorded,
    progress: {
      kind: 'failed',
      reason: 'DeploymentTimedOut',
      message: `the deployment has made no progress for ${formatDuration(timeoutMs)}: ${progress.message}`,
    },
    events: [phaseEvent(subject, phase, timedOut)],
    eventful: true,
  };
}

function waitingStill(progress: Progress): Outcome {
  return { state: 'Progressing', progress, eventful: true };
}

/** The lists of Pods that say which of them are not well. */
function podsToRead({ version, owners }: DeploymentSeen): readonly Look[] {
  const { namespace = '' } = version.metadata;
  return podSelectors(owners).map((labelSelector) => ({ kind: PodKind, namespace, labelSelector }));
}

/** The label selectors of the Pods of these owners' current revisions. */
export function podSelectors(owners: readonly OwnerSeen[]): readonly string[] {
  return [...new Set(owners.flatMap(({ current }) => current?.podSelector ?? []))];
}

/**
 * Counts and Pods of a roll-out that does not move. The counts are those on record: a Pod that comes and goes would be a write
 * each time.
 */
function details(
  { deploymentProgress: known, conditions }: KeptnWorkloadVersionStatus,
  counts: RolloutCounts,
  pods: readonly Pod[] = [],
): string {
  const shown =
    known === undefined ? counts : { ...counts, ...known, existing: known.updated + known.old };
  const said = saidOfPods(conditions);
  const stuck = said !== undefined && isToldBy(said, pods) ? said : describeStuckPods(pods);
  return ` (${describeCounts(shown)}${stuck === undefined ? '' : `${notAvailable}${stuck}`})`;
}

const notAvailable = '; not available: ';

/** What the last message of this deployment said of its Pods, if it did. */
function saidOfPods(conditions: KeptnWorkloadVersionStatus['conditions']): string | undefined {
  const message = conditions?.find(({ type }) => type === conditionTypes.succeeded)?.message ?? '';
  const at = message.lastIndexOf(notAvailable);
  return at < 0 ? undefined : message.slice(at + notAvailable.length, -1);
}
