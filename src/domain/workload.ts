import {
  managedByKeptn,
  keptnAnnotations,
  recommendedLabels,
  singleServiceAppType,
} from '../api/keptn/annotations.ts';
import type { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import {
  KeptnWorkload,
  type KeptnWorkloadSpec,
  type WorkloadOwner,
} from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { type ObjectRef, type OwnerReference, refOf } from '../api/object.ts';
import { ownedBy } from './check-objects.ts';
import {
  conditionTypes,
  progressConditions,
  withConditions,
  withoutCondition,
} from './conditions.ts';
import type { CurrentRevision, OwnerSeen } from './current-revision.ts';
import type { AnnotatedIdentity } from './identity.ts';
import { appName, hashedName, workloadVersionName } from './names.ts';
import { isNameOf } from './newest-app-version.ts';
import { type Effect, nothing, type Plan, type Refusal } from './plan.ts';
import { isReleased } from './release.ts';
import { sameJson } from './same-json.ts';

/** What the decision on a workload knows of the world. */
export interface WorkloadSeen {
  readonly namespace: string;
  readonly name: string;
  readonly now: number;
  /** Undefined when its first Pods have just come. */
  readonly workload: KeptnWorkload | undefined;
  /** The owners it references and those of its Pods that wait, each once. */
  readonly owners: readonly OwnerSeen[];
  readonly versions: readonly KeptnWorkloadVersion[];
  /** The app it belongs to, and the request for it, as far as the cache has them. */
  app(name: string): KeptnApp | undefined;
  request(name: string): KeptnAppCreationRequest | undefined;
  refusal(ref: ObjectRef): Refusal | undefined;
}

/** An owner whose current revision carries this workload in a known version. */
interface Claim {
  readonly owner: OwnerSeen['owner'];
  readonly current: CurrentRevision;
  readonly identity: AnnotatedIdentity & { readonly version: string };
}

/**
 * Keeps a workload in step with its owners (compatibility reference §2.6, §4.9): its spec names the version that is
 * current, every version gets its KeptnWorkloadVersion once, and an app that does not know the version is asked for.
 */
export function decideWorkload(seen: WorkloadSeen): Plan {
  const { workload } = seen;
  const claims = claimsOn(seen);
  const newest = claims[0];
  if (newest === undefined || workload?.metadata.deletionTimestamp !== undefined) return nothing;
  if (workload === undefined) {
    return {
      effects: [{ type: 'create', kind: KeptnWorkload, object: workloadOf(seen, claims, newest) }],
    };
  }
  const change = follow(seen, workload, { claims, newest });
  if (change.length > 0) return { effects: change };
  return withVersion(seen, workload, { claims, newest });
}

/** Newest revision first, then by uid: the first one is what `resourceReference` names. */
function claimsOn({ owners, name }: WorkloadSeen): readonly Claim[] {
  return owners
    .flatMap(({ owner, current }): Claim[] => {
      if (current?.identity.type !== 'annotated') return [];
      const { identity } = current;
      const { version } = identity;
      if (version === undefined || !isNameOf(name, identity.app, identity.workload)) return [];
      return [{ owner, current, identity: { ...identity, version } }];
    })
    .toSorted(
      (a, b) =>
        b.current.madeAt - a.current.madeAt ||
        (a.current.reference.uid < b.current.reference.uid ? -1 : 1),
    );
}

function specOf({ current, identity }: Claim): KeptnWorkloadSpec {
  const some = <T>(key: string, list: readonly T[]) =>
    list.length > 0 ? { [key]: [...list] } : {};
  return {
    app: identity.app,
    version: identity.version,
    ...some('preDeploymentTasks', identity.preTasks),
    ...some('postDeploymentTasks', identity.postTasks),
    ...some('preDeploymentEvaluations', identity.preEvaluations),
    ...some('postDeploymentEvaluations', identity.postEvaluations),
    resourceReference: current.reference,
    ...(Object.keys(identity.metadata).length > 0 && { metadata: { ...identity.metadata } }),
  };
}

function workloadOf(seen: WorkloadSeen, claims: readonly Claim[], newest: Claim): KeptnWorkload {
  return {
    apiVersion: KeptnWorkload.apiVersion,
    kind: KeptnWorkload.kind,
    metadata: {
      name: seen.name,
      namespace: seen.namespace,
      ownerReferences: claims.map(({ owner }) => referenceTo(owner)),
    },
    spec: specOf(newest),
  };
}

/** The top owner, which outlives pruned ReplicaSets; a plain reference as in Keptn, since several may share a workload. */
function referenceTo({ object }: Claim['owner']): OwnerReference {
  const { name, uid = '' } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, uid };
}

/** What has to change for the workload to name its current version and its owners. */
function follow(
  seen: WorkloadSeen,
  workload: KeptnWorkload,
  { claims, newest }: { claims: readonly Claim[]; newest: Claim },
): readonly Effect[] {
  const spec = specOf(newest);
  const known = workload.metadata.ownerReferences ?? [];
  const claimed = claims.map(({ owner }) => referenceTo(owner));
  // Keptn referenced the ReplicaSet, which is pruned one day and takes everything with it.
  const kept = known.filter(
    ({ kind, uid }) => kind !== 'ReplicaSet' || claimed.some((owner) => owner.uid === uid),
  );
  const added = claimed.filter(({ uid }) => kept.every((owner) => owner.uid !== uid));
  if (sameJson(workload.spec, spec) && added.length === 0 && kept.length === known.length)
    return [];
  const patch: Effect = {
    type: 'patch',
    ref: refOf(KeptnWorkload, workload),
    operations: [
      { op: 'test', path: '/metadata/uid', value: workload.metadata.uid },
      {
        op: 'replace',
        path: '/metadata/resourceVersion',
        value: workload.metadata.resourceVersion,
      },
      { op: 'add', path: '/metadata/ownerReferences', value: [...kept, ...added] },
      { op: 'replace', path: '/spec', value: spec },
    ],
  };
  const again = seen.versions.find((version) => version.spec.version === spec.version);
  const isBack =
    workload.spec.version !== spec.version && again !== undefined && isReleased(again.status);
  return isBack ? [patch, releasedBefore(newest, spec.version)] : [patch];
}

