import { describe, expect, test } from 'vitest';
import { isObserved } from '../../../src/domain/owner/rollout-judgement.ts';
import { rolloutStatus } from '../../../src/domain/owner/rollout-status.ts';
import { aDeploymentAt, aStatefulSetAt } from '../../support/builders/owner-builders.ts';
import {
  aDaemonSet,
  aDeployment,
  aReplicaSet,
  aRollout,
} from '../../support/builders/workloads.ts';

type DeploymentStatus = NonNullable<ReturnType<typeof aDeployment>['status']>;

function deployment(
  status: DeploymentStatus,
  spec: ReturnType<typeof aDeployment>['spec'] = { replicas: 3 },
  generation = 1,
): string {
  const object = { ...aDeployment({ generation }), spec, status };
  return rolloutStatus({ kind: 'Deployment', object }).state;
}
const done = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };

describe('B10: a Deployment', () => {
  test('is deployed when all Pods are updated and available, and no old one is left', () => {
    expect(deployment(done)).toBe('deployed');
    expect(deployment({ ...done, updatedReplicas: 2 })).toBe('progressing');
    expect(deployment({ ...done, replicas: 4 })).toBe('progressing');
    expect(deployment({ ...done, availableReplicas: 2 })).toBe('progressing');
  });

  test('is not, as long as its controller has not seen its last change', () => {
    expect(deployment(done, { replicas: 3 }, 2)).toBe('progressing');
    expect(deployment({}, { replicas: 3 })).toBe('progressing');
  });

  test('that is paused is paused, unless everything is there already', () => {
    const paused = { replicas: 3, paused: true };
    expect(deployment({ ...done, updatedReplicas: 0 }, paused)).toBe('paused');
    expect(deployment(done, paused, 2)).toBe('paused');
    expect(deployment(done, paused)).toBe('deployed');
  });

  test('with no replicas counts as deployed, with the reason ScaledToZero', () => {
    const object = aDeploymentAt('scaled to zero');
    expect(rolloutStatus({ kind: 'Deployment', object })).toMatchObject({
      state: 'deployed',
      reason: 'ScaledToZero',
    });
  });

  test('without spec.replicas has one', () => {
    expect(deployment({ ...done, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, {})).toBe(
      'deployed',
    );
    expect(deployment({ observedGeneration: 1 }, {})).toBe('progressing');
  });
});

describe('B10: a StatefulSet', () => {
  type Status = Parameters<typeof aStatefulSetAt>[0];
  type Spec = Parameters<typeof aStatefulSetAt>[1];
  const judged = (status: Status, spec: Spec) =>
    rolloutStatus({ kind: 'StatefulSet', object: aStatefulSetAt(status, spec) });
  const state = (status: Status, spec: Spec): string => judged(status, spec).state;
  const moving = {
    currentRevision: 'v1',
    updateRevision: 'v2',
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  };

  test('is deployed by its update revision, not by old Pods that are ready', () => {
    expect(state({ ...moving, updatedReplicas: 0 }, { replicas: 3 })).toBe('progressing');
    expect(state({ ...moving, updatedReplicas: 3 }, { replicas: 3 })).toBe('deployed');
  });

  test('is deployed when its Pods are available, not when they are only ready (minReadySeconds)', () => {
    const updated = { ...moving, updatedReplicas: 3, availableReplicas: 2 };
    expect(state(updated, { replicas: 3 })).toBe('progressing');
  });

  test('is deployed after the roll-out, when the update revision is the current one', () => {
    const over = { ...moving, currentRevision: 'v2' };
    expect(state(over, { replicas: 3 })).toBe('deployed');
    expect(state({ ...over, availableReplicas: 1 }, { replicas: 3 })).toBe('progressing');
  });

  test('with a partition waits only for the Pods that are due', () => {
    const spec = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } };
    expect(state({ ...moving, updatedReplicas: 0 }, spec)).toBe('progressing');
    expect(state({ ...moving, updatedReplicas: 1 }, spec)).toBe('deployed');
  });

  test('whose partition holds all Pods waits for a person, and no time-out runs', () => {
    const all = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 3 } } };
    expect(judged({ ...moving, updatedReplicas: 0 }, all)).toMatchObject({
      state: 'paused',
      reason: 'PartitionHolds',
    });
    const created = { ...moving, currentRevision: 'v2' };
    expect(state(created, all)).toBe('deployed');
    expect(state({ currentRevision: 'v2', updateRevision: 'v2' }, all)).toBe('progressing');
  });

  test('with OnDelete and nothing updated waits for a person, and no time-out runs', () => {
    const spec = { replicas: 3, updateStrategy: { type: 'OnDelete' } };
    expect(judged({ ...moving, updatedReplicas: 0 }, spec)).toMatchObject({
      state: 'paused',
      reason: 'NothingUpdatedYet',
    });
    expect(state({ ...moving, updatedReplicas: 1 }, spec)).toBe('deployed');
    expect(state({ ...moving, updatedReplicas: 1, availableReplicas: 2 }, spec)).toBe(
      'progressing',
    );
    expect(state({ currentRevision: 'v2', updateRevision: 'v2' }, spec)).toBe('progressing');
  });

  test('is not judged by a status of another generation', () => {
    const spec = { replicas: 1 };
    expect(state({ observedGeneration: 0, readyReplicas: 1 }, spec)).toBe('progressing');
    expect(state({}, { replicas: 0 })).toBe('deployed');
  });
});

