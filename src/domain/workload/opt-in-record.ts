import type { Pod } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
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
import { workloadVersionName } from '../names.ts';
import { gateIndex } from '../gate/pod-gate.ts';
import { withRevisions } from '../gate/release.ts';
import { selectionLabels } from '../selection-labels.ts';
import { rfc3339 } from '../time.ts';
import { type Claim, distinctVersions, referenceTo, specOf } from './workload-claim.ts';
import { defined } from '../../api/json.ts';

/*
 * What runs when a Namespace opts in was never held, and is never checked afterwards: it is on record as Released, reason
 * RunningAtOptIn, so that its replacements, scale-ups and rollbacks start at once while the next version waits for its
 * checks. The record begins as an annotation on KeptnWorkload and KeptnWorkloadVersion (only Sluice may make these), from
 * which the version's controller makes the status.
 */

const reason = 'RunningAtOptIn';

/** Whether the Pod was started: nothing holds it, and it runs or has a node. */
export function isStarted(pod: Pod): boolean {
  const { spec, status, metadata } = pod;
  const isPlaced = (spec?.nodeName ?? '') !== '' || status?.phase === 'Running';
  return gateIndex(pod) < 0 && isPlaced && metadata.deletionTimestamp === undefined;
}

/** The workload that the claims are on, with the versions that ran. */
export function workloadAtOptIn(
  at: { readonly namespace: string; readonly name: string },
  claims: readonly [Claim, ...Claim[]],
): KeptnWorkload {
  const owners = new Map(claims.map((claim) => [claim.owner.object.metadata.uid, claim]));
  return {
    apiVersion: KeptnWorkload.apiVersion,
    kind: KeptnWorkload.kind,
    metadata: {
      ...at,
      annotations: { [sluiceKeys.runningAtOptIn]: annotationOf(claims) },
      ownerReferences: [...owners.values()].map(referenceTo),
    },
    spec: specOf(claims[0], claims),
  };
}

/** The annotation of a workload that names the versions of these claims. */
export function annotationOf(claims: readonly Claim[]): string {
  return JSON.stringify(distinctVersions(claims).map(({ identity }) => identity.version));
}

/** The version that a claim is for, as a version that ran. */
export function versionAtOptIn(
  workload: KeptnWorkload,
  claim: Claim,
  claims: readonly Claim[],
): KeptnWorkloadVersion {
  const { namespace = '', name } = workload.metadata;
  const { version, templateDigest } = claim.identity;
  return {
    apiVersion: KeptnWorkloadVersion.apiVersion,
    kind: KeptnWorkloadVersion.kind,
    metadata: {
      namespace,
      name: workloadVersionName(name, version),
      labels: selectionLabels({ app: workload.spec.app, workload: name, version }),
      annotations: { [sluiceKeys.runningAtOptIn]: 'true' },
      ownerReferences: [ownedBy(KeptnWorkload, workload)],
    },
    spec: {
      ...specOf(claim, claims),
      workloadName: name,
      ...defined({ templateDigest }),
    },
  };
}

/** The versions that ran when the Namespace opted in and that the workload is still to get a record of. */
export function versionsAtOptIn({ metadata }: KeptnWorkload): readonly string[] {
  const text = metadata.annotations?.[sluiceKeys.runningAtOptIn];
  if (text === undefined) return [];
  try {
    const versions: unknown = JSON.parse(text);
    return Array.isArray(versions) ? versions.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether the version is to be Released because it ran when its Namespace opted in; not once it has begun. */
export function isOfOptIn({ metadata, status }: KeptnWorkloadVersion): boolean {
  const hasBegun = (status?.currentPhase ?? '') !== '' || status?.status !== undefined;
  return metadata.annotations?.[sluiceKeys.runningAtOptIn] !== undefined && !hasBegun;
}

/** Whether the version is, or is about to be, Released for that reason. */
export function isOnRecordOfOptIn(version: KeptnWorkloadVersion | undefined): boolean {
  return (
    version !== undefined &&
    (isOfOptIn(version) || conditionOf(version, conditionTypes.released)?.reason === reason)
  );
}

/** The status of such a version: Released and at its end; no check of it was run, and none is said to have been. */
export function withOptInRelease(
  version: KeptnWorkloadVersion,
  { now, owners }: { readonly now: number; readonly owners: readonly OwnerSeen[] },
): KeptnWorkloadVersionStatus {
  const message = 'it ran when its Namespace opted in: its Pods start, and its checks were not run';
  const progress: Progress = { kind: 'succeeded', reason, message };
  const { spec, status = {} } = version;
  const { kind, uid } = spec.resourceReference;
  const current = owners.flatMap((owner) => owner.current?.revision ?? []);
  const revisions = withRevisions(kind === 'ReplicaSet' ? [uid] : [], current);
  const changes = [
    ...progressConditions(progress),
    { type: conditionTypes.released, status: 'True', reason, message } as const,
  ].map((change) => ({
    ...change,
    ...observed(version),
  }));
  const time = rfc3339(now);
  return {
    ...status,
    currentPhase: 'Completed',
    deploymentStatus: 'Succeeded',
    status: 'Succeeded',
    startTime: time,
    endTime: time,
    conditions: withConditions(status.conditions, changes, now),
    ...(revisions.length > 0 && { releasedRevisions: revisions }),
  };
}
