import { describe, expect, test } from 'vitest';
import type { Rollout } from '../../../src/api/builtin.ts';
import type { RolloutStatus } from '../../../src/domain/owner/rollout-judgement.ts';
import { rolloutStatus } from '../../../src/domain/owner/rollout-status.ts';
import { aRollout } from '../../support/builders/workloads.ts';

type Status = NonNullable<Rollout['status']>;

function judged(status: Status, spec: Partial<Rollout['spec']> = {}): RolloutStatus {
  const made = aRollout();
  return rolloutStatus({
    kind: 'Rollout',
    object: {
      ...made,
      spec: { replicas: 2, ...spec },
      status: { observedGeneration: '1', currentPodHash: 'new', ...status },
    },
  });
}
const state = (...of: Parameters<typeof judged>): string => judged(...of).state;

const healthy = { phase: 'Healthy', replicas: 2, updatedReplicas: 2, stableRS: 'new' };
const blueGreen = { strategy: { blueGreen: {} } };
const routed = { strategy: { canary: { trafficRouting: {} } } };
const basic = { strategy: { canary: {} } };

describe('a Rollout is deployed', () => {
  test('when Argo calls it healthy, all Pods are updated and the revision is the stable one', () => {
    expect(state(healthy)).toBe('deployed');
    expect(state({ ...healthy, updatedReplicas: 1 })).toBe('progressing');
    expect(state({ ...healthy, stableRS: 'old' })).toBe('progressing');
    expect(state({ ...healthy, observedGeneration: '0' })).toBe('progressing');
  });

  test.each([
    ['blue-green', blueGreen],
    ['a canary with traffic routing', routed],
  ])('under %s although the old ReplicaSet stays for an hour', (_, spec) => {
    expect(state({ ...healthy, replicas: 4 }, spec)).toBe('deployed');
  });

  test('under a basic canary only when the old Pods have ended: it shifts traffic by their number', () => {
    expect(state({ ...healthy, replicas: 3 }, basic)).toBe('progressing');
    expect(state(healthy, basic)).toBe('deployed');
  });

  test('when it asks for no Pods', () => {
    expect(judged({ phase: 'Healthy' }, { replicas: 0 })).toMatchObject({
      state: 'deployed',
      reason: 'ScaledToZero',
    });
  });
});

describe('a Rollout is not deployed', () => {
  test('in the middle of its steps: its phase is Progressing or Paused', () => {
    expect(state({ ...healthy, phase: 'Progressing' }, routed)).toBe('progressing');
    expect(state({ ...healthy, phase: 'Paused' }, routed)).toBe('paused');
    expect(state(healthy, { ...routed, paused: true })).toBe('paused');
  });

  test('before Argo has seen the template of the Deployment that workloadRef names', () => {
    const object = {
      ...aRollout(),
      spec: { replicas: 2 },
      status: {
        observedGeneration: '1',
        workloadObservedGeneration: '3',
        ...healthy,
        currentPodHash: 'new',
      },
    };
    const at = (generation: string): string =>
      rolloutStatus({
        kind: 'Rollout',
        object: {
          ...object,
          metadata: {
            ...object.metadata,
            annotations: { 'rollout.argoproj.io/workload-generation': generation },
          },
        },
      }).state;
    expect([at('3'), at('4')]).toEqual(['deployed', 'progressing']);
  });

  test('after an abort, whose words it repeats; a retry clears it', () => {
    const aborted = { ...healthy, phase: 'Degraded', abort: true, message: 'metric p95 failed' };
    expect(judged(aborted)).toMatchObject({ state: 'progressing', reason: 'RolloutAborted' });
    expect(judged(aborted).message).toContain('metric p95 failed');
    expect(state({ ...healthy, abort: false })).toBe('deployed');
  });

  test('while Argo calls it degraded', () => {
    expect(judged({ ...healthy, phase: 'Degraded', message: 'deadline' })).toMatchObject({
      state: 'progressing',
      reason: 'RolloutDegraded',
      message: 'Argo calls the Rollout degraded (deadline)',
    });
  });
});