describe('B10: a DaemonSet', () => {
  type Status = NonNullable<ReturnType<typeof aDaemonSet>['status']>;
  const state = (status: Status, type?: string): string =>
    rolloutStatus({
      kind: 'DaemonSet',
      object: { ...aDaemonSet(), spec: type ? { updateStrategy: { type } } : {}, status },
    }).state;
  const over = {
    observedGeneration: 1,
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberReady: 2,
  };

  test('is deployed when the Pods of every node are updated and available', () => {
    expect(state(over)).toBe('deployed');
    expect(state({ ...over, updatedNumberScheduled: 1 })).toBe('progressing');
    expect(state({ ...over, numberAvailable: 1 })).toBe('progressing');
    expect(state({ ...over, observedGeneration: 0 })).toBe('progressing');
  });

  test('with OnDelete and nothing updated waits for a person, and without nodes is deployed at once', () => {
    const before = { ...over, updatedNumberScheduled: 0, currentNumberScheduled: 2 };
    expect(state(before, 'OnDelete')).toBe('paused');
    expect(state({ ...before, updatedNumberScheduled: 1 }, 'OnDelete')).toBe('deployed');
    expect(state({ ...before, currentNumberScheduled: 0 }, 'OnDelete')).toBe('progressing');
    expect(state({ observedGeneration: 1, desiredNumberScheduled: 0 })).toBe('deployed');
  });
});

describe('B10: other owners', () => {
  test('a ReplicaSet that stands alone is deployed when its Pods are available', () => {
    const state = (availableReplicas: number, replicas = 2): string =>
      rolloutStatus({
        kind: 'ReplicaSet',
        object: {
          ...aReplicaSet(),
          spec: { replicas },
          status: { observedGeneration: 1, availableReplicas },
        },
      }).state;
    expect([state(1), state(2), state(0, 0)]).toEqual(['progressing', 'deployed', 'deployed']);
  });

  test('an observed generation may be a text, as Argo writes it', () => {
    const object = (observedGeneration: string | number) => ({
      ...aRollout({ generation: 12 }),
      status: { observedGeneration },
    });
    expect([isObserved(object('12')), isObserved(object(11)), isObserved(object('x'))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('what is waited for is said without counts, so that it does not change with every Pod', () => {
  const says = (updatedReplicas: number): string =>
    rolloutStatus({
      kind: 'Deployment',
      object: { ...aDeployment(), spec: { replicas: 9 }, status: { ...done, updatedReplicas } },
    }).message;
  expect(says(1)).toBe(says(2));
});
