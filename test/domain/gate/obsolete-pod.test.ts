import { describe, expect, test } from 'vitest';
import { isObsolete } from '../../../src/domain/gate/obsolete-pod.ts';
import { aStatefulSetAt } from '../../support/builders/owner-builders.ts';
import { aPod } from '../../support/builders/workloads.ts';

const pod = (ordinal: number, hash = 'db-1') =>
  aPod({ name: `db-${ordinal}`, labels: { 'controller-revision-hash': hash } });
const set = (spec = {}, status = {}) =>
  aStatefulSetAt({ updateRevision: 'db-2', ...status }, { replicas: 5, ...spec });
const partitioned = (partition: number, more = {}) =>
  set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } }, ...more });

describe('a Pod of a StatefulSet', () => {
  test('is obsolete when it is of another revision than the current one', () => {
    expect(isObsolete(pod(0), set())).toBe(true);
    expect(isObsolete(pod(0, 'db-2'), set())).toBe(false);
    expect(isObsolete(aPod({ name: 'db-0' }), set())).toBe(false);
  });

  test('is not as long as the StatefulSet’s controller has not seen its last change', () => {
    expect(isObsolete(pod(0), set({}, { observedGeneration: 0 }))).toBe(false);
  });

  test('is not below the partition: it would come back as it is', () => {
    expect([0, 1, 2, 3].map((ordinal) => isObsolete(pod(ordinal), partitioned(2)))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test('is numbered from spec.ordinals.start, which the partition counts from', () => {
    const from10 = partitioned(2, { ordinals: { start: 10 } });
    expect([10, 11, 12].map((ordinal) => isObsolete(pod(ordinal), from10))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('is with OnDelete, whatever its number: who deletes it gets the current revision', () => {
    expect(isObsolete(pod(0), set({ updateStrategy: { type: 'OnDelete' } }))).toBe(true);
  });
});
