import { describe, expect, test } from 'vitest';
import { gatePod } from '../../../src/admission/pod/gate-pod.ts';
import { admissionIndexes } from '../../../src/admission/indexes.ts';
import type { Pod } from '../../../src/api/builtin.ts';
import type { Condition, KubernetesObject } from '../../../src/api/object.ts';
import { aConfig, aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { admitted, patchOf, requestFor } from '../../support/builders/reviews.ts';
import {
  aDaemonSet,
  aDeployment,
  aPod,
  aReplicaSet,
  aStatefulSet,
  type Described,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const watched = 'sluice.keptn.sh/watched';
const explanation = 'sluice.keptn.sh/explanation';
const ownGate = { name: 'keptn-prechecks-gate' };

function judge(world: readonly KubernetesObject[], pod: Pod) {
  const lookup = fixedLookup(world, admissionIndexes);
  return gatePod(requestFor(pod), lookup, { operatorNamespace: 'keptn-system' });
}

/** The Pod as it enters a cluster whose caches hold this world. */
function enter(world: readonly KubernetesObject[], pod: Pod): Pod {
  return admitted(pod, judge(world, pod));
}

const isHeld = (pod: Pod) =>
  pod.spec?.schedulingGates?.some(({ name }) => name === ownGate.name) === true;
const isWatched = (pod: Pod) => pod.metadata.labels?.[watched] === 'true';

const cart = (version: string) => ({
  'keptn.sh/app': 'shop',
  'keptn.sh/workload': 'cart',
  'keptn.sh/version': version,
});

const released = (reason = 'ChecksPassed', status: Condition['status'] = 'True'): Condition => ({
  type: 'Released',
  status,
  reason,
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

interface VersionWanted {
  readonly version: string;
  readonly workloadName?: string;
  readonly condition?: Condition;
  readonly revisions?: string[];
}

function cartVersion({ version, workloadName = 'shop-cart', condition, revisions }: VersionWanted) {
  return aWorkloadVersion({
    metadata: { name: `${workloadName}-${version}`, namespace },
    spec: { app: 'shop', workloadName, version },
    status: {
      conditions: [condition ?? released()],
      ...(revisions && { releasedRevisions: revisions }),
    },
  });
}

const cartWorkload = (version: string) =>
  aWorkload({ metadata: { name: 'shop-cart', namespace }, spec: { app: 'shop', version } });

/** A Deployment, one of its ReplicaSets and a Pod of that, each described as far as it matters. */
function deployed(
  described: { deployment?: Described; replicaSet?: Described; pod?: Described } = {},
) {
  const deployment = aDeployment(described.deployment);
  const replicaSet = aReplicaSet({ ...described.replicaSet, owners: [ownedBy(deployment)] });
  const pod = aPod({ ...described.pod, owners: [ownedBy(replicaSet)] });
  return {
    world: [deployment, replicaSet],
    deployment,
    replicaSet,
    pod,
    revision: replicaSet.metadata.uid ?? '',
  };
}

describe('an annotated Pod of a version that is not Released', () => {
  test('gets the gate, the label and the explanation, and nothing else', () => {
    const { world, pod } = deployed({ pod: { annotations: cart('1.2.0') } });
    expect(enter(world, pod)).toEqual({
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: { [watched]: 'true' },
        annotations: {
          ...cart('1.2.0'),
          [explanation]:
            'Held by Sluice: waiting for the checks of workload shop-cart version 1.2.0 of application shop. See: kubectl describe keptnworkloadversion shop-cart-1.2.0 -n shop-team',
        },
      },
      spec: { ...pod.spec, schedulingGates: [ownGate] },
    });
  });

  test.each([
    ['is not there', []],
    [
      'has not passed its checks',
      [cartVersion({ version: '1.2.0', condition: released('X', 'False') })],
    ],
    ['is another one', [cartVersion({ version: '1.1.0' })]],
    [
      'is of another namespace',
      [{ ...cartVersion({ version: '1.2.0' }), metadata: { name: 'x', namespace: 'other' } }],
    ],
    [
      'is of another app whose workload has the same name',
      [
        aWorkloadVersion({
          metadata: { name: 'shop-cart-1.2.0', namespace },
          spec: { app: 'shop-c', workloadName: 'shop-cart', version: '1.2.0' },
          status: { conditions: [released()] },
        }),
      ],
    ],
    [
      'is released by hand, which ends',
      [cartVersion({ version: '1.2.0', condition: released('ReleasedByHand') })],
    ],
  ])('is held when the version %s', (_why, versions) => {
    const { world, pod } = deployed({ pod: { annotations: cart('1.2.0') } });
    const entered = enter([...world, ...versions], pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([true, true]);
  });

  test('keeps the gates of others, in their order, and gets its own once', () => {
    const { world, pod } = deployed({ pod: { annotations: cart('1.2.0') } });
    const kueue = { name: 'kueue.x-k8s.io/admission' };
    pod.spec = { ...pod.spec, schedulingGates: [kueue] };
    const entered = enter(world, pod);
    expect(entered.spec?.schedulingGates).toEqual([kueue, ownGate]);
    expect(patchOf(judge(world, entered))).toEqual([]);
  });

  test('of a single service says so', () => {
    const annotations = { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1' };
    const { world, pod } = deployed({ pod: { annotations } });
    expect(enter(world, pod).metadata.annotations).toMatchObject({
      'keptn.sh/app': 'cart',
      'keptn.sh/app-type': 'single-service',
    });
  });

  test('gets what its owner says written on it', () => {
    const { world, pod } = deployed({
      deployment: { annotations: { ...cart('1.2.0'), 'keptn.sh/pre-deployment-tasks': 'a' } },
    });
    expect(enter(world, pod).metadata.annotations).toMatchObject({
      ...cart('1.2.0'),
      'keptn.sh/pre-deployment-tasks': 'a',
    });
  });

  test('is told that its version cannot be computed', () => {
    const annotations = { 'keptn.sh/workload': 'cart', 'keptn.sh/container': 'card' };
    const { world, pod } = deployed({ pod: { annotations } });
    const entered = enter(world, pod);
    expect(isHeld(entered)).toBe(true);
    expect(entered.metadata.annotations?.[explanation]).toContain("The container name 'card'");
  });

  test('gets nothing written on it that a cached owner of another revision says', () => {
    const deployment = aDeployment({ annotations: cart('1.0.0') });
    const newSet = aReplicaSet({
      name: 'cart-2',
      owners: [ownedBy(deployment)],
      template: { digest: 'template-2' },
    });
    const pod = enter([deployment, newSet], aPod({ owners: [ownedBy(newSet)] }));
    expect(isHeld(pod)).toBe(true);
    expect(isWatched(pod)).toBe(true);
    expect(Object.keys(pod.metadata.annotations ?? {})).toEqual([explanation]);
  });
});

describe('the gate-removed marker of a template', () => {
  const marker = { 'keptn.sh/scheduling-gate-removed': 'true' };

  test('does not let the Pod through, and is dropped (B5)', () => {
    const { world, pod } = deployed({
      pod: { annotations: { ...cart('1.2.0'), ...marker }, labels: marker },
    });
    const entered = enter(world, pod);
    expect(isHeld(entered)).toBe(true);
    expect(entered.metadata.annotations).not.toHaveProperty('keptn.sh/scheduling-gate-removed');
    expect(entered.metadata.labels).toEqual({ [watched]: 'true' });
  });
});

describe('rule (a): a Pod that names workload and version itself enters when that version is Released', () => {
  const { world, pod, revision } = deployed({ pod: { annotations: cart('1.2.0') } });

  test('and is watched while its revision is not recorded', () => {
    const versions = [cartVersion({ version: '1.2.0' }), cartWorkload('1.2.0')];
    const entered = enter([...world, ...versions], pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([false, true]);
    expect(entered.metadata.annotations).toEqual(cart('1.2.0'));
  });

  test.each([
    ['is another one', [cartWorkload('2.0.0')]],
    ['is not known', []],
  ])('and is watched when the current version of the workload %s', (_what, workloads) => {
    const version = cartVersion({ version: '1.2.0', revisions: [revision] });
    const entered = enter([...world, version, ...workloads], pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([false, true]);
  });

  test('and gets neither gate nor label when its revision is recorded and its version current', () => {
    const version = cartVersion({ version: '1.2.0', revisions: [revision] });
    expect(patchOf(judge([...world, version, cartWorkload('1.2.0')], pod))).toEqual([]);
  });

  test('whatever the owner in the cache says, and without one', () => {
    const version = cartVersion({ version: '1.2.0' });
    const other = deployed({ deployment: { annotations: cart('9') } });
    expect(isHeld(enter([...other.world, version], pod))).toBe(false);
    expect(isHeld(enter([version], pod))).toBe(false);
  });

  test('but is watched when its template brings the own gate along', () => {
    const gated = { ...pod, spec: { ...pod.spec, schedulingGates: [ownGate] } };
    const version = cartVersion({ version: '1.2.0', revisions: [revision] });
    const entered = enter([...world, version, cartWorkload('1.2.0')], gated);
    expect([isHeld(entered), isWatched(entered)]).toEqual([true, true]);
  });

  test('in any of the ways a Released version is written', () => {
    for (const reason of ['ChecksPassed', 'Warning', 'Observed', 'ReleasedByKeptn']) {
      const version = cartVersion({ version: '1.2.0', condition: released(reason) });
      expect(isHeld(enter([...world, version], pod))).toBe(false);
    }
  });
});

describe('rule (b): a Pod whose version is found elsewhere enters when that is Released for its very revision', () => {
  const annotated = { deployment: { annotations: cart('1.2.0') } };

  test('named by the owner', () => {
    const { world, pod, revision } = deployed(annotated);
    const workload = cartWorkload('1.2.0');
    const recorded = cartVersion({ version: '1.2.0', revisions: [revision] });
    const entered = enter([...world, workload, recorded], pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([false, false]);
    expect(entered.metadata.annotations).toEqual(cart('1.2.0'));
  });

  test('but not when the version is Released for other revisions only', () => {
    const { world, pod } = deployed(annotated);
    const version = cartVersion({ version: '1.2.0', revisions: ['another'] });
    expect(isHeld(enter([...world, cartWorkload('1.2.0'), version], pod))).toBe(true);
  });

  test('but not when the record is one of another namespace', () => {
    const { world, pod, revision } = deployed(annotated);
    const forged = cartVersion({ version: '1.2.0', revisions: [revision] });
    const elsewhere = { ...forged, metadata: { ...forged.metadata, namespace: 'other' } };
    expect(isHeld(enter([...world, elsewhere], pod))).toBe(true);
  });

  test('a cache that lags behind the owner lets no new version through', () => {
    // Live, the Deployment is at version 2 with a new template; the cache still has version 1, which is Released.
    const { world, deployment, revision } = deployed(annotated);
    const newSet = aReplicaSet({
      name: 'cart-new',
      template: { digest: 'template-2' },
      owners: [ownedBy(deployment)],
    });
    const pod = aPod({ owners: [ownedBy(newSet)] });
    const version = cartVersion({ version: '1.2.0', revisions: [revision] });
    const caches = [...world, cartWorkload('1.2.0'), version];
    expect(isHeld(enter(caches, pod))).toBe(true);
    expect(isHeld(enter([...caches, newSet], pod))).toBe(true);
  });

  test('an evicted Pod of a Released version comes back while the next version is held', () => {
    const { world, pod, revision } = deployed({
      deployment: { annotations: cart('2.0.0'), template: { digest: 'template-2' } },
      replicaSet: { template: { digest: 'template-1' } },
    });
    const old = cartVersion({ version: '1.2.0', revisions: [revision] });
    const held = cartVersion({ version: '2.0.0', condition: released('X', 'False') });
    const entered = enter([...world, cartWorkload('2.0.0'), old, held], pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([false, true]);
    expect(entered.metadata.annotations).toEqual(cart('1.2.0'));
    expect(patchOf(judge([...world, cartWorkload('2.0.0'), old, held], entered))).toEqual([]);
  });

  test('a new version on the same template is held: the owner provably speaks of this revision', () => {
    const { world, pod, revision } = deployed({ deployment: { annotations: cart('2.0.0') } });
    const old = cartVersion({ version: '1.2.0', revisions: [revision] });
    expect(isHeld(enter([...world, old], pod))).toBe(true);
  });

  test.each([
    ['also has', 'template-1'],
    ['no longer has', 'template-2'],
  ])('a computed version is compared when the Deployment %s that template', (_what, digest) => {
    const unversioned = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart' };
    const template = { containers: [{ name: 'ciao', image: 'peppetest12' }] };
    const { world, pod, revision } = deployed({
      pod: { annotations: unversioned },
      replicaSet: { template },
      deployment: { template: { digest } },
    });
    const right = cartVersion({ version: '1253120182', revisions: [revision] });
    const wrong = cartVersion({ version: '1', revisions: [revision] });
    expect(isHeld(enter([...world, right], pod))).toBe(false);
    expect(isHeld(enter([...world, wrong], pod))).toBe(true);
    expect(isHeld(enter([...world, cartVersion({ version: '1253120182' })], pod))).toBe(true);
  });

  test('without the ReplicaSet in the cache a recorded revision still says what the Pod is', () => {
    const { pod, revision } = deployed({
      pod: { annotations: { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart' } },
    });
    const recorded = cartVersion({ version: '7', revisions: [revision] });
    const entered = enter([recorded], pod);
    expect(isHeld(entered)).toBe(false);
    expect(entered.metadata.annotations).toMatchObject(cart('7'));
    const foreign = cartVersion({
      version: '7',
      workloadName: 'shop-other',
      revisions: [revision],
    });
    expect(isHeld(enter([foreign], pod))).toBe(true);
  });

  test('an older Pod of a StatefulSet gets what was released written on it', () => {
    const owner = aStatefulSet({
      annotations: { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'Cart' },
    });
    const pod = aPod({ owners: [ownedBy(owner)], labels: { 'controller-revision-hash': 'rev-0' } });
    const recorded = cartVersion({ version: '7', revisions: [`${owner.metadata.uid}/rev-0`] });
    const entered = enter([owner, recorded], pod);
    expect(isHeld(entered)).toBe(false);
    expect(entered.metadata.annotations).toEqual({ ...cart('7'), 'keptn.sh/workload': 'Cart' });
    expect(patchOf(judge([owner, recorded], entered))).toEqual([]);
  });

  test('of a StatefulSet the revision is its controller-revision-hash', () => {
    const owner = aStatefulSet({ annotations: cart('1.2.0') });
    const podOf = (hash: string) =>
      aPod({ owners: [ownedBy(owner)], labels: { 'controller-revision-hash': hash } });
    const recorded = cartVersion({ version: '1.2.0', revisions: [`${owner.metadata.uid}/rev-1`] });
    expect(isHeld(enter([owner, recorded], podOf('rev-1')))).toBe(false);
    expect(isHeld(enter([owner, recorded], podOf('rev-2')))).toBe(true);
  });
});

describe('rule (c): a Pod of which nothing is annotated enters when its cached owner provably is its revision', () => {
  test('untouched', () => {
    const { world, pod } = deployed({ pod: { labels: { app: 'plain' } } });
    expect(patchOf(judge(world, pod))).toEqual([]);
    const agent = aDaemonSet();
    const ofAgent = aPod({ owners: [ownedBy(agent)], labels: { 'pod-template-generation': '1' } });
    expect(patchOf(judge([agent], ofAgent))).toEqual([]);
  });

  test('but is held while the owner in the cache may be an older one', () => {
    const { world, pod } = deployed({ replicaSet: { template: { digest: 'newer' } } });
    const entered = enter(world, pod);
    expect([isHeld(entered), isWatched(entered)]).toEqual([true, true]);
    expect(entered.metadata.annotations?.[explanation]).toBe(
      'Held by Sluice: waiting until it is known whether the Pod has to be checked: Deployment cart has another Pod template than ReplicaSet cart-5d4',
    );
  });

  test('but is held while its owner is not in the cache', () => {
    const { world, pod } = deployed();
    expect(isHeld(enter([], pod))).toBe(true);
    expect(isHeld(enter(world.slice(0, 1), pod))).toBe(true);
    expect(isHeld(enter(world.slice(1), pod))).toBe(true);
  });
});

describe('Pods that cannot be held enter untouched', () => {
  const { world, pod } = deployed({ pod: { annotations: cart('1.2.0') } });

  test('because they are on a node already', () => {
    expect(patchOf(judge(world, { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } }))).toEqual(
      [],
    );
  });

  test('because no workload made them, but for the label by which an Event is written', () => {
    expect(patchOf(judge(world, aPod({ annotations: cart('1.2.0') })))).toEqual([
      { op: 'add', path: '/metadata/labels', value: { [watched]: 'true' } },
    ]);
  });

  test('because a Job controls them', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'j', controller: true };
    const owners = [...(pod.metadata.ownerReferences ?? []), job].map((owner) => ({
      ...owner,
      controller: owner.kind === 'Job',
    }));
    const ofJob = aPod({ annotations: cart('1.2.0'), owners });
    expect(patchOf(judge(world, ofJob))).toEqual([]);
  });
});

describe('the version of a Pod that names none', () => {
  test('is the image tag when the ruling KeptnConfig wants it (W39)', () => {
    const { world, pod } = deployed({ pod: { annotations: { 'keptn.sh/workload': 'cart' } } });
    const config = aConfig({
      metadata: { name: 'c', namespace: 'keptn-system' },
      spec: { versionFromImageTag: true },
    });
    const elsewhere = aConfig({ metadata: { name: 'c', namespace: 'tenant' }, spec: {} });
    const entered = enter([...world, elsewhere, config], pod);
    expect(entered.metadata.annotations?.['keptn.sh/version']).toBe('1.2.0');
  });
});

describe('a Pod that cannot be read', () => {
  test('is refused, and the field is named', () => {
    const pod = { ...aPod(), metadata: { name: 'p', annotations: { 'keptn.sh/app': 1 } } };
    const request = requestFor(aPod(), { object: pod });
    const verdict = gatePod(request, fixedLookup([]), { operatorNamespace: 'keptn-system' });
    expect(verdict).toMatchObject({
      type: 'denied',
      causes: [{ path: 'metadata.annotations[keptn.sh/app]', message: 'must be string' }],
    });
  });
});

describe('a value that is longer than anything that is read', () => {
  const long = 'x'.repeat(1025);

  test('on the Pod is a denial that names its key', () => {
    const pod = aPod({
      owners: [ownedBy(aReplicaSet())],
      annotations: { ...cart('1.0.0'), 'keptn.sh/workload': long },
    });
    expect(judge([], pod)).toMatchObject({
      type: 'denied',
      causes: [
        {
          path: 'metadata.annotations[keptn.sh/workload]',
          message: 'has 1025 characters; at most 1024 are read: shorten it',
        },
      ],
    });
  });

  test('on its owner is a denial that names owner and key', () => {
    const deployment = aDeployment({ annotations: { ...cart('1.0.0'), 'keptn.sh/app': long } });
    const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
    const verdict = judge([deployment, replicaSet], aPod({ owners: [ownedBy(replicaSet)] }));
    expect(verdict).toMatchObject({
      type: 'denied',
      causes: [
        {
          path: 'metadata.ownerReferences',
          message:
            'metadata.annotations[keptn.sh/app] of Deployment cart has 1025 characters; at most 1024 are read: shorten it',
        },
      ],
    });
  });

  test('of exactly that length is read', () => {
    const pod = aPod({
      owners: [ownedBy(aReplicaSet())],
      annotations: { ...cart('1.0.0'), 'keptn.sh/workload': 'x'.repeat(1024) },
    });
    expect(isHeld(enter([], pod))).toBe(true);
  });

  test('of no use to Keptn hinders no Pod', () => {
    const deployment = aDeployment({ annotations: { 'keptn.sh/metadata': 'x'.repeat(20_000) } });
    const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
    const pod = aPod({ owners: [ownedBy(replicaSet)] });
    expect(judge([deployment, replicaSet], pod).type).toBe('allowed');
  });
});

describe('a Pod that nothing owns', () => {
  test('that is annotated enters, is watched for an Event, and its author is warned that nothing is checked', () => {
    const pod = aPod({ annotations: cart('1.2.0') });
    const verdict = judge([], pod);
    expect(verdict).toMatchObject({
      type: 'allowed',
      warnings: [expect.stringContaining('nothing is checked')],
    });
    const entered = admitted(pod, verdict);
    expect([isHeld(entered), isWatched(entered)]).toEqual([false, true]);
  });

  test('that is not annotated enters untouched, without a word, also with the labels that everything has', () => {
    const labels = { 'app.kubernetes.io/name': 'db', 'app.kubernetes.io/version': '17' };
    for (const pod of [aPod(), aPod({ labels })])
      expect(judge([], pod)).toEqual({ type: 'allowed', patch: [], warnings: [] });
  });
});

test('a Pod that comes while the kinds of its records are not served is held, and says so', () => {
  const pod = aPod({ annotations: cart('1.0.0'), owners: [ownedBy(aReplicaSet())] });
  const lookup = { ...fixedLookup([], admissionIndexes), isMissing: () => true };
  const verdict = gatePod(requestFor(pod), lookup, { operatorNamespace: 'keptn-system' });
  const held = admitted(pod, verdict);
  expect(isHeld(held)).toBe(true);
  expect(held.metadata.annotations?.[explanation]).toContain(
    'does not serve KeptnWorkloads or KeptnWorkloadVersions',
  );
});
