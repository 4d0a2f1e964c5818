import type { Pod } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import {
  conditionOf,
  conditionTypes,
  observed,
  type Progress,
  progressConditions,
  withConditions,
} from '../conditions.ts';
import { ownedBy } from '../../api/object.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { hashedName, workloadVersionName } from '../names.ts';
import { hasFailedChecks } from '../gate/failed-version.ts';
import { gateIndex } from '../gate/pod-gate.ts';
import { isReleased, withRevisions } from '../gate/release.ts';
import { withPhasesCut } from '../phase/phase-records.ts';
import { isPassed, workloadPhases } from '../phase/phases.ts';
import { attemptOf, deprecated, type VersionStatus } from '../phase/version-status.ts';
import { selectionLabels } from '../selection-labels.ts';
import { rfc3339 } from '../time.ts';
import { defined } from '../../api/json.ts';
import { type Claim, referenceTo, specOf } from './workload-claim.ts';

/*
 * What runs when a Namespace opts in was never held, and is never checked afterwards: it is on record as Released, reason
 * RunningAtOptIn, so that its replacements, scale-ups and rollbacks start at once while the next version waits for its
 * checks. The record begins as a mark on the KeptnWorkloadVersion (an annotation that only Sluice may write), from which the
 * version's controller makes the status.
 */

const reason = 'RunningAtOptIn';

/** Whether the Pod was started: nothing holds it, and it runs or has a node. */
export function isStarted(pod: Pod): boolean {
  const { spec, status, metadata } = pod;
  const isPlaced = (spec?.nodeName ?? '') !== '' || status?.phase === 'Running';
  return gateIndex(pod) < 0 && isPlaced && metadata.deletionTimestamp === undefined;
}

/** The workload that the claims are on, where there is none yet. */
export function workloadAtOptIn(
  at: { readonly namespace: string; readonly name: string },
  claims: readonly [Claim, ...Claim[]],
): KeptnWorkload {
  const owners = new Map(claims.map((claim) => [claim.owner.object.metadata.uid, claim]));
  return {
    apiVersion: KeptnWorkload.apiVersion,
    kind: KeptnWorkload.kind,
    metadata: { ...at, ownerReferences: [...owners.values()].map(referenceTo) },
    spec: specOf(claims[0], claims),
  };
}

/** The version that a claim is for, as a version that ran. `isTaken` says whether another version has the name. */
export function versionAtOptIn(
  workload: KeptnWorkload,
  of: { readonly claim: Claim; readonly claims: readonly Claim[] },
  isTaken: (name: string) => boolean,
): KeptnWorkloadVersion {
  const { namespace = '', name, uid = '' } = workload.metadata;
  const { version, templateDigest } = of.claim.identity;
  const proper = workloadVersionName(name, version);
  return {
    apiVersion: KeptnWorkloadVersion.apiVersion,
    kind: KeptnWorkloadVersion.kind,
    metadata: {
      namespace,
      name: isTaken(proper) ? hashedName(proper, [uid, version]) : proper,
      labels: selectionLabels({ app: workload.spec.app, workload: name, version }),
      annotations: { [sluiceKeys.runningAtOptIn]: markOf(undefined) },
      ownerReferences: [ownedBy(KeptnWorkload, workload)],
    },
    spec: {
      ...specOf(of.claim, of.claims),
      workloadName: name,
      ...defined({ templateDigest }),
    },
  };
}

/** The mark of a version with this status: it holds for the attempt that it is in, and never comes back with a later one. */
export function markOf(status: KeptnWorkloadVersionStatus | undefined): string {
  const hasBegun = (status?.currentPhase ?? '') !== '' || status?.status !== undefined;
  return hasBegun ? `attempt ${attemptOf(status)}` : 'true';
}

/**
 * Whether a version of which Pods run has to be marked: it was in flight when its Namespace opted out, and its Pods were
 * started then. What has failed its checks stays what it is, and what is Released may go on with its checks.
 */
export function lacksMark(version: KeptnWorkloadVersion): boolean {
  return isOpen(version) && !hasFailedChecks(version) && !isMarked(version);
}

/** Whether the version is to be Released because it ran when its Namespace opted in, and is not yet. */
export function isOfOptIn(version: KeptnWorkloadVersion): boolean {
  return isOpen(version) && isMarked(version);
}

function isMarked({ metadata, status }: KeptnWorkloadVersion): boolean {
  return metadata.annotations?.[sluiceKeys.runningAtOptIn] === markOf(status);
}

/** Neither Released nor at an end of its own; one that was superseded may run still. */
function isOpen({ status }: KeptnWorkloadVersion): boolean {
  const isOver = isCompleted(status?.status) && status?.status !== 'Deprecated';
  return !isReleased(status) && !isOver;
}

/** Whether the version is, or is about to be, Released for that reason. */
export function isOnRecordOfOptIn(version: KeptnWorkloadVersion | undefined): boolean {
  return (
    version !== undefined &&
    (isOfOptIn(version) || conditionOf(version, conditionTypes.released)?.reason === reason)
  );
}

/** The status of such a version: Released and at its end; no check of it was run to its end, and none is said to have been. */
export function withOptInRelease(
  version: KeptnWorkloadVersion,
  { now, owners }: { readonly now: number; readonly owners: readonly OwnerSeen[] },
): KeptnWorkloadVersionStatus {
  const { spec, status = {} } = version;
  const hasBegun = markOf(status) !== markOf(undefined);
  const known: VersionStatus = status;
  const message = hasBegun
    ? 'it ran when its Namespace opted in again: its Pods start, and the rest of its checks is not run'
    : 'it ran when its Namespace opted in: its Pods start, and its checks were not run';
  const progress: Progress = { kind: 'succeeded', reason, message };
  const { kind, uid } = spec.resourceReference;
  const current = owners.flatMap((owner) => owner.current?.revision ?? []);
  const revisions = withRevisions(status.releasedRevisions, [
    ...(kind === 'ReplicaSet' ? [uid] : []),
    ...current,
  ]);
  const changes = [
    ...progressConditions(progress),
    { type: conditionTypes.released, status: 'True', reason, message } as const,
  ].map((change) => ({
    ...change,
    ...observed(version),
  }));
  const time = rfc3339(now);
  const phaseRecords = withPhasesCut(status.phaseRecords, { reason, now });
  return {
    ...status,
    ...(hasBegun && deprecated(workloadPhases, ({ state }) => !isPassed(known[state]))),
    ...(phaseRecords !== undefined && { phaseRecords }),
    currentPhase: 'Completed',
    deploymentStatus: 'Succeeded',
    status: 'Succeeded',
    startTime: status.startTime ?? time,
    endTime: time,
    conditions: withConditions(status.conditions, changes, now),
    ...(revisions.length > 0 && { releasedRevisions: revisions }),
  };
}
