import type { KeptnWorkloadVersionStatus } from '../../api/keptn/workload-version.ts';
import { conditionTypes, withCondition, withoutCondition } from '../conditions.ts';
import type { RolloutJudgement } from '../owner/rollout-judgement.ts';
import { parseTime, rfc3339 } from '../time.ts';

/*
 * The clock that the observability time-out of a deployment runs by. It is kept in the status, so that a restart of Sluice
 * neither loses nor lengthens it: `deploymentStartTime` is when it began, and while the condition Paused is True it stands
 * still (B10).
 */

type Status = KeptnWorkloadVersionStatus;

/** The clock stopped: somebody holds the roll-out, and no time-out runs against it. */
export function stopped(status: Status, rollout: RolloutJudgement, now: number): Partial<Status> {
  const { reason, message } = rollout;
  const pause = { type: conditionTypes.paused, status: 'True', reason, message } as const;
  return {
    deploymentStartTime: status.deploymentStartTime ?? rfc3339(now),
    conditions: [...withCondition(status.conditions, pause, now)],
  };
}

/** The clock running, and since when: what was paused is added to the start. */
export function running(
  status: Status,
  now: number,
): { readonly changes: Partial<Status>; readonly startedAtMs: number } {
  const startedAtMs = parseTime(status.deploymentStartTime);
  const pause = status.conditions?.find(({ type }) => type === conditionTypes.paused);
  const pausedAtMs = pause?.status === 'True' ? parseTime(pause.lastTransitionTime) : undefined;
  if (pausedAtMs === undefined) {
    if (startedAtMs !== undefined) return { changes: {}, startedAtMs };
    return { changes: { deploymentStartTime: rfc3339(now) }, startedAtMs: now };
  }
  const resumedAtMs = (startedAtMs ?? pausedAtMs) + Math.max(0, now - pausedAtMs);
  const resumed = {
    type: conditionTypes.paused,
    status: 'False',
    reason: 'Resumed',
    message: 'the roll-out goes on',
  } as const;
  return {
    changes: {
      deploymentStartTime: rfc3339(resumedAtMs),
      conditions: [...withCondition(status.conditions, resumed, now)],
    },
    startedAtMs: resumedAtMs,
  };
}

/**
 * The clock set back, for a deployment that is to be judged once more. What an earlier roll-out had reached goes with it:
 * measured by that, the next one would make no progress until it is further.
 */
export function setBack(status: Status): Status {
  const { deploymentStartTime: _start, deploymentProgress: _reached, ...rest } = status;
  if (rest.conditions === undefined) return rest;
  return { ...rest, conditions: withoutCondition(rest.conditions, conditionTypes.paused) };
}
