import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { Pod } from '../../../src/api/builtin.ts';
import { type AnnotatedIdentity, identityOf } from '../../../src/domain/identity/identity.ts';
import { ownerChainOf } from '../../../src/domain/owner/owner-chain.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aPod,
  aReplicaSet,
  aRollout,
  aStatefulSet,
  type Described,
  ownedBy,
} from '../../support/builders/workloads.ts';

function identityIn(world: readonly KubernetesObject[], pod: Pod) {
  return identityOf(pod, ownerChainOf(pod, fixedLookup(world)));
}

function annotatedIn(world: readonly KubernetesObject[], pod: Pod): AnnotatedIdentity {
  const identity = identityIn(world, pod);
  if (identity.type !== 'annotated') throw new Error(`the Pod is ${identity.type}`);
  return identity;
}

/** A Pod of a Deployment, and the Deployment with its ReplicaSet. */
function deployed(described: { pod?: Described; deployment?: Described; replicaSet?: Described }) {
  const deployment = aDeployment(described.deployment);
  const replicaSet = aReplicaSet({ ...described.replicaSet, owners: [ownedBy(deployment)] });
  return {
    world: [deployment, replicaSet],
    pod: aPod({ ...described.pod, owners: [ownedBy(replicaSet)] }),
  };
}

const fullyAnnotated = {
  'keptn.sh/app': 'Shop_1',
  'keptn.sh/workload': 'Cart',
  'keptn.sh/version': '1.2.0-RC1',
  'keptn.sh/pre-deployment-tasks': 'a, b,,c ',
  'keptn.sh/post-deployment-tasks': 'd',
  'keptn.sh/pre-deployment-evaluations': 'e',
  'keptn.sh/post-deployment-evaluations': 'f,g',
  'sluice.keptn.sh/on-success-tasks': 'tell, promote',
  'sluice.keptn.sh/on-failure-tasks': 'roll-back',
  'keptn.sh/metadata': 'team=cart,bad,worse=a=b, tier=1',
};

const wantIdentity = {
  type: 'annotated',
  app: 'shop-1',
  workload: 'Cart',
  version: '1.2.0-rc1',
  versionSource: 'given',
  preTasks: ['a', 'b', 'c'],
  postTasks: ['d'],
  preEvaluations: ['e'],
  postEvaluations: ['f', 'g'],
  preChecks: [],
  postChecks: [],
  onSuccess: ['tell', 'promote'],
  onFailure: ['roll-back'],
  metadata: { team: 'cart', tier: '1' },
  singleService: false,
};

