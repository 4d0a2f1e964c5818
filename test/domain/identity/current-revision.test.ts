import { describe, expect, test } from 'vitest';
import {
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../../src/api/builtin.ts';
import type { ControllerRevision, ReplicaSet } from '../../../src/api/builtin.ts';
import { keptnAnnotations } from '../../../src/api/keptn/annotations.ts';
import type { KubernetesObject, OwnerReference } from '../../../src/api/object.ts';
import { currentRevision } from '../../../src/domain/identity/current-revision.ts';
import { ownerOfReference, type RolloutOwner } from '../../../src/domain/owner/rollout-owner.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aReplicaSet,
  aRollout,
  aStatefulSet,
  type Described,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const indexes = [
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
  DaemonSetKind,
  ControllerRevisionKind,
].map((kind) => ({
  kind,
  name: 'owner-uid',
  values: ({ metadata }: KubernetesObject) =>
    (metadata.ownerReferences ?? []).map(({ uid }) => uid),
}));

function currentIn(owner: RolloutOwner, others: readonly KubernetesObject[] = []) {
  return currentRevision(owner, fixedLookup([owner.object, ...others], indexes), {});
}

const version = (value: string) => ({
  [keptnAnnotations.workload]: 'cart',
  [keptnAnnotations.version]: value,
});
const revision = (number: string) => ({ 'deployment.kubernetes.io/revision': number });

/** A ReplicaSet of a Deployment, its Pods annotated with a version. */
function aRevision(name: string, number: string, owner: OwnerReference): ReplicaSet {
  return aReplicaSet({
    name,
    owners: [owner],
    annotations: revision(number),
    template: { annotations: version(name), digest: name },
  });
}

describe('the current revision of a Deployment', () => {
  const deployment = aDeployment({ template: { digest: 'v2' } });
  const owner = { kind: 'Deployment', object: deployment } as const;
  const v1 = aRevision('v1', '1', ownedBy(deployment));
  const v2 = aRevision('v2', '2', ownedBy(deployment));

  test('is its ReplicaSet with the newest revision, whichever was made first', () => {
    expect(currentIn(owner, [v2, v1])).toMatchObject({
      reference: { kind: 'ReplicaSet', name: 'v2', uid: 'uid-of-v2' },
      revision: 'uid-of-v2',
      identity: { version: 'v2' },
    });
    const back = aRevision('v1', '3', ownedBy(deployment));
    expect(currentIn(owner, [back, v2])?.reference.name).toBe('v1');
  });

  test('cannot be told while there is none, or a newer one is not cached', () => {
    expect(currentIn(owner)).toBeUndefined();
    const ahead = {
      kind: 'Deployment',
      object: aDeployment({ annotations: revision('2') }),
    } as const;
    expect(currentIn(ahead, [v1])).toBeUndefined();
    expect(currentIn(ahead, [v1, v2])?.reference.name).toBe('v2');
  });

  test('counts when the Deployment is older in the cache than its ReplicaSet', () => {
    const behind = {
      kind: 'Deployment',
      object: aDeployment({ annotations: revision('1') }),
    } as const;
    expect(currentIn(behind, [v1, v2])?.reference.name).toBe('v2');
  });

  describe('whose own annotations name the version', () => {
    const annotated = (digest: string) =>
      aDeployment({ annotations: version('2'), template: { digest } });
    const bare = (of: Described): ReplicaSet =>
      aReplicaSet({ annotations: revision('1'), owners: [ownedBy(deployment)], ...of });

    test('is what they say if the ReplicaSet was made from the same template', () => {
      const object = annotated('same');
      expect(
        currentIn({ kind: 'Deployment', object }, [bare({ template: { digest: 'same' } })]),
      ).toMatchObject({ identity: { source: 'owner', version: '2' } });
    });

    test('cannot be told once the Deployment has moved on: they are those of the next revision', () => {
      const object = annotated('next');
      expect(
        currentIn({ kind: 'Deployment', object }, [bare({ template: { digest: 'same' } })]),
      ).toBeUndefined();
    });

    test('is what the Pods say where they are annotated themselves, moved on or not', () => {
      const object = annotated('next');
      expect(currentIn({ kind: 'Deployment', object }, [v1])).toMatchObject({
        identity: { source: 'pod', version: 'v1' },
      });
    });
  });
});

describe('the current revision of a Rollout', () => {
  const rollout = { ...aRollout(), status: { currentPodHash: 'b' } };
  const set = (name: string): ReplicaSet => ({
    ...aRevision(name, '1', ownedBy(rollout)),
    metadata: {
      ...aRevision(name, '1', ownedBy(rollout)).metadata,
      labels: { 'rollouts-pod-template-hash': name },
    },
  });

  test('is the ReplicaSet that status.currentPodHash names', () => {
    const owner = { kind: 'Rollout', object: rollout } as const;
    expect(currentIn(owner, [set('a'), set('b')])?.reference.name).toBe('b');
    expect(currentIn(owner, [set('a')])).toBeUndefined();
  });
});

describe('the current revision of a StatefulSet', () => {
  const at = (status: object, generation = 1) =>
    currentIn({
      kind: 'StatefulSet',
      object: {
        ...aStatefulSet({ generation, template: { annotations: version('2') } }),
        status: { observedGeneration: 1, ...status },
      },
    });

  test('is status.updateRevision', () => {
    expect(at({ updateRevision: 'db-2', currentRevision: 'db-1' })).toMatchObject({
      reference: { kind: 'StatefulSet', name: 'db', uid: 'uid-of-db' },
      revision: 'uid-of-db/db-2',
      identity: { version: '2' },
    });
  });

  test('cannot be told while the status is of another generation', () => {
    expect(at({ updateRevision: 'db-2' }, 2)).toBeUndefined();
    expect(at({})).toBeUndefined();
  });
});

describe('the current revision of a DaemonSet', () => {
  const daemonSet = {
    ...aDaemonSet({ template: { annotations: version('2') } }),
    status: { observedGeneration: 1 },
  };
  const made = (name: string, number: number): ControllerRevision => ({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `agent-${name}`,
      namespace,
      labels: { 'controller-revision-hash': name },
      ownerReferences: [ownedBy(daemonSet)],
    },
    revision: number,
  });

  test('is its newest ControllerRevision', () => {
    const owner = { kind: 'DaemonSet', object: daemonSet } as const;
    expect(currentIn(owner, [made('b', 2), made('a', 1)])).toMatchObject({
      revision: 'uid-of-agent/b',
      identity: { version: '2' },
    });
    expect(currentIn(owner, [made('b', 2), made('a', 3)])?.revision).toBe('uid-of-agent/a');
    expect(currentIn(owner)).toBeUndefined();
  });

  test('cannot be told while its controller has not seen its last change', () => {
    const object = { ...daemonSet, status: { observedGeneration: 0 } };
    expect(currentIn({ kind: 'DaemonSet', object }, [made('a', 1)])).toBeUndefined();
  });
});

