import type { Pod } from '../../api/builtin.ts';
import type {
  ChecksRequest,
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import { conditionTypes, withCondition, withoutCondition } from '../conditions.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import type { AnnotatedIdentity } from '../identity/identity.ts';
import { type OwnerChain, topOwner } from '../owner/owner-chain.ts';
import { withPhaseReopened } from '../phase/phase-records.ts';
import { isPassed, type StateField, workloadPhases } from '../phase/phases.ts';
import type { EventNote } from '../plan.ts';
import { isReleased } from '../gate/release.ts';
import {
  byOwner,
  type CheckLists,
  describeLists,
  isEmpty,
  type ListField,
  listsOf,
  listsOfVersion,
  picked,
  union,
  without,
} from '../check/requested-checks.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import { carriersOf } from './wanted-version.ts';
import { namesIn } from '../standing/check-item.ts';
import { defined } from '../../api/json.ts';

/** A Pod that carries a version, and what it says of itself. */
export interface CarryingPod {
  readonly pod: Pod;
  readonly chain: OwnerChain;
  readonly identity: AnnotatedIdentity;
}

/**
 * What everything that carries the version asks for: the current revision of its owners, and the Pods that wait, whose
 * revision may be an older one or whose annotations a policy may have written.
 */
export function requestsFor(
  version: KeptnWorkloadVersion,
  seen: { readonly owners: readonly OwnerSeen[]; readonly pods: readonly CarryingPod[] },
): readonly ChecksRequest[] {
  const ofOwners = carriersOf(version, seen.owners).flatMap(({ owner, current }) =>
    current?.identity.type === 'annotated'
      ? [{ ...named(owner.kind, owner.object.metadata), ...listsOf(current.identity) }]
      : [],
  );
  const known = listsOfVersion(version);
  const ofPods = seen.pods
    .map(({ pod, chain, identity }) => ({ pod, chain, lists: listsOf(identity) }))
    .filter(({ chain, lists }) => chain.type !== 'unknown' || isUrgent(lists, known, version))
    .map(({ pod, chain, lists }) => ({ ...above(pod, chain), ...lists }));
  return byOwner([...ofOwners, ...ofPods]);
}

/** Whether checks have to be run although it is not known yet in whose name: a version that is not Released lacks some. */
function isUrgent(lists: CheckLists, known: CheckLists, version: KeptnWorkloadVersion): boolean {
  return !isReleased(version.status) && !isEmpty(without(lists, known));
}

/** A version and those who ask for its checks, at one moment. */
interface Asked {
  readonly version: KeptnWorkloadVersion;
  readonly requests: readonly ChecksRequest[];
  readonly owners: readonly OwnerSeen[];
  readonly now: number;
}

/**
 * The status with everything recorded that can still be run. A version that is not Released gains missing checks in every
 * phase, also in one that was over; later on only phases that are not over do. What comes too late is named in the condition
 * SeveralOwners and in an Event on its owner. The same status where nothing is new.
 */
export function withRequests(
  status: KeptnWorkloadVersionStatus,
  asked: Asked,
): { readonly status: KeptnWorkloadVersionStatus; readonly events: readonly EventNote[] } {
  const { gained, late } = sorted(status, asked);
  const events = late.flatMap((each) => noteOn(each, asked.owners));
  return { status: stated(recorded(status, gained, late), asked), events };
}

/** The requests that are new, split into what can still be run and what comes too late; each name for who asked first. */
function sorted(status: KeptnWorkloadVersionStatus, { version, requests }: Asked) {
  const isOpen = openFields(status);
  let known = union([
    listsOfVersion({ spec: version.spec, status }),
    ...(status.checksNotRun ?? []),
  ]);
  const gained: ChecksRequest[] = [];
  const late: ChecksRequest[] = [];
  for (const request of requests) {
    const missing = without(request, known);
    const { kind, name, uid } = request;
    const inTime = picked(missing, isOpen);
    const tooLate = picked(missing, (field) => !isOpen(field));
    if (!isEmpty(inTime)) gained.push({ kind, name, uid, ...inTime });
    if (!isEmpty(tooLate)) late.push({ kind, name, uid, ...tooLate });
    known = union([known, missing]);
  }
  return { gained, late };
}

/** Which lists may still grow. */
function openFields(status: KeptnWorkloadVersionStatus): (field: ListField) => boolean {
  if (isCompleted(status.status)) return () => false;
  return (field) => {
    switch (field) {
      case 'preDeploymentTasks':
      case 'preDeploymentEvaluations':
      case 'preDeploymentChecks':
        return !isReleased(status);
      case 'postDeploymentTasks':
        return !isPassed(status.postDeploymentStatus);
      case 'postDeploymentEvaluations':
      case 'postDeploymentChecks':
        return !isPassed(status.postDeploymentEvaluationStatus);
      case 'onSuccess':
      case 'onFailure':
        return true;
    }
  };
}

function recorded(
  status: KeptnWorkloadVersionStatus,
  gained: readonly ChecksRequest[],
  late: readonly ChecksRequest[],
): KeptnWorkloadVersionStatus {
  const { requestedChecks = [], checksNotRun = [] } = status;
  return {
    ...(gained.length === 0 ? status : reopened(status, gained)),
    ...(gained.length > 0 && { requestedChecks: [...byOwner([...requestedChecks, ...gained])] }),
    ...(late.length > 0 && { checksNotRun: [...byOwner([...checksNotRun, ...late])] }),
  };
}

/** A phase that was over and has gained a check runs again; the checks it had keep their results. */
function reopened(
  status: KeptnWorkloadVersionStatus,
  gained: readonly ChecksRequest[],
): KeptnWorkloadVersionStatus {
  const lists = union(gained);
  const before: VersionStatus = status;
  const again = workloadPhases.filter(
    (phase) =>
      phase.type !== 'deploy' &&
      phase.definitions !== 'promotionTasks' &&
      isPassed(before[phase.state]) &&
      namesIn(phase, lists).length > 0,
  );
  const states: Partial<Record<StateField, KeptnState>> = {};
  for (const { state } of again) states[state] = 'Pending';
  const phaseRecords = again.reduce(withPhaseReopened, status.phaseRecords);
  return { ...status, ...states, ...defined({ phaseRecords }) };
}

/** The status with the condition SeveralOwners. What has ended is not written again for an owner that has come or gone. */
function stated(
  status: KeptnWorkloadVersionStatus,
  { version, requests, now }: Asked,
): KeptnWorkloadVersionStatus {
  const type = conditionTypes.severalOwners;
  const { conditions, checksNotRun = [] } = status;
  const isNews = status.checksNotRun !== version.status?.checksNotRun;
  if (isCompleted(status.status) && !isNews) return status;
  // What came too late is reported also while a cache shows only the owner that asked for it.
  if (requests.length < 2 && !isNews) {
    if (isReleased(status)) return status;
    const remaining = withoutCondition(conditions, type);
    return remaining.length === (conditions ?? []).length
      ? status
      : { ...status, conditions: remaining };
  }
  const message = messageOf(requests, checksNotRun);
  const condition = { type, status: 'True', reason: 'SeveralOwners', message } as const;
  return { ...status, conditions: withCondition(conditions, condition, now) };
}

const mostNamed = 10;

function messageOf(requests: readonly ChecksRequest[], late: readonly ChecksRequest[]): string {
  const isPod = ({ kind }: ChecksRequest): boolean => kind === 'Pod';
  const pods = requests.filter(isPod).length;
  const who =
    pods === 0
      ? 'several owners carry this version'
      : pods === requests.length
        ? `${pods} Pods without an owner carry this version`
        : `several owners carry this version, and ${pods} ${pods === 1 ? 'Pod' : 'Pods'} without one`;
  // Owners are few and say most; Pods may be many.
  const ownersFirst = [...requests.filter((one) => !isPod(one)), ...requests.filter(isPod)];
  const asks = firstOf(ownersFirst, (request) => {
    const what = describeLists(request);
    return `${request.kind} ${request.name} asks for ${what === '' ? 'none' : what}`;
  });
  const whole = `${who}, which runs the checks of all of them: ${asks}`;
  return late.length === 0
    ? whole
    : `${whole}; asked for too late and not run: ${firstOf(late, notRun)}; to have them run, give what is deployed a version of its own`;
}

function notRun(request: ChecksRequest): string {
  return `${describeLists(request)} (${request.kind} ${request.name})`;
}

function firstOf(
  requests: readonly ChecksRequest[],
  describe: (request: ChecksRequest) => string,
): string {
  const texts = requests.slice(0, mostNamed).map(describe).join('; ');
  const more = requests.length - mostNamed;
  return more > 0 ? `${texts}; and ${more} more` : texts;
}

function noteOn(request: ChecksRequest, owners: readonly OwnerSeen[]): readonly EventNote[] {
  const about = owners.find(({ owner }) => owner.object.metadata.uid === request.uid)?.owner.object;
  if (about === undefined) return [];
  const message = `not run: ${describeLists(request)}: this version of the workload had passed that phase before they were asked for; to have them run, give what is deployed a version of its own`;
  return [{ about, type: 'Warning', reason: 'ChecksNotRun', message }];
}

function above(pod: Pod, chain: OwnerChain): ChecksRequest {
  if (chain.type === 'unowned') return named('Pod', pod.metadata);
  const owner = chain.type === 'known' ? (topOwner(chain.owner) ?? chain.owner) : undefined;
  if (owner !== undefined) return named(owner.kind, owner.object.metadata);
  return named(chain.reference.kind, chain.reference);
}

function named(kind: string, { name, uid = '' }: { name: string; uid?: string }): ChecksRequest {
  return { kind, name, uid };
}