/** Keptn does not repeat checks for a version it knows (W6); whoever relies on them should be told. */
function releasedBefore({ owner }: Claim, version: string): Effect {
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

function withVersion(
  seen: WorkloadSeen,
  workload: KeptnWorkload,
  { claims, newest }: { claims: readonly Claim[]; newest: Claim },
): Plan {
  const { version } = workload.spec;
  const found = seen.versions.find((candidate) => candidate.spec.version === version);
  const request = requestFor(seen, workload, newest);
  const creation = found === undefined ? versionOf(seen, workload) : undefined;
  const effects = [creation, request].filter((effect) => effect !== undefined);
  const refused = effects
    .map((effect) =>
      effect.type === 'create'
        ? seen.refusal({
            kind: effect.kind,
            namespace: seen.namespace,
            name: effect.object.metadata.name,
          })
        : undefined,
    )
    .find((refusal) => refusal !== undefined);
  return {
    effects,
    onlyIfCurrent: {
      ...refOf(KeptnWorkload, workload),
      resourceVersion: workload.metadata.resourceVersion ?? '',
    },
    ...status(seen, workload, { claims, refused, versionName: found?.metadata.name }),
  };
}

function versionOf(
  seen: WorkloadSeen,
  workload: KeptnWorkload,
): Extract<Effect, { type: 'create' }> {
  const { namespace, name } = seen;
  const proper = workloadVersionName(name, workload.spec.version);
  const isTaken =
    seen.refusal({ kind: KeptnWorkloadVersion, namespace, name: proper })?.reason === 'NameTaken';
  const previous = workload.status?.currentVersion;
  const object: KeptnWorkloadVersion = {
    apiVersion: KeptnWorkloadVersion.apiVersion,
    kind: KeptnWorkloadVersion.kind,
    metadata: {
      name: isTaken
        ? hashedName(proper, [workload.metadata.uid ?? '', workload.spec.version])
        : proper,
      namespace,
      ownerReferences: [ownedBy(KeptnWorkload, workload)],
    },
    spec: {
      ...workload.spec,
      workloadName: name,
      ...(previous !== undefined &&
        previous !== workload.spec.version && { previousVersion: previous }),
    },
  };
  return { type: 'create', kind: KeptnWorkloadVersion, object };
}

/** Asks for the app when the one there is does not list this version, unless its users keep it themselves. */
function requestFor(
  seen: WorkloadSeen,
  workload: KeptnWorkload,
  { identity }: Claim,
): Extract<Effect, { type: 'create' }> | undefined {
  const name = appName(workload.spec.app);
  const app = seen.app(name);
  const isUsers =
    app !== undefined && app.metadata.labels?.[recommendedLabels.managedBy] !== managedByKeptn;
  const listsIt = app?.spec.workloads?.some(
    (entry) =>
      entry.version === workload.spec.version &&
      isNameOf(workload.metadata.name, workload.spec.app, entry.name),
  );
  if (isUsers || listsIt === true || seen.request(name) !== undefined) return undefined;
  const object: KeptnAppCreationRequest = {
    apiVersion: KeptnAppCreationRequest.apiVersion,
    kind: KeptnAppCreationRequest.kind,
    metadata: {
      name,
      namespace: seen.namespace,
      ...(identity.singleService && {
        annotations: { [keptnAnnotations.appType]: singleServiceAppType },
      }),
    },
    spec: { appName: name },
  };
  return { type: 'create', kind: KeptnAppCreationRequest, object };
}

function status(
  seen: WorkloadSeen,
  workload: KeptnWorkload,
  at: { claims: readonly Claim[]; refused: Refusal | undefined; versionName: string | undefined },
): Pick<Plan, 'status'> {
  const { generation, resourceVersion = '' } = workload.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const owners = at.claims.map(({ owner }): WorkloadOwner => {
    const { name, uid = '' } = owner.object.metadata;
    return { kind: owner.kind, name, uid };
  });
  const several = {
    type: conditionTypes.severalOwners,
    status: 'True',
    reason: 'SeveralOwners',
    message: `Pods of several owners carry this app and workload: ${owners.map(({ kind, name }) => `${kind} ${name}`).join(', ')}; a version is deployed when all of them are`,
  } as const;
  const progress =
    at.refused === undefined
      ? ({
          kind: 'succeeded',
          reason: 'VersionCreated',
          message: `KeptnWorkloadVersion ${at.versionName ?? ''} exists`,
        } as const)
      : ({ kind: 'waiting', reason: at.refused.reason, message: at.refused.message } as const);
  const changes = [
    ...progressConditions(progress, 'Ready'),
    ...(owners.length > 1 ? [several] : []),
  ];
  const base =
    owners.length > 1
      ? workload.status?.conditions
      : withoutCondition(workload.status?.conditions, conditionTypes.severalOwners);
  return {
    status: {
      ref: refOf(KeptnWorkload, workload),
      resourceVersion,
      from: workload.status,
      to: {
        ...workload.status,
        ...observed,
        ...(at.versionName !== undefined && { currentVersion: workload.spec.version }),
        owners,
        conditions: [
          ...withConditions(
            base,
            changes.map((change) => ({ ...change, ...observed })),
            seen.now,
          ),
        ],
      },
    },
  };
}