describe('a Pod that names its workload', () => {
  test('is read as Keptn reads it, lists trimmed and without empty elements (W40)', () => {
    const { world, pod } = deployed({ pod: { annotations: fullyAnnotated } });
    expect(identityIn(world, pod)).toEqual({ ...wantIdentity, source: 'pod', annotations: {} });
  });

  test('is not compared with its owner, not even for what it lacks', () => {
    const { world, pod } = deployed({
      pod: { annotations: { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1' } },
      deployment: { annotations: fullyAnnotated },
    });
    expect(annotatedIn(world, pod)).toMatchObject({ source: 'pod', app: 'cart', preTasks: [] });
  });

  test('needs no owner in the cache', () => {
    const { pod } = deployed({ pod: { annotations: fullyAnnotated } });
    expect(identityIn([], pod)).toMatchObject(wantIdentity);
  });

  test.each([
    ['the annotation before the label', { 'keptn.sh/workload': 'a' }, { 'keptn.sh/workload': 'b' }],
    [
      'the label before the recommended annotation',
      { 'app.kubernetes.io/name': 'b' },
      { 'keptn.sh/workload': 'a' },
    ],
    [
      'the recommended annotation before the recommended label',
      { 'app.kubernetes.io/name': 'a' },
      { 'app.kubernetes.io/name': 'b' },
    ],
    ['the recommended label at last (W38)', {}, { 'app.kubernetes.io/name': 'a' }],
    ['nothing that is empty', { 'keptn.sh/workload': '' }, { 'app.kubernetes.io/name': 'a' }],
  ])('is named by %s', (_order, annotations, labels) => {
    const { world, pod } = deployed({ pod: { annotations, labels } });
    expect(annotatedIn(world, pod).workload).toBe('a');
  });

  test('without an app is an app of its own, and stays one when that is written on it', () => {
    const { world, pod } = deployed({
      pod: { annotations: { 'keptn.sh/workload': 'My_Cart', 'keptn.sh/version': '1' } },
    });
    const first = annotatedIn(world, pod);
    expect(first).toMatchObject({ app: 'my-cart', singleService: true });
    expect(first.annotations).toEqual({
      'keptn.sh/app': 'My_Cart',
      'keptn.sh/app-type': 'single-service',
    });

    const marked = {
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: { ...pod.metadata.annotations, ...first.annotations },
      },
    };
    expect(annotatedIn(world, marked)).toEqual({ ...first, annotations: {} });
  });

  test('without a version gets one computed from the ReplicaSet, whatever was injected into the Pod', () => {
    const { world, pod } = deployed({
      pod: { annotations: { 'keptn.sh/workload': 'cart' } },
      replicaSet: { template: { containers: [{ name: 'ciao', image: 'peppetest12' }] } },
      deployment: { template: { containers: [{ name: 'newer', image: 'one:2' }] } },
    });
    pod.spec?.containers?.push({ name: 'injected', image: 'sidecar:1' });
    const identity = annotatedIn(world, pod);
    expect(identity).toMatchObject({ version: '1253120182', versionSource: 'computed' });
    expect(identity.annotations).toMatchObject({ 'keptn.sh/version': '1253120182' });
  });

  test('without a version and without its ReplicaSet in the cache has none yet', () => {
    const { pod } = deployed({ pod: { annotations: { 'keptn.sh/workload': 'cart' } } });
    const identity = annotatedIn([], pod);
    expect(identity.versionSource).toBe('unknown');
    expect(identity).not.toHaveProperty('version');
  });

  test('says why no version can be computed', () => {
    const { world, pod } = deployed({
      pod: { annotations: { 'keptn.sh/workload': 'cart', 'keptn.sh/container': 'card' } },
    });
    expect(annotatedIn(world, pod)).toMatchObject({
      versionSource: 'impossible',
      versionProblem: expect.stringContaining("The container name 'card'"),
    });
  });

  test('has the image tag as version only where KeptnConfig says so (W39)', () => {
    const { world, pod } = deployed({ pod: { annotations: { 'keptn.sh/workload': 'cart' } } });
    const chain = ownerChainOf(pod, fixedLookup(world));
    expect(identityOf(pod, chain, { versionFromImageTag: true })).toMatchObject({
      version: '1.2.0',
    });
    expect(identityOf(pod, chain)).not.toMatchObject({ version: '1.2.0' });
  });

  test('is what it says itself also when nothing owns it, or nothing that Keptn supports', () => {
    expect(identityIn([], aPod({ annotations: fullyAnnotated }))).toMatchObject(wantIdentity);
    const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u' };
    const foreign = { apiVersion: 'example.com/v1', kind: 'StatefulSet', name: 's', uid: 'v' };
    const pod = aPod({ annotations: fullyAnnotated, owners: [job, foreign] });
    expect(identityIn([], pod)).toMatchObject(wantIdentity);
    expect(identityIn([], aPod())).toEqual({ type: 'notAnnotated' });
  });

  test('is what its template says where it has lost a label or an annotation', () => {
    const template = { annotations: fullyAnnotated };
    const { world, pod } = deployed({ replicaSet: { template }, pod: {} });
    expect(identityIn(world, pod)).toMatchObject({ ...wantIdentity, source: 'pod' });
    const { 'keptn.sh/version': _, ...rest } = fullyAnnotated;
    const changed = { ...rest, 'keptn.sh/app': 'fair' };
    const other = deployed({ replicaSet: { template }, pod: { annotations: changed } });
    expect(identityIn(other.world, other.pod)).toMatchObject({
      app: 'fair',
      version: wantIdentity.version,
      versionSource: 'given',
    });
  });
});

test.each([
  ['StatefulSet', aStatefulSet, 'rev-0', 'rev-0'],
  ['DaemonSet', aDaemonSet, '7f', 'agent-7f'],
] as const)(
  'a Pod of an older revision of a %s is what that revision says where it has lost its annotations',
  (...[, build, hash, name]) => {
    const owner = build({ name: name === 'rev-0' ? 'db' : 'agent', template: { digest: 'newer' } });
    const revision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name,
        namespace: owner.metadata.namespace ?? '',
        ownerReferences: [ownedBy(owner)],
      },
      revision: 1,
      annotations: fullyAnnotated,
    };
    const pod = aPod({ labels: { 'controller-revision-hash': hash }, owners: [ownedBy(owner)] });
    expect(identityIn([owner, revision], pod)).toMatchObject({ ...wantIdentity, source: 'pod' });
    const forged = { ...revision, metadata: { ...revision.metadata, ownerReferences: [] } };
    expect(identityIn([owner, forged], pod)).toEqual({ type: 'notAnnotated' });
  },
);

