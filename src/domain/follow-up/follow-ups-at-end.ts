import type { FollowUpStatus, TaskTrigger, Trigger } from '../../api/keptn/follow-up.ts';
import type { Condition, KubernetesObject } from '../../api/object.ts';
import { conditionTypes, withCondition } from '../conditions.ts';
import { describeChainProblem } from './definition-chain.ts';
import { followUpEvents, noneStarted } from './follow-up-events.ts';
import { shortened } from '../shortened.ts';
import { type FollowUpFields, followUpList } from './follow-up-lists.ts';
import type { PhaseSubject } from '../phase-event.ts';
import type { EventNote } from '../plan.ts';
import { defined } from '../../api/json.ts';

/** An end, as far as it decides what follows. */
export interface FollowedEnd {
  readonly trigger: Trigger;
  /** The attempt that has ended, from 1. */
  readonly attempt: number;
  /** How many ends led to what has ended; 0 unless it is a follow-up itself. */
  readonly depth: number;
  /** The definitions that led to what has ended and its own, named as in `ChainStart`. */
  readonly chain: readonly string[];
  /** KeptnConfig `maxFollowUpDepth`. */
  readonly limit: number;
  /** KeptnConfig `maxFollowUps`. */
  readonly total: number;
}

/** That a follow-up is more than one check or version may have in all. */
export function tooMany(total: number): { readonly reason: string; readonly message: string } {
  return {
    reason: 'TooManyFollowUps',
    message: `one check or version has at most ${total} follow-ups in all, those of its follow-ups included; list fewer, or raise maxFollowUps in KeptnConfig`,
  };
}

/** Which follow-ups a final state starts. Deprecated starts none: that end had no result. */
export function triggerOf(state: string | undefined): Trigger | undefined {
  if (state === 'Succeeded') return 'onSuccess';
  return state === 'Failed' ? 'onFailure' : undefined;
}

/** The entries of these names for the status write that ends their parent; beyond the limit they have failed already. */
export function followUpsAtEnd(names: readonly string[], end: FollowedEnd): FollowUpStatus[] {
  const { trigger, attempt, depth, chain, limit, total } = end;
  return names.map((definitionName, index) => {
    const item = { trigger, definitionName, ...(attempt > 1 && { attempt }) };
    // Those of a follow-up are counted together with those of its kin, when they are made.
    if (depth === 0 && index >= total) return { ...item, status: 'Failed', ...tooMany(total) };
    if (depth < limit) return { ...item, status: 'Pending' };
    const message = describeChainProblem({
      type: 'tooDeep',
      path: [...chain, definitionName],
      limit,
    });
    return { ...item, status: 'Failed', reason: 'FollowUpTooDeep', message };
  });
}

/**
 * The status of an end with what follows it by its definition, and what of it is worth an Event. Nothing is added where
 * nothing follows; a list that cannot be read starts nothing, and a condition and an Event say so.
 */
export function withFollowUps<S extends { followUps?: FollowUpStatus[]; conditions?: Condition[] }>(
  status: S,
  definition: (KubernetesObject & { readonly spec: FollowUpFields }) | undefined,
  at: { readonly end: FollowedEnd; readonly subject: PhaseSubject; readonly now: number },
): { readonly status: S; readonly events: readonly EventNote[] } {
  const { names, problems } = followUpList(definition?.spec ?? {}, at.end.trigger);
  if (definition !== undefined && problems.length > 0) {
    const { kind, metadata } = definition;
    const faults = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    const message = `none was started: ${kind} ${metadata.name}: ${faults}`;
    const condition = {
      type: conditionTypes.followUps,
      status: 'False',
      reason: 'FollowUpsInvalid',
      message,
    } as const;
    return {
      status: { ...status, conditions: withCondition(status.conditions, condition, at.now) },
      events: [noneStarted(at.subject, message)],
    };
  }
  if (names.length === 0) return { status, events: [] };
  const before = status.followUps ?? [];
  const after = [...before, ...followUpsAtEnd(names, at.end)];
  const events = followUpEvents(at.subject, { before, after });
  return { status: { ...status, followUps: after }, events };
}

/** The bytes of an environment variable are few; what is longer can be read in the parent itself. */
const longestMessage = 1024;
const longestResult = 8192;

/** How a parent ended, as its follow-ups see it: without what is not known, and short enough for a Job's environment. */
export function endFor(end: {
  readonly [Field in keyof TaskTrigger]: TaskTrigger[Field] | undefined;
}): TaskTrigger {
  const { kind = '', name = '', definition, status = '', reason, message, attempts, result } = end;
  const fits = result !== undefined && JSON.stringify(result).length <= longestResult;
  return {
    kind,
    name,
    ...defined({ definition }),
    status,
    ...defined({ reason }),
    ...(message !== undefined && message !== '' && { message: shortened(message, longestMessage) }),
    ...defined({ attempts }),
    ...(fits && { result }),
  };
}
