import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import type { Waiting } from '../deadline.ts';
import { durationOr } from '../go/duration.ts';
import { remainingMs } from '../remaining.ts';
import { standingDefinition } from '../standing/check-item.ts';
import { judgeFreezeWindow } from '../standing/freeze-window.ts';
import type { Verdict } from '../standing/verdict.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { definitionMissing } from './child-progress.ts';

/** What is known of the world for checks without a Job. */
export interface StandingSeen {
  /** CheckDefinitions by the name they are asked for: own namespace, then the shared one. */
  readonly definitions: ReadonlyMap<string, CheckDefinition>;
  /** The labels of the Namespace of the version. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

/** The checks without a Job of one phase, judged now. */
export interface StandingOutcome {
  readonly items: readonly ItemStatus[];
  /** Since when and until when the first of them waits. */
  readonly waiting?: Waiting | undefined;
  /** When the next of them may say something else, in milliseconds. */
  readonly wakeAfterMs?: number | undefined;
}

interface Request extends Moment {
  readonly namespace: string;
  /** The items as they are stored; one without a state was never judged. */
  readonly items: readonly ItemStatus[];
  /** Whether everything else of the phase that is waited for has ended, and lets the phase pass. */
  readonly isLast: boolean;
  /** The names of items that are not waited for. */
  readonly observed: ReadonlySet<string>;
}

/** A clock that is set, or a machine that was suspended, brings the moment nearer; no timer notices. A look writes nothing. */
const longestUnlookedMs = 10 * 60_000;

/** In how many milliseconds to look, if something changes by the clock in so many. */
export function lookAgainMs(changesInMs: number): number {
  return Math.min(Math.max(0, changesInMs), longestUnlookedMs);
}

/** More in one phase are not judged, because each takes time in which nothing else is decided. */
export const mostStandingChecks = 20;

/** The reason of a check that would pass now, and is judged again when the others of its phase have passed. */
export const passesNow = 'PassesNow';

interface Judged {
  readonly item: ItemStatus;
  readonly verdict: Verdict | undefined;
  /** What is left of its deadline, and when it is over; undefined without one. */
  readonly deadline: { readonly leftMs: number; readonly atMs: number } | undefined;
}

/**
 * Judges the checks without a Job. What they say holds for the moment alone, so that none has passed before its phase does: all
 * pass together, in the moment in which everything else has ended and each of them passes.
 */
export function judgeStanding(request: Request, seen: StandingSeen | undefined): StandingOutcome {
  const judged = request.items.map((item, index) =>
    index < mostStandingChecks ? judgedItem(item, request, seen) : tooMany(item),
  );
  const isObserved = ({ item }: Judged): boolean => request.observed.has(item.definitionName ?? '');
  const allPass =
    request.isLast &&
    judged.every(
      // One that has failed either ends the phase by itself or does not block.
      (one) => isObserved(one) || isCompleted(one.item.status) || one.verdict?.type === 'passes',
    );
  const items = judged.map((one) => concluded(one, allPass || isObserved(one), request));
  const open = judged.filter((_, index) => !isCompleted(items[index]?.status));
  const wakes = open.flatMap(({ verdict, deadline }) => {
    if (verdict === undefined || verdict.type === 'fails') return [];
    const changesMs = verdict.untilMs === undefined ? [] : [verdict.untilMs - request.now];
    return verdict.type === 'waits' && deadline !== undefined
      ? [...changesMs, deadline.leftMs]
      : changesMs;
  });
  const waiting = open
    .filter((one) => one.verdict?.type === 'waits' && !isObserved(one))
    .map(({ item, deadline }) => ({
      on: 'check' as const,
      since: item.startTime ?? rfc3339(request.now),
      untilMs: deadline?.atMs,
    }))
    .toSorted((a, b) => (a.untilMs ?? Infinity) - (b.untilMs ?? Infinity))[0];
  return {
    items,
    waiting,
    wakeAfterMs: wakes.length === 0 ? undefined : lookAgainMs(Math.ceil(Math.min(...wakes))),
  };
}

function tooMany(item: ItemStatus): Judged {
  const message = `a phase has ${mostStandingChecks} checks without a Job at most: put windows that belong together into one CheckDefinition`;
  const waits: ItemStatus = { ...item, status: 'Pending', reason: 'TooManyChecks', message };
  return { item: isCompleted(item.status) ? item : waits, verdict: undefined, deadline: undefined };
}

function judgedItem(item: ItemStatus, request: Request, seen: StandingSeen | undefined): Judged {
  const nothing = { verdict: undefined, deadline: undefined };
  if (isCompleted(item.status)) return { item, ...nothing };
  const name = standingDefinition(item.definitionName) ?? '';
  const definition = seen?.definitions.get(name);
  if (definition === undefined) {
    const made = definitionMissing(CheckDefinition.kind, name, request);
    const { reason, message } = made.type === 'missing' ? made : { reason: '', message: '' };
    return { item: { ...item, status: 'Pending', reason, message }, ...nothing };
  }
  const { now } = request;
  const begun = { ...item, startTime: item.startTime ?? rfc3339(now) };
  const verdict = verdictOf(definition, { now, labels: seen?.namespaceLabels ?? {} });
  const limitMs = durationOr(definition.spec.deadline, 0);
  const beganMs = parseTime(begun.startTime) ?? now;
  const leftMs = remainingMs(onThisClock(beganMs, request), limitMs, now);
  return {
    item: begun,
    verdict,
    deadline: limitMs > 0 ? { leftMs, atMs: beganMs + limitMs } : undefined,
  };
}

/** What a check without a Job says at a moment, in a Namespace with these labels. */
export function verdictOf(
  { spec }: CheckDefinition,
  at: { readonly now: number; readonly labels: Readonly<Record<string, string>> },
): Verdict {
  return judgeFreezeWindow(spec.freezeWindow, at);
}

function concluded(
  { item, verdict, deadline }: Judged,
  mayPass: boolean,
  { now }: Request,
): ItemStatus {
  if (verdict === undefined) return item;
  const { reason: _reason, message: _message, ...rest } = item;
  if (verdict.type === 'passes') {
    return mayPass
      ? { ...rest, status: 'Succeeded', endTime: rfc3339(now) }
      : {
          ...rest,
          status: 'Progressing',
          reason: passesNow,
          message: 'it would pass now, and is judged again when the other checks have passed',
        };
  }
  const { reason, message } = verdict;
  if (verdict.type === 'fails') {
    return { ...rest, status: 'Failed', endTime: rfc3339(now), reason, message };
  }
  if (deadline === undefined || deadline.leftMs > 0) {
    return { ...rest, status: 'Progressing', reason, message };
  }
  return {
    ...rest,
    status: 'Failed',
    endTime: rfc3339(now),
    reason: 'CheckDeadlineExceeded',
    message: `${message} (waited since ${item.startTime ?? ''})`,
  };
}
