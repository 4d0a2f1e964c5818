import { isEqualJson } from '../../api/json.ts';
import type { FollowUpStatus, TaskTrigger } from '../../api/keptn/follow-up.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { type CheckContext, toldBy } from '../check/child-objects.ts';
import type { ChecksSeen } from '../check/checks.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import type { FollowUpFields } from './follow-up-lists.ts';
import { type FollowUpParent, type FollowUpsSeen, runFollowUps } from './follow-ups.ts';
import { endFor, triggerOf, withFollowUps } from './follow-ups-at-end.ts';
import type { PhaseSubject } from '../phase-event.ts';
import type { ItemsField, Phase } from '../phase/phases.ts';
import { amending, type EventNote, nothing, onlyWhile, type Plan } from '../plan.ts';
import { attemptOf, type VersionStatus } from '../phase/version-status.ts';

/**
 * The tasks that follow the end of a whole app version or workload version (KeptnAppContext `onSuccess` and `onFailure`, the
 * annotations of a workload), and what a version shows of those that follow its checks. By the rule of `follow-ups.ts` only
 * what was recorded together with the end is ever started: versions that ended before have nothing recorded.
 */

/** A version, as far as its follow-ups go. */
export interface FollowedVersion<S extends VersionStatus = VersionStatus> {
  readonly version: KubernetesObject & { readonly spec: FollowUpFields; readonly status?: S };
  readonly kind: Kind;
  readonly phases: readonly Phase[];
  readonly subject: PhaseSubject;
  /** What its own checks get as context. */
  readonly context: CheckContext;
}

/** What the decision on a version knows of the tasks that follow it, and of its checks. */
export interface VersionFollowUpsSeen extends Pick<ChecksSeen, 'tasks' | 'evaluations'> {
  readonly followUps: FollowUpsSeen;
}

/** The status of a version with what follows its end, if it has just come to one; `limit` is `maxFollowUpDepth`, `total` `maxFollowUps`. */
export function withRecorded<S extends VersionStatus>(
  status: S,
  { version, subject }: FollowedVersion,
  { limit, total, now }: { readonly limit: number; readonly total: number; readonly now: number },
): { readonly status: S; readonly events: readonly EventNote[] } {
  const trigger = triggerOf(status.status);
  if (trigger === undefined) return { status, events: [] };
  const attempt = attemptOf(status);
  const end = { trigger, attempt, depth: 0, chain: chainOf(version), limit, total };
  return withFollowUps(status, version, { end, subject, now });
}

/**
 * What is left to do for a version that has ended: its follow-ups, those of its earlier attempts among them, are brought one
 * step further, and those of its checks are shown. `status` may differ from the stored one in what else is to be stored.
 */
export function planAfterEnd<S extends VersionStatus>(
  status: S,
  of: FollowedVersion<S>,
  seen: VersionFollowUpsSeen,
): Plan {
  const { version, kind, phases } = of;
  const shown = withFollowUpsOfChecks(status, phases, seen);
  const recorded = status.followUps ?? [];
  const steps = recorded.map((item) =>
    runFollowUps([item], parentOf(of, status, item), seen.followUps),
  );
  const look = steps.flatMap((step) => step.look);
  if (look.length > 0) return { look };
  const effects = steps.flatMap((step) => step.effects);
  const items = steps.flatMap((step) => step.items);
  const next = isEqualJson(recorded, items) ? shown : { ...shown, followUps: items };
  if (next === version.status && effects.length === 0) return nothing;
  return {
    effects,
    // A cache that lags could show as still to be made what has run and is gone.
    ...(effects.length > 0 && onlyWhile(kind, version)),
    ...amending(kind, version, next),
    events: steps.flatMap((step) => step.events),
  };
}

/** The status with the follow-ups that the tasks and evaluations of its phases list now; the same one if nothing is new. */
export function withFollowUpsOfChecks<S extends VersionStatus>(
  status: S,
  phases: readonly Phase[],
  seen: Pick<ChecksSeen, 'tasks' | 'evaluations'>,
): S {
  const changes: Partial<Record<ItemsField, ItemStatus[]>> = {};
  for (const phase of phases) {
    const items = phase.type === 'deploy' ? [] : (status[phase.items] ?? []);
    const children = phase.type === 'tasks' ? seen.tasks : seen.evaluations;
    const shown = items.map((item) => {
      const followUps = children.get(item.name ?? '')?.status?.followUps;
      const isNews = followUps !== undefined && !isEqualJson(followUps, item.followUps);
      return isNews ? { ...item, followUps } : item;
    });
    const isChanged = shown.some((item, index) => item !== items[index]);
    if (phase.type !== 'deploy' && isChanged) changes[phase.items] = shown;
  }
  return Object.keys(changes).length === 0 ? status : { ...status, ...changes };
}

function parentOf(
  { version, subject, context }: FollowedVersion,
  status: VersionStatus,
  item: FollowUpStatus,
): FollowUpParent {
  return {
    namespace: context.namespace,
    owner: context.owner,
    subject,
    attempt: item.attempt ?? 1,
    depth: 0,
    chain: chainOf(version),
    context: toldBy(context),
    end: endOf(version, status, item),
  };
}

/** How the attempt that is followed ended: the present one, or one that is history. */
function endOf(
  { kind, metadata: { name } }: KubernetesObject,
  status: VersionStatus,
  { attempt = 1, trigger }: FollowUpStatus,
): TaskTrigger {
  const past = status.attempts?.find((each) => each.attempt === attempt);
  const summary = past ?? conditionOf({ status }, conditionTypes.succeeded);
  // A version that was superseded after its end says that now, and not how it had ended.
  const isTold = triggerOf(past?.status ?? status.status) === trigger;
  return endFor({
    kind,
    name,
    definition: undefined,
    status: trigger === 'onFailure' ? 'Failed' : 'Succeeded',
    reason: isTold ? summary?.reason : undefined,
    message: isTold ? summary?.message : undefined,
    attempts: attempt,
    result: undefined,
  });
}

function chainOf({ kind, metadata }: KubernetesObject): readonly string[] {
  return [`${kind} ${metadata.name}`];
}
