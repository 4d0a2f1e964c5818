import { KeptnWorkload, type WorkloadOwner } from '../../api/keptn/workload.ts';
import {
  conditionTypes,
  type ConditionChange,
  type Progress,
  progressConditions,
  withConditions,
  withoutCondition,
  observed,
} from '../conditions.ts';
import { workloadName } from '../names.ts';
import { notOptedIn, type OptInState } from '../opt-in-state.ts';
import { amending, type Plan, type Refusal, storing } from '../plan.ts';
import type { Claim } from './workload-claim.ts';

/** What the status of a workload is stated from. */
export interface WorkloadFacts {
  readonly now: number;
  readonly claims: readonly Claim[];
  /** Why something that it needs could not be created. */
  readonly refused: Refusal | undefined;
  /** The version for its current version string, and the name it should have. */
  readonly version: { readonly name: string; readonly properName: string } | undefined;
}

/** The plan that stores the status of a workload. */
export function workloadStatus(
  workload: KeptnWorkload,
  facts: WorkloadFacts,
): Pick<Plan, 'status'> {
  const { claims, version, now } = facts;
  const stated = [several(claims), nameTaken(workload, facts)].filter((one) => one !== undefined);
  const changes = [...progressConditions(progressOf(facts), 'Ready'), ...stated].map((change) => ({
    ...change,
    ...observed(workload),
  }));
  return storing(KeptnWorkload, workload, {
    ...workload.status,
    ...(version !== undefined && { currentVersion: workload.spec.version }),
    owners: claims.map(ownerOf),
    conditions: withConditions(remaining(workload, stated), changes, now),
  });
}

/** That the workload is not followed, because its Namespace is not opted in: what it says is what it was at the opt-out. */
export function notFollowed(
  workload: KeptnWorkload,
  { optIn, now }: { readonly optIn: OptInState; readonly now: number },
): Pick<Plan, 'status'> {
  const consequence = 'this workload is not followed';
  const progress = notOptedIn('succeeded', workload, { optIn, consequence });
  const changes = progressConditions(progress, 'Ready').map((change) => ({
    ...change,
    ...observed(workload),
  }));
  return amending(KeptnWorkload, workload, {
    ...workload.status,
    conditions: withConditions(workload.status?.conditions, changes, now),
  });
}

function ownerOf({ owner, identity }: Claim): WorkloadOwner {
  const { name, uid = '' } = owner.object.metadata;
  return { kind: owner.kind, name, uid, version: identity.version };
}

function progressOf({ refused, version }: WorkloadFacts): Progress {
  if (refused !== undefined) {
    return { kind: 'waiting', reason: refused.reason, message: refused.message };
  }
  const message = `KeptnWorkloadVersion ${version?.name ?? ''} exists`;
  return { kind: 'succeeded', reason: 'VersionCreated', message };
}

function several(claims: readonly Claim[]): ConditionChange | undefined {
  if (claims.length < 2) return undefined;
  const names = claims.map(({ owner }) => `${owner.kind} ${owner.object.metadata.name}`);
  return {
    type: conditionTypes.severalOwners,
    status: 'True',
    reason: 'SeveralOwners',
    message: `Pods of several owners carry this app and workload: ${names.join(', ')}; a version is deployed when all of them are`,
  };
}

/** The second of two things that would have one name has another one, and says so (B3). */
function nameTaken(
  { metadata }: KeptnWorkload,
  { claims, version }: WorkloadFacts,
): ConditionChange | undefined {
  const [newest] = claims;
  if (newest === undefined) return undefined;
  const proper = workloadName(newest.identity.app, newest.identity.workload);
  const pairs = [
    [metadata.name, proper],
    [version?.name, version?.properName],
  ];
  const renamed = pairs.filter(([name, wanted]) => name !== wanted);
  if (renamed.length === 0) return undefined;
  return {
    type: conditionTypes.nameTaken,
    status: 'True',
    reason: 'NameTaken',
    message: renamed
      .map(([name, wanted]) => `${wanted} belongs to something else, so the name is ${name}`)
      .join('; '),
  };
}

/** The conditions without those that were stated once and hold no more. */
function remaining({ status }: KeptnWorkload, stated: readonly ConditionChange[]) {
  const passing = [conditionTypes.severalOwners, conditionTypes.nameTaken, conditionTypes.retired];
  return passing
    .filter((type) => stated.every((condition) => condition.type !== type))
    .reduce((conditions, type) => withoutCondition(conditions, type), status?.conditions ?? []);
}
