import { conditionLimits } from '../api/condition.ts';
import type { Condition } from '../api/object.ts';
import { type Waiting, waitingType, withWaiting } from './deadline.ts';
import { rfc3339 } from './time.ts';

/** Condition types on Sluice's own kinds. */
export const conditionTypes = {
  /** Long-lived kinds: everything asked for is there. */
  ready: 'Ready',
  /** Kinds that run to an end: True when it was a good one. */
  succeeded: 'Succeeded',
  /** True while Sluice waits or works (kstatus). */
  reconciling: 'Reconciling',
  /** True when nothing will move on without somebody's help (kstatus). */
  stalled: 'Stalled',
  /** Something that may never come is waited for: since when, and until when. */
  waiting: waitingType,
  /** KeptnWorkloadVersion: its Pods may start. */
  released: 'Released',
  /** KeptnAppVersion: everything before its promotion has passed; stays True, whatever becomes of the promotion. */
  deployed: 'Deployed',
  /** KeptnAppVersion with promotion tasks: they have succeeded. */
  promoted: 'Promoted',
  /** KeptnWorkloadVersion: somebody holds the roll-out; the time-out of the deployment stands still. */
  paused: 'Paused',
  /** KeptnWorkload: several owners carry this app and workload. */
  severalOwners: 'SeveralOwners',
  /** KeptnWorkload: its owner carries another one, or none; it is current no more. */
  retired: 'Retired',
  /** KeptnApp that was generated: no workload names it any more, and it is deleted some time after. */
  unused: 'Unused',
  /** The name of a child belongs to something else. */
  nameTaken: 'NameTaken',
  /** KeptnTask, KeptnEvaluation and versions: False when what names the tasks that follow their end cannot be read. */
  followUps: 'FollowUps',
  /** Pods were found that run without ever having been judged. */
  bypassed: 'Bypassed',
  /** Its spans have reached the collector; absent where tracing was off at its end. */
  exported: 'Exported',
  /** Versions: a check has failed that warns; had it blocked, the version would have been held here. */
  wouldBlock: 'WouldBlock',
  /** Versions: what became of the last request by hand; False if it was refused. */
  steered: 'Steered',
  /** KeptnMetric: it is asked less often than its spec says, because that is more often than any metric is. */
  intervalRaised: 'IntervalRaised',
  /** KeptnAppContext: no application has its name. */
  appMissing: 'AppMissing',
  /** KeptnConfig: another one rules. */
  ignored: 'Ignored',
  /** Definitions and metrics: everything they name is there and leads nowhere it must not. */
  resolvedRefs: 'ResolvedRefs',
} as const;

/** A condition as a decision states it; the time is added when it is written. */
export type ConditionChange = Omit<Condition, 'lastTransitionTime'>;

/** The conditions with this one stated. `lastTransitionTime` moves only with the status; no change gives the same array. */
export function withCondition(
  conditions: Condition[] | undefined,
  stating: ConditionChange,
  now: number,
): Condition[] {
  const stated = conditions ?? [];
  // The API server refuses a whole status for one message that is too long.
  const change = { ...stating, message: stating.message.slice(0, conditionLimits.messageLength) };
  const old = stated.find(({ type }) => type === change.type);
  if (old === undefined) return [...stated, { ...change, lastTransitionTime: rfc3339(now) }];
  if (isSame(old, change)) return stated;
  const lastTransitionTime = old.status === change.status ? old.lastTransitionTime : rfc3339(now);
  return stated.map((condition) =>
    condition === old ? { ...change, lastTransitionTime } : condition,
  );
}

/** `withCondition` for several. */
export function withConditions(
  conditions: Condition[] | undefined,
  changes: readonly ConditionChange[],
  now: number,
): Condition[] {
  return changes.reduce<Condition[]>(
    (stated, change) => withCondition(stated, change, now),
    conditions ?? [],
  );
}

/** The conditions without the one of this type; the same array if there was none. */
export function withoutCondition(conditions: Condition[] | undefined, type: string): Condition[] {
  const stated = conditions ?? [];
  return stated.some((condition) => condition.type === type)
    ? stated.filter((condition) => condition.type !== type)
    : stated;
}

/** The condition of this type in an object's status. */
export function conditionOf(
  object: { status?: { conditions?: readonly Condition[] } } | undefined,
  type: string,
): Condition | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether an object's status states this condition as True. */
export function isTrue(
  object: { status?: { conditions?: readonly Condition[] } } | undefined,
  type: string,
): boolean {
  return conditionOf(object, type)?.status === 'True';
}

/** How far something is, in the terms people wait for. */
export interface Progress {
  /**
   * - `succeeded`, `failed`: the end (for long-lived kinds: as asked for, or not to be had).
   * - `waiting`: it moves on by itself.
   * - `stalled`: it waits for somebody to change something.
   */
  readonly kind: 'succeeded' | 'failed' | 'waiting' | 'stalled';
  readonly reason: string;
  readonly message: string;
  /** What it waits for that may never come. */
  readonly waiting?: Waiting | undefined;
}

/**
 * The three conditions that say one thing consistently. `Succeeded` is Unknown until the end; `Ready` is False until all is
 * there. Reconciling and Stalled are never True together, and Stalled is True for `failed`, so that tools which read
 * kstatus show it as failed.
 */
export function progressConditions(
  progress: Progress,
  positive: 'Succeeded' | 'Ready' = 'Succeeded',
): readonly Omit<ConditionChange, 'observedGeneration'>[] {
  const { kind, reason, message } = progress;
  const state = (type: string, status: Condition['status']) => ({ type, status, reason, message });
  const open = positive === 'Succeeded' && kind !== 'failed' ? 'Unknown' : 'False';
  return [
    state(positive, kind === 'succeeded' ? 'True' : open),
    state(conditionTypes.reconciling, kind === 'waiting' ? 'True' : 'False'),
    state(conditionTypes.stalled, kind === 'failed' || kind === 'stalled' ? 'True' : 'False'),
  ];
}

/** The generation of the spec that something is stated for; nothing for an object that has none. */
export function observed(object: { metadata: { generation?: number } } | undefined): {
  observedGeneration?: number;
} {
  const generation = object?.metadata.generation;
  return generation === undefined ? {} : { observedGeneration: generation };
}

/** When something is stated, and of which object. */
export interface Stating {
  readonly now: number;
  readonly of?: { metadata: { generation?: number } };
}

/** The conditions with a progress stated for this generation of the spec; no change gives the same array. */
export function withProgress(
  conditions: Condition[] | undefined,
  progress: Progress,
  at: Stating & { readonly positive?: 'Succeeded' | 'Ready' },
): Condition[] {
  const changes = progressConditions(progress, at.positive).map((change) => ({
    ...change,
    ...observed(at.of),
  }));
  const stated = withConditions(conditions, changes, at.now);
  return withWaiting(stated, progress.waiting, at.of?.metadata.generation);
}

function isSame(old: Condition, change: ConditionChange): boolean {
  return (
    old.status === change.status &&
    old.reason === change.reason &&
    old.message === change.message &&
    old.observedGeneration === change.observedGeneration
  );
}
