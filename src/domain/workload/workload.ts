import { type Answers, refusalOf, unreadOf } from '../answers.ts';
import { defined, isEqualJson } from '../../api/json.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { type ObjectRef, ownedBy } from '../../api/object.ts';
import { isOnRecordOfOptIn } from './opt-in-record.ts';
import { appFor, waitsForOther, type WantedAppSeen } from './app-request.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import { hashedName, workloadVersionName } from '../names.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import { isLeftOut, type OptInState } from '../opt-in-state.ts';
import {
  type Effect,
  type EventNote,
  nothing,
  onlyWhile,
  patching,
  type Plan,
  type Refusal,
} from '../plan.ts';
import { isReleased } from '../gate/release.ts';
import type { AppChange } from '../app/discovered-app.ts';
import { refToOwner } from '../owner/rollout-owner.ts';
import { retire } from './retirement.ts';
import { type Claim, claimsOn, distinctVersions, referenceTo, specOf } from './workload-claim.ts';
import { notFollowed, workloadStatus } from './workload-status.ts';
import { selectionLabels } from '../selection-labels.ts';

/** What the decision on a workload knows of the world. */
export interface WorkloadSeen extends WantedAppSeen, Pick<Answers, 'live' | 'refusals'> {
  readonly namespace: string;
  readonly name: string;
  readonly optIn: OptInState;
  /** Undefined when its first Pods have just come. */
  readonly workload: KeptnWorkload | undefined;
  /** The owners it references and those of its Pods that wait, each once. */
  readonly owners: readonly OwnerSeen[];
  /** Owners of Pods that wait which the caches do not have: once the Pods have started, nothing leads to them any more. */
  readonly missing: readonly ObjectRef[];
  readonly versions: readonly KeptnWorkloadVersion[];
}

type Creation = Extract<Effect, { type: 'create' }>;

/** The claims on the workload, of which there is at least one. */
interface Claims {
  readonly all: readonly Claim[];
  readonly newest: Claim;
}

/**
 * Keeps a workload in step with its owners (docs/compatibility.md §2.6, §4.9): its spec names the version that is
 * current, every version that an owner's current revision carries gets its KeptnWorkloadVersion once, and an app that does
 * not list those versions is brought up to date or asked for. In a Namespace that is not opted in it is left as it is, whatever its owners do.
 */
export function decideWorkload(seen: WorkloadSeen): Plan {
  const { workload } = seen;
  if (seen.optIn === 'recording') return nothing;
  if (isLeftOut(seen.optIn)) return workload === undefined ? nothing : notFollowed(workload, seen);
  const look = unreadOf(seen.missing, seen);
  if (look.length > 0) return { look };
  const all = claimsOn(seen, seen.owners);
  const [newest] = all;
  if (workload?.metadata.deletionTimestamp !== undefined) return nothing;
  if (newest === undefined) return workload === undefined ? nothing : retire(workload, seen);
  const claims: Claims = { all, newest };
  return workload === undefined ? create(seen, claims) : follow(seen, workload, claims);
}

function create(seen: WorkloadSeen, { all, newest }: Claims): Plan {
  const { namespace, name } = seen;
  const object: KeptnWorkload = {
    apiVersion: KeptnWorkload.apiVersion,
    kind: KeptnWorkload.kind,
    metadata: { name, namespace, ownerReferences: all.map(referenceTo) },
    spec: specOf(newest, all),
  };
  const creation: Creation = { type: 'create', kind: KeptnWorkload, object };
  const refused = refusalToMake(creation, seen);
  if (refused === undefined) return { effects: [creation] };
  // There is no object yet that could say so.
  const note = failed({ short: 'CreateWorkload', long: 'Create Workload' }, object, refused);
  const about = newest.owner.object;
  return { effects: [creation, { type: 'event', note: { ...note, about } }] };
}