describe('a Pod that does not name its workload', () => {
  test.each([
    ['Deployment', aDeployment],
    ['Rollout', aRollout],
  ])('is what the %s above its ReplicaSet says, and gets that written on it', (_kind, build) => {
    const parent = build({ annotations: fullyAnnotated });
    const replicaSet = aReplicaSet({ owners: [ownedBy(parent)] });
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    expect(identityIn([parent, replicaSet], pod)).toEqual({
      ...wantIdentity,
      source: 'owner',
      annotations: fullyAnnotated,
    });
  });

  test.each([
    ['StatefulSet', aStatefulSet],
    ['DaemonSet', aDaemonSet],
  ])('is what its %s says', (_kind, build) => {
    const owner = build({ annotations: fullyAnnotated });
    expect(identityIn([owner], aPod({ owners: [ownedBy(owner)] }))).toMatchObject(wantIdentity);
  });

  test('has recommended keys of the owner written on it in the form of keptn.sh', () => {
    const { world, pod } = deployed({
      deployment: {
        labels: {
          'app.kubernetes.io/name': 'cart',
          'app.kubernetes.io/version': '2',
          'app.kubernetes.io/part-of': 'shop',
        },
      },
    });
    expect(annotatedIn(world, pod).annotations).toEqual({
      'keptn.sh/workload': 'cart',
      'keptn.sh/version': '2',
      'keptn.sh/app': 'shop',
    });
  });

  test('is not annotated by its ReplicaSet', () => {
    const { world, pod } = deployed({ replicaSet: { annotations: fullyAnnotated } });
    expect(identityIn(world, pod)).toEqual({ type: 'notAnnotated' });
    const alone = aReplicaSet({ annotations: fullyAnnotated });
    expect(identityIn([alone], aPod({ owners: [ownedBy(alone)] }))).toEqual({
      type: 'notAnnotated',
    });
  });

  test.each(['pod-template-hash', 'rollouts-pod-template-hash'])(
    'is what a ReplicaSet still says that has lost its Deployment or Rollout (%s)',
    (label) => {
      const orphan = aReplicaSet({ annotations: fullyAnnotated, labels: { [label]: '5d4' } });
      expect(identityIn([orphan], aPod({ owners: [ownedBy(orphan)] }))).toEqual({
        ...wantIdentity,
        source: 'owner',
        annotations: fullyAnnotated,
      });
    },
  );

  test('cannot be judged before its owners have arrived in the cache', () => {
    const { world, pod } = deployed({ deployment: { annotations: fullyAnnotated } });
    const [deployment, replicaSet] = world;
    expect(identityIn([], pod)).toMatchObject({
      type: 'ownerUnknown',
      missing: { name: replicaSet?.metadata.name },
    });
    expect(identityIn(world.slice(1), pod)).toMatchObject({
      type: 'ownerUnknown',
      missing: { name: deployment?.metadata.name, namespace: 'shop-team' },
    });
  });

  test('does not take another object of the same name for its owner', () => {
    const { pod } = deployed({});
    const older = aDeployment({ uid: 'older', annotations: fullyAnnotated });
    const replicaSet = aReplicaSet({ owners: [ownedBy(aDeployment({ uid: 'newer' }))] });
    expect(identityIn([older, replicaSet], pod).type).toBe('ownerUnknown');
  });

  test('gets no version from a StatefulSet template that is not the one it was made from', () => {
    const owner = aStatefulSet({ annotations: { 'keptn.sh/workload': 'db' } });
    const current = aPod({
      owners: [ownedBy(owner)],
      labels: { 'controller-revision-hash': 'rev-1' },
    });
    const old = aPod({ owners: [ownedBy(owner)], labels: { 'controller-revision-hash': 'rev-0' } });
    expect(annotatedIn([owner], current).versionSource).toBe('computed');
    expect(annotatedIn([owner], old).versionSource).toBe('unknown');
  });

  test('keeps what it says itself where its owner says nothing', () => {
    const { world, pod } = deployed({
      pod: {
        labels: { 'app.kubernetes.io/part-of': 'shop', 'app.kubernetes.io/version': '9' },
        annotations: { 'keptn.sh/post-deployment-tasks': 'own', 'keptn.sh/metadata': 'own=1' },
      },
      deployment: {
        annotations: {
          'keptn.sh/workload': 'cart',
          'keptn.sh/version': '2',
          'keptn.sh/metadata': 'a=b',
        },
      },
    });
    expect(annotatedIn(world, pod)).toMatchObject({
      app: 'shop',
      version: '2',
      postTasks: ['own'],
      metadata: { a: 'b' },
      singleService: false,
    });
  });

  test('gets nothing written on it while its version is not known, so that its owner is asked again', () => {
    const owner = aStatefulSet({ annotations: { 'keptn.sh/workload': 'db' } });
    const old = aPod({
      owners: [ownedBy(owner)],
      labels: { 'controller-revision-hash': 'rev-0', 'app.kubernetes.io/version': '9' },
    });
    const identity = annotatedIn([owner], old);
    expect(identity.versionSource).toBe('unknown');
    expect(identity.annotations).toEqual({});
  });

  test('belongs to the last supported owner, as in Keptn', () => {
    const first = aStatefulSet({ name: 'first', annotations: { 'keptn.sh/workload': 'first' } });
    const last = aStatefulSet({ name: 'last', annotations: { 'keptn.sh/workload': 'last' } });
    const pod = aPod({ owners: [ownedBy(first), ownedBy(last)] });
    expect(annotatedIn([first, last], pod).workload).toBe('last');
  });
});

test('W22: an application whose name cannot be that of an object gets a legal one, the same everywhere', () => {
  const annotations = {
    'keptn.sh/app': 'shop+eu',
    'keptn.sh/workload': 'cart',
    'keptn.sh/version': '1',
  };
  const { world, pod } = deployed({ pod: { annotations } });
  expect(annotatedIn(world, pod).app).toMatch(/^shop-eu-[a-z0-9]{10}$/);
});