describe('the owner that a reference names', () => {
  const find = (reference: OwnerReference, ...objects: readonly KubernetesObject[]) =>
    ownerOfReference(reference, namespace, fixedLookup(objects, indexes));
  const deployment = aDeployment();

  test('of a ReplicaSet is what people apply: the Deployment or Rollout above it', () => {
    const set = aReplicaSet({ owners: [ownedBy(deployment)] });
    expect(find(ownedBy(set), set, deployment)).toEqual({ kind: 'Deployment', object: deployment });
    const rollout = aRollout();
    const other = aReplicaSet({ owners: [ownedBy(rollout)] });
    expect(find(ownedBy(other), other, rollout)?.kind).toBe('Rollout');
  });

  test('is the ReplicaSet itself if it stands alone, or something unknown to Keptn owns it', () => {
    const alone = aReplicaSet();
    expect(find(ownedBy(alone), alone)).toEqual({ kind: 'ReplicaSet', object: alone });
    const strange: OwnerReference = {
      apiVersion: 'apps.example/v1',
      kind: 'CloneSet',
      name: 'x',
      uid: 'x',
      controller: true,
    };
    const owned = aReplicaSet({ owners: [strange] });
    expect(find(ownedBy(owned), owned)?.kind).toBe('ReplicaSet');
  });

  test('is none if it is gone, is another object of that name, or is of no kind that Keptn knows', () => {
    expect(find(ownedBy(deployment))).toBeUndefined();
    expect(find({ ...ownedBy(deployment), uid: 'before' }, deployment)).toBeUndefined();
    expect(find({ ...ownedBy(deployment), kind: 'Job' }, deployment)).toBeUndefined();
    const set = aReplicaSet({ owners: [ownedBy(deployment)] });
    expect(find(ownedBy(set), set)).toBeUndefined();
  });
});