/** Brings the workload's own fields up to date first, then sees to what belongs to it. */
function follow(seen: WorkloadSeen, workload: KeptnWorkload, claims: Claims): Plan {
  const { all, newest } = claims;
  const spec = specOf(newest, all);
  const ownerReferences = references(workload, all);
  const isInStep =
    isEqualJson(workload.spec, spec) &&
    isEqualJson(workload.metadata.ownerReferences ?? [], ownerReferences);
  if (isInStep) return complete(seen, workload, claims);

  const isAnother = workload.spec.version !== spec.version;
  const needed = [...(isAnother ? [newest] : []), ...unreferenced(workload, all)];
  const unread = unreadOf(
    needed.map(({ owner }) => refToOwner(owner)),
    seen,
  );
  // An owner that is older in the cache than the workload would take it back to a version that has passed, and one that is
  // gone would take the workload along.
  if (unread.length > 0) return { look: unread };
  const operations: readonly JsonPatchOperation[] = [
    { op: 'add', path: '/metadata/ownerReferences', value: ownerReferences },
    { op: 'replace', path: '/spec', value: spec },
  ];
  const patch = patching(KeptnWorkload, workload, { operations, asGathered: true });
  const again = seen.versions.find((version) => version.spec.version === spec.version);
  const isBack = isAnother && isReleased(again?.status);
  return { effects: isBack ? [patch, releasedBefore(newest)] : [patch] };
}

/** The claims of owners that the workload does not reference yet. */
function unreferenced(
  { metadata: { ownerReferences = [] } }: KeptnWorkload,
  claims: readonly Claim[],
): readonly Claim[] {
  return claims.filter(({ owner }) =>
    ownerReferences.every(({ uid }) => uid !== owner.object.metadata.uid),
  );
}

/** The owners of the workload, those it has first. Keptn's reference to a ReplicaSet goes: it is pruned one day. */
function references(workload: KeptnWorkload, claims: readonly Claim[]) {
  const claimed = claims.map(referenceTo);
  const kept = (workload.metadata.ownerReferences ?? []).filter(
    ({ kind, uid }) => kind !== 'ReplicaSet' || claimed.some((owner) => owner.uid === uid),
  );
  return [...kept, ...claimed.filter(({ uid }) => kept.every((owner) => owner.uid !== uid))];
}

/** Keptn does not repeat checks for a version it knows (W6); an Event says so, because users rely on checks. */
function releasedBefore({ owner, identity: { version } }: Claim): Effect {
  return {
    type: 'event',
    note: {
      about: owner.object,
      type: 'Warning',
      reason: 'VersionAlreadyReleased',
      message: `version ${version} was released before: its Pods start at once and its checks are not repeated; give a changed workload a version of its own`,
    },
  };
}

/** What belongs to a workload that is in step: its versions, its place in an app, its status. */
function complete(seen: WorkloadSeen, workload: KeptnWorkload, claims: Claims): Plan {
  const find = (wanted: string): KeptnWorkloadVersion | undefined =>
    seen.versions.find(({ spec }) => spec.version === wanted);
  const creations = distinctVersions(claims.all)
    .filter(({ identity }) => find(identity.version) === undefined)
    .map((claim) => versionOf(seen, { workload, claim, all: claims.all }));
  const ranAtOptIn = ({ identity }: Claim): boolean => isOnRecordOfOptIn(find(identity.version));
  const current = claims.all.flatMap(({ identity }) => find(identity.version) ?? []);
  const { app } = seen;
  // What ran when its Namespace opted in makes no version of its application, as nothing of that is to be checked; unless
  // the application waits for another version of this workload.
  const isUnchecked =
    claims.all.every(ranAtOptIn) &&
    !waitsForOther(app, workload, { current, versions: seen.versions });
  const listing = isUnchecked ? undefined : appFor(workload, claims.all, seen);
  const wanted = [...creations, ...(listing === undefined ? [] : [listing])];
  const refusedVersion = firstRefusal(creations, seen);
  const again = refusedVersion === undefined ? checkedAgain(seen, workload, claims) : [];
  const found = find(workload.spec.version);
  const properName = workloadVersionName(seen.name, workload.spec.version);
  return {
    effects: [...wanted, ...again],
    // Nothing reads what the status says, unless discovery waits for the versions of several owners.
    isBookkeeping: wanted.length === 0 && claims.all.length === 1,
    ...onlyWhile(KeptnWorkload, workload),
    ...workloadStatus(workload, {
      now: seen.now,
      claims: claims.all,
      refused: refusedVersion ?? firstRefusal(wanted, seen),
      version: found && { name: found.metadata.name, properName },
    }),
    ...(refusedVersion !== undefined && {
      events: [
        failed(
          { short: 'CreateWorkloadVersion', long: 'Create WorkloadVersion' },
          workload,
          refusedVersion,
        ),
      ],
    }),
  };
}

