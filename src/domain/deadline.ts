import type { Condition } from '../api/object.ts';
import { type Moment, onThisClock } from './clock-steps.ts';
import { remainingMs } from './remaining.ts';
import { parseTime, rfc3339 } from './time.ts';
import { defined } from '../api/json.ts';

/*
 * Everything that waits for something that may never come says since when, and until when. Without a limit it waits as long as
 * Keptn would, and says that there is no deadline. The beginning is stored once, in the condition `Waiting`, and the end follows
 * from it and from the limit that holds now: to wait is not worth a further write, and another limit counts from the beginning.
 */

/** What is waited for. The reasons are those of the condition `Waiting`, and of the failure when the deadline has passed. */
const waits = {
  definition: { reason: 'DefinitionAwaited', exceeded: 'DefinitionDeadlineExceeded' },
  app: { reason: 'AppAwaited', exceeded: 'AppDeadlineExceeded' },
  metric: { reason: 'MetricAwaited', exceeded: 'MetricDeadlineExceeded' },
  jobStart: { reason: 'JobStartAwaited', exceeded: 'JobStartDeadlineExceeded' },
  check: { reason: 'CheckAwaited', exceeded: 'CheckDeadlineExceeded' },
  deployment: { reason: 'DeploymentAwaited', exceeded: 'DeploymentTimedOut' },
} as const;

/** A kind of wait that has a deadline. */
export type Wait = keyof typeof waits;

/** The waits whose limit can be set by name; that of a deployment is its time-out, and a check without a Job has its own. */
export type LimitedWait = Exclude<Wait, 'deployment' | 'check'>;

/** The limits as somebody has written them, Go durations; `0s` is none. */
export type StatedDeadlines = Readonly<Partial<Record<LimitedWait, string>>>;

/** The limits that hold, in milliseconds; undefined is none. */
export type Deadlines = Readonly<Record<LimitedWait, number | undefined>>;

/** Everything waits as long as Keptn would: for ever. */
export const noDeadlines: Deadlines = {
  definition: undefined,
  app: undefined,
  metric: undefined,
  jobStart: undefined,
};

/** The type of the condition that says since when something waits, and until when. */
export const waitingType = 'Waiting';

/** A wait as the condition `Waiting` states it. */
export interface Waiting {
  readonly on: Wait;
  /** When it began, as it is stored. */
  readonly since: string;
  /** When it is over, in milliseconds since the Unix epoch; undefined: never. */
  readonly untilMs: number | undefined;
}

/** A wait, and how far it is. */
export interface Deadline {
  readonly waiting: Waiting;
  readonly isOver: boolean;
  /** When to look again, in milliseconds; undefined without a deadline. */
  readonly wakeAfterMs: number | undefined;
}

/** Where a wait stands: it began when the conditions say so, and otherwise now. */
export function deadlineOf(
  on: Wait,
  conditions: readonly Condition[] | undefined,
  { limitMs, ...moment }: Moment & { readonly limitMs: number | undefined },
): Deadline {
  const known = conditions?.find(
    ({ type, reason }) => type === waitingType && reason === waits[on].reason,
  );
  const storedMs = parseTime(known?.lastTransitionTime);
  const since = rfc3339(storedMs ?? moment.now);
  const sinceMs = storedMs ?? parseTime(since) ?? moment.now;
  if (limitMs === undefined) {
    return { waiting: { on, since, untilMs: undefined }, isOver: false, wakeAfterMs: undefined };
  }
  const leftMs = remainingMs(onThisClock(sinceMs, moment), limitMs, moment.now);
  return {
    waiting: { on, since, untilMs: sinceMs + limitMs },
    isOver: leftMs <= 0,
    wakeAfterMs: Math.max(0, Math.ceil(leftMs)),
  };
}

/** Why something has failed whose deadline has passed; `message` says what did not come. */
export function exceeded(
  { waiting: { on, since, untilMs } }: Deadline,
  message: string,
): { readonly reason: string; readonly message: string } {
  const until = untilMs === undefined ? '' : ` until ${rfc3339(untilMs)}`;
  return { reason: waits[on].exceeded, message: `${message} (waited since ${since}${until})` };
}

/** The conditions with this wait stated, or with none. No change gives the same array. */
export function withWaiting(
  conditions: Condition[],
  waiting: Waiting | undefined,
  generation?: number,
): Condition[] {
  const old = conditions.find(({ type }) => type === waitingType);
  if (waiting === undefined) {
    return old === undefined ? conditions : conditions.filter((one) => one !== old);
  }
  const { reason } = waits[waiting.on];
  const message = sentence(waiting);
  if (old?.reason === reason && old.message === message) return conditions;
  const stated: Condition = {
    type: waitingType,
    status: 'True',
    reason,
    message,
    lastTransitionTime: waiting.since,
    ...defined({ observedGeneration: generation }),
  };
  return [...conditions.filter((one) => one !== old), stated];
}

function sentence({ on, since, untilMs }: Waiting): string {
  if (untilMs === undefined) return `since ${since}, no deadline`;
  return `since ${since}, until ${rfc3339(untilMs)}; then it fails with the reason ${waits[on].exceeded}`;
}
