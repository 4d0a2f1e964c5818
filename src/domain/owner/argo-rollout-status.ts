import type { Rollout } from '../../api/builtin.ts';
import {
  deployed,
  isObserved,
  isPaused,
  progressing,
  type RolloutCounts,
  type RolloutJudgement,
  type RolloutStatus,
  scaledToZero,
} from './rollout-judgement.ts';

/**
 * How far an Argo Rollout is, by what each strategy means to Argo (its own `CalculateRolloutPhase`): its phase says so, once its
 * controller has seen the object and the Deployment that `workloadRef` names. Old ReplicaSets may stay for an hour after a
 * blue-green switch or behind traffic routing (`scaleDownDelaySeconds`); only a basic canary, which shifts traffic by the
 * number of Pods, has ended when its old Pods have. A Rollout is through its steps when the current revision is the stable one.
 */
export function argoRolloutStatus(rollout: Rollout): RolloutStatus {
  return { ...judged(rollout), counts: countsOf(rollout) };
}

function countsOf({ spec, status = {} }: Rollout): RolloutCounts {
  return {
    wanted: spec.replicas ?? 1,
    updated: status.updatedReplicas ?? 0,
    // Argo counts those of the stable revision, too.
    available: status.availableReplicas ?? 0,
    existing: status.replicas ?? 0,
  };
}

function judged(rollout: Rollout): RolloutJudgement {
  const { spec, status = {} } = rollout;
  const { wanted, updated, existing } = countsOf(rollout);
  if (spec.paused === true) return isPaused('Rollout');
  if (!isObserved(rollout) || !isReferenceObserved(rollout)) return progressing('Rollout');
  if (wanted === 0) return scaledToZero();
  if (status.abort === true) return aborted(status.message);
  if (status.phase === 'Paused') return isPaused('Rollout');
  if (status.phase === 'Degraded') return degraded(status.message);
  const isStable = status.stableRS === undefined || status.stableRS === status.currentPodHash;
  const oldOnesCount = spec.strategy?.blueGreen === undefined && !isRouted(rollout);
  const oldOnesEnded = !oldOnesCount || existing <= updated;
  return status.phase === 'Healthy' && isStable && updated >= wanted && oldOnesEnded
    ? deployed('the Rollout is healthy')
    : progressing('Rollout');
}

function isRouted({ spec }: Rollout): boolean {
  return spec.strategy?.canary?.trafficRouting !== undefined;
}

const workloadGeneration = 'rollout.argoproj.io/workload-generation';

/** Whether Argo has seen the template of the Deployment that the Rollout names in `workloadRef`, if it names one. */
function isReferenceObserved({ metadata, status }: Rollout): boolean {
  const generation = metadata.annotations?.[workloadGeneration];
  return (
    generation === undefined ||
    status?.workloadObservedGeneration === undefined ||
    Number(status.workloadObservedGeneration) >= Number(generation)
  );
}

function aborted(message = ''): RolloutJudgement {
  return {
    state: 'progressing',
    reason: 'RolloutAborted',
    message: `the Rollout was aborted and is back at its stable revision${told(message)}; retry it (kubectl argo rollouts retry rollout NAME), or give it another version`,
  };
}

function degraded(message = ''): RolloutJudgement {
  return {
    state: 'progressing',
    reason: 'RolloutDegraded',
    message: `Argo calls the Rollout degraded${told(message)}`,
  };
}

function told(message: string): string {
  return message === '' ? '' : ` (${message})`;
}
