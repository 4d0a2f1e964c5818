import type { KubernetesObject } from '../../api/object.ts';

/** Pods of an owner, as its status counts them. */
export interface RolloutCounts {
  /** How many are asked for. */
  readonly wanted: number;
  /** Of the current revision. */
  readonly updated: number;
  /** Ready for `minReadySeconds`, of any revision. */
  readonly available: number;
  /** All that there are, old ones that have not ended included. */
  readonly existing: number;
}

/** How far an owner has brought its current revision into being. */
export interface RolloutStatus {
  /** `paused`: somebody holds the roll-out, and no time-out runs against it. */
  readonly state: 'deployed' | 'progressing' | 'paused';
  readonly reason: string;
  /** Says what, but no counts: a message that changes with every Pod would be a write for every Pod. */
  readonly message: string;
  readonly counts: RolloutCounts;
}

/** How an owner stands, before its counts are put beside it. */
export type RolloutJudgement = Omit<RolloutStatus, 'counts'>;

/** The reason of an owner that asks for no Pods. */
export const scaledToZeroReason = 'ScaledToZero';

/** Whether the status was written for the object as it is now. */
export function isObserved(
  object: KubernetesObject & { status?: { observedGeneration?: number | string } },
): boolean {
  const { generation } = object.metadata;
  const observed = Number(object.status?.observedGeneration ?? Number.NaN);
  return generation === undefined || observed >= generation;
}

/** `2 of 3 Pods updated, 1 available, 1 old one not ended`: what of a roll-out is there. */
export function describeCounts({ wanted, updated, available, existing }: RolloutCounts): string {
  const old = existing - updated;
  const ended = old > 0 ? `, ${old} old ${old === 1 ? 'one' : 'ones'} not ended` : '';
  return `${updated} of ${wanted} Pods updated, ${available} available${ended}`;
}

/** The revision is there. */
export function deployed(message: string, reason = 'Deployed'): RolloutJudgement {
  return { state: 'deployed', reason, message };
}

/** No Pods are asked for. */
export function scaledToZero(): RolloutJudgement {
  return deployed('no Pods are asked for (0 replicas)', scaledToZeroReason);
}

/** Somebody holds the roll-out of this kind of owner. */
export function isPaused(kind: string): RolloutJudgement {
  return {
    state: 'paused',
    reason: 'Paused',
    message: `the ${kind} is paused; the time-out of the deployment does not run until it is resumed`,
  };
}

/**
 * Pods of this kind of owner are on their way. Also while its controller has not looked at the latest change: telling the two
 * apart would only cost writes.
 */
export function progressing(kind: string): RolloutJudgement {
  return {
    state: 'progressing',
    reason: 'WaitingForPods',
    message: `Pods of the ${kind} are not all updated and available yet`,
  };
}
