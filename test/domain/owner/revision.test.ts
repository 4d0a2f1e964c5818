import { describe, expect, test } from 'vitest';
import { ownerChainOf } from '../../../src/domain/owner/owner-chain.ts';
import { proofOf, revisionOfPod } from '../../../src/domain/owner/revision.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aPod,
  aReplicaSet,
  aRollout,
  aStatefulSet,
  ownedBy,
} from '../../support/builders/workloads.ts';

const hashed = (hash: string) => ({ 'controller-revision-hash': hash });

describe('the revision of a Pod', () => {
  test('is the uid of its ReplicaSet', () => {
    const replicaSet = aReplicaSet({ uid: 'rs-uid' });
    const pod = aPod({ owners: [ownedBy(replicaSet)], labels: hashed('ignored') });
    expect(revisionOfPod(pod)).toBe('rs-uid');
  });

  test.each([
    ['StatefulSet', aStatefulSet],
    ['DaemonSet', aDaemonSet],
  ])('is uid and controller-revision-hash of its %s', (_kind, build) => {
    const owner = build({ uid: 'owner-uid' });
    const pod = aPod({ owners: [ownedBy(owner)], labels: hashed('abc') });
    expect(revisionOfPod(pod)).toBe('owner-uid/abc');
    expect(revisionOfPod(aPod({ owners: [ownedBy(owner)] }))).toBeUndefined();
  });

  test('is not known without a supported owner', () => {
    expect(revisionOfPod(aPod())).toBeUndefined();
  });
});

const provenOwner = (pod: ReturnType<typeof aPod>, lookup: ReturnType<typeof fixedLookup>) =>
  proofOf(pod, ownerChainOf(pod, lookup));

describe('the cached owner provably is what the Pod was made from', () => {
  test.each([
    ['Deployment', aDeployment],
    ['Rollout', aRollout],
  ])('when the %s has the template of the ReplicaSet', (_kind, build) => {
    const parent = build({ template: { digest: 'same' } });
    const replicaSet = aReplicaSet({ template: { digest: 'same' }, owners: [ownedBy(parent)] });
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    expect(provenOwner(pod, fixedLookup([parent, replicaSet]))).toMatchObject({
      type: 'proven',
      owner: { kind: 'ReplicaSet', parent: { object: parent } },
    });

    const stale = build({ template: { digest: 'older' } });
    expect(provenOwner(pod, fixedLookup([stale, replicaSet]))).toEqual({
      type: 'unproven',
      why: `${parent.kind} cart has another Pod template than ReplicaSet cart-5d4`,
    });
  });

  test('when the Rollout says that the ReplicaSet is the current one, whose template has defaults filled in', () => {
    const rollout = aRollout({ template: { digest: 'as applied' }, generation: 2 });
    const replicaSet = aReplicaSet({
      template: { digest: 'with defaults' },
      owners: [ownedBy(rollout)],
      labels: { 'rollouts-pod-template-hash': 'b7' },
    });
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    const proof = (observedGeneration: string, currentPodHash: string) => {
      const seen = { ...rollout, status: { observedGeneration, currentPodHash } };
      return provenOwner(pod, fixedLookup([seen, replicaSet])).type;
    };
    expect(proof('2', 'b7')).toBe('proven');
    expect(proof('2', 'a1')).toBe('unproven');
    expect(proof('1', 'b7')).toBe('unproven');
  });

  test('not when ReplicaSet or Deployment are missing', () => {
    const deployment = aDeployment();
    const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    expect(provenOwner(pod, fixedLookup([deployment])).type).toBe('unproven');
    expect(provenOwner(pod, fixedLookup([replicaSet]))).toEqual({
      type: 'unproven',
      why: 'Deployment cart is not in the cache',
    });
  });

  test('when the ReplicaSet stands alone', () => {
    const replicaSet = aReplicaSet();
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    expect(provenOwner(pod, fixedLookup([replicaSet])).type).toBe('proven');
  });

  test('when the Pod is of the update revision that the StatefulSet controller has observed', () => {
    const proofWith = (status: { observedGeneration?: number; updateRevision?: string }) => {
      const owner = aStatefulSet({ generation: 2 }, status);
      const pod = aPod({ owners: [ownedBy(owner)], labels: hashed('rev-2') });
      return provenOwner(pod, fixedLookup([owner])).type;
    };
    expect(proofWith({ observedGeneration: 2, updateRevision: 'rev-2' })).toBe('proven');
    expect(proofWith({ observedGeneration: 1, updateRevision: 'rev-2' })).toBe('unproven');
    expect(proofWith({ observedGeneration: 2, updateRevision: 'rev-1' })).toBe('unproven');
    expect(proofWith({ observedGeneration: 2 })).toBe('unproven');
  });

  test('when the Pod is of the template generation of the DaemonSet', () => {
    const owner = aDaemonSet({ annotations: { 'deprecated.daemonset.template.generation': '3' } });
    const proofWith = (labels?: Record<string, string>) =>
      provenOwner(
        aPod({ owners: [ownedBy(owner)], ...(labels && { labels }) }),
        fixedLookup([owner]),
      ).type;
    expect(proofWith({ 'pod-template-generation': '3' })).toBe('proven');
    expect(proofWith({ 'pod-template-generation': '4' })).toBe('unproven');
    expect(proofWith()).toBe('unproven');
  });

  test('not when the Pod has no supported owner', () => {
    expect(provenOwner(aPod(), fixedLookup([])).type).toBe('unproven');
  });
});
