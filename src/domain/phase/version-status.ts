import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import type { ItemStatus, VersionAttempt } from '../../api/keptn/item-status.ts';
import type { KeptnState } from '../../api/keptn/states.ts';
import type { Condition } from '../../api/object.ts';
import type { HandRelease, SteeringRecord } from '../../api/keptn/steering.ts';
import type { PhaseRecords } from './phase-records.ts';
import type { ItemsField, Phase, StateField } from './phases.ts';

/**
 * What the statuses of KeptnAppVersion and KeptnWorkloadVersion have in common, so that both move through their phases by
 * the same code (`advance.ts`).
 */
export type VersionStatus = Partial<Record<StateField, KeptnState>> &
  Partial<Record<ItemsField, ItemStatus[]>> & {
    currentPhase?: string;
    status?: KeptnState;
    startTime?: string;
    endTime?: string;
    phaseRecords?: PhaseRecords;
    phaseTraceIDs?: Record<string, Record<string, string>>;
    attempt?: number;
    attempts?: VersionAttempt[];
    followUps?: FollowUpStatus[];
    steering?: SteeringRecord[];
    releasedByHand?: HandRelease;
    conditions?: Condition[];
    observedGeneration?: number;
  };

/** The attempt a version is in; the first one is 1, also before anything was written. */
export function attemptOf(status: VersionStatus | undefined): number {
  return status?.attempt ?? 1;
}

/** The states of all phases for which `where` holds, set to Deprecated: Keptn's cascade (docs/compatibility.md §4.5). */
export function deprecated(
  phases: readonly Phase[],
  where: (phase: Phase) => boolean,
): Partial<Record<StateField, KeptnState>> {
  const states: Partial<Record<StateField, KeptnState>> = {};
  for (const phase of phases) if (where(phase)) states[phase.state] = 'Deprecated';
  return states;
}