/** A version whose record was deleted (`retention/`) is like a new one; an Event says so at a rollback. */
function checkedAgain(
  seen: WorkloadSeen,
  { status }: KeptnWorkload,
  { all }: Claims,
): readonly Effect[] {
  const isThere = (version: string): boolean =>
    seen.versions.some(({ spec }) => spec.version === version);
  return distinctVersions(all)
    .filter(({ identity: { version } }) => status?.prunedVersions?.includes(version) === true)
    .filter(({ identity: { version } }) => !isThere(version))
    .map(({ owner, identity: { version } }) => ({
      type: 'event',
      note: {
        about: owner.object,
        type: 'Warning',
        reason: 'VersionCheckedAgain',
        message: `the record of version ${version} was deleted because there were too many (KeptnConfig retention): its Pods are held until its checks have passed again`,
      },
    }));
}

function versionOf(
  seen: WorkloadSeen,
  from: {
    readonly workload: KeptnWorkload;
    readonly claim: Claim;
    readonly all: readonly Claim[];
  },
): Creation {
  const { workload, claim, all } = from;
  const spec = specOf(claim, all);
  const { templateDigest } = claim.identity;
  const { namespace, name } = seen;
  const proper = workloadVersionName(name, spec.version);
  const isTaken =
    // Names know no `_` and no capitals: another version of the workload may have this one already.
    seen.versions.some(({ metadata }) => metadata.name === proper) ||
    refusalOf({ kind: KeptnWorkloadVersion, namespace, name: proper }, seen)?.reason ===
      'NameTaken';
  const previous = workload.status?.currentVersion;
  const object: KeptnWorkloadVersion = {
    apiVersion: KeptnWorkloadVersion.apiVersion,
    kind: KeptnWorkloadVersion.kind,
    metadata: {
      name: isTaken ? hashedName(proper, [workload.metadata.uid ?? '', spec.version]) : proper,
      namespace,
      labels: selectionLabels({ app: spec.app, workload: name, version: spec.version }),
      // How the version came to be counts later.
      ...(claim.current.isWordOfPods && { annotations: { [sluiceKeys.wordOfPods]: 'true' } }),
      ownerReferences: [ownedBy(KeptnWorkload, workload)],
    },
    spec: {
      ...spec,
      workloadName: name,
      ...(previous !== undefined && previous !== spec.version && { previousVersion: previous }),
      ...defined({ templateDigest }),
    },
  };
  return { type: 'create', kind: KeptnWorkloadVersion, object };
}

function firstRefusal(changes: readonly AppChange[], seen: WorkloadSeen): Refusal | undefined {
  return changes.map((one) => refusalToMake(one, seen)).find((refusal) => refusal !== undefined);
}

function refusalToMake(change: AppChange, seen: WorkloadSeen): Refusal | undefined {
  if (change.type === 'patch') return refusalOf(change.ref, seen);
  const { kind, object } = change;
  return refusalOf({ kind, namespace: seen.namespace, name: object.metadata.name }, seen);
}

/** Keptn's Event of something that could not be created. */
function failed(
  phase: { short: string; long: string },
  workload: KeptnWorkload,
  { message }: Refusal,
): EventNote {
  const { app, version } = workload.spec;
  const subject: PhaseSubject = {
    object: workload,
    version,
    annotations: {
      appName: app,
      workloadName: workload.metadata.name,
      workloadVersion: version,
    },
    reportedBy: 'keptnworkload-controller',
  };
  const text = `could not create it: ${message}`;
  return phaseEvent(subject, phase, { suffix: 'Failed', text, type: 'Warning' });
}
