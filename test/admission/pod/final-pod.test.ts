import { describe, expect, test } from 'vitest';
import { judgeFinalPod } from '../../../src/admission/pod/final-pod.ts';
import { gatePod } from '../../../src/admission/pod/gate-pod.ts';
import { admissionIndexes } from '../../../src/admission/indexes.ts';
import type { Pod } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { identityIn } from '../../../src/domain/identity/identity-in.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { admitted, requestFor } from '../../support/builders/reviews.ts';
import {
  aDeployment,
  aPod,
  aReplicaSet,
  type Described,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const settings = { operatorNamespace: 'keptn-system' };
const cart = {
  'keptn.sh/app': 'shop',
  'keptn.sh/workload': 'cart',
  'keptn.sh/version': '1',
};

const lookupOf = (world: readonly KubernetesObject[]) => fixedLookup(world, admissionIndexes);

/** What is said of the Pod at the end of admission. */
const judged = (world: readonly KubernetesObject[], pod: Pod) =>
  judgeFinalPod(requestFor(pod), lookupOf(world), settings);

/** The Pod as Sluice's own mutating webhook lets it in. */
const gated = (world: readonly KubernetesObject[], pod: Pod) =>
  admitted(pod, gatePod(requestFor(pod), lookupOf(world), settings));

function deployed(described: { deployment?: Described; pod?: Described } = {}) {
  const deployment = aDeployment(described.deployment);
  const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
  const pod = aPod({ ...described.pod, owners: [ownedBy(replicaSet)] });
  return { world: [deployment, replicaSet], pod };
}

const releasedCart = aWorkloadVersion({
  metadata: { name: 'shop-cart-1', namespace },
  spec: { app: 'shop', workloadName: 'shop-cart', version: '1' },
  status: {
    conditions: [
      {
        type: 'Released',
        status: 'True',
        reason: 'ChecksPassed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
});

/** As another webhook would. */
const withoutGates = (pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, schedulingGates: [] } });
const onNode = (pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, nodeName: 'node-1' } });

describe('a Pod that leaves admission', () => {
  test('with the gate, enters', () => {
    const { world, pod } = deployed({ pod: { annotations: cart } });
    expect(judged(world, gated(world, pod)).type).toBe('allowed');
  });

  test('without the gate that another webhook took off, is denied until its version is Released', () => {
    for (const described of [
      { pod: { annotations: cart } },
      { deployment: { annotations: cart } },
    ]) {
      const { world, pod } = deployed(described);
      const final = withoutGates(gated(world, pod));
      expect(judged(world, final)).toMatchObject({
        type: 'denied',
        message: expect.stringContaining('workload cart, version 1, of application shop'),
      });
      expect(judged([...world, releasedCart], final).type).toBe('allowed');
    }
  });

  test('as Sluice let it through because its version is Released, enters', () => {
    const { world, pod } = deployed({ pod: { annotations: cart } });
    const known = [...world, releasedCart];
    const final = gated(known, pod);
    expect(final.spec?.schedulingGates ?? []).toEqual([]);
    expect(judged(known, final).type).toBe('allowed');
  });

  test('annotated by another webhook only afterwards, is denied', () => {
    const { world, pod } = deployed();
    const { metadata, ...rest } = withoutGates(gated(world, pod));
    const final = { ...rest, metadata: { ...metadata, annotations: cart } };
    expect(judged(world, final).type).toBe('denied');
  });

  test('without any annotation, on it or its owner, enters; so does one that no workload made', () => {
    const { world, pod } = deployed();
    expect(judged(world, pod).type).toBe('allowed');
    expect(judged([], aPod({ annotations: cart })).type).toBe('allowed');
  });

  test('on a node that its annotated template names, is denied whatever is Released', () => {
    for (const described of [
      { pod: { annotations: cart } },
      { deployment: { annotations: cart } },
    ]) {
      const { world, pod } = deployed(described);
      expect(judged([...world, releasedCart], onNode(pod))).toMatchObject({
        type: 'denied',
        causes: [{ path: 'spec.nodeName' }],
      });
    }
    const free = deployed();
    expect(judged(free.world, onNode(free.pod)).type).toBe('allowed');
  });

  test('on a node, is denied until its owner is known for certain: no gate could hold it meanwhile', () => {
    const { world, pod } = deployed({ deployment: { annotations: cart } });
    const [deployment] = world;
    const changed = aDeployment({ template: { containers: [], digest: 'changed' } });
    const replicaSet = aReplicaSet({ owners: [ownedBy(changed)] });
    const ofChanged = aPod({ owners: [ownedBy(replicaSet)] });
    for (const [known, each] of [
      [[], pod],
      [[deployment], pod],
      [[changed, replicaSet], ofChanged],
    ] as const) {
      const verdict = judged(
        known.flatMap((object) => object ?? []),
        onNode(each),
      );
      expect(verdict).toMatchObject({
        type: 'denied',
        message: expect.stringContaining('it is tried again'),
        causes: [{ path: 'spec.nodeName' }],
      });
    }
  });

  test('on a node, that no workload made, enters whatever it says: mirror Pods are such', () => {
    expect(judged([], onNode(aPod({ annotations: cart }))).type).toBe('allowed');
  });
});

describe('a Pod of a computed version that is not the first template with it', () => {
  test('is let through where the gate was not put on it', () => {
    const template = { containers: [{ name: 'ciao', image: 'peppetest12' }], digest: 'two' };
    const deployment = aDeployment({ template });
    const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)], template });
    const workload = aWorkload({ metadata: { name: 'shop-cart', namespace, uid: 'uid-cart' } });
    const { 'keptn.sh/version': _, ...unversioned } = cart;
    const pod = aPod({ annotations: unversioned, owners: [ownedBy(replicaSet)] });
    const identity = identityIn(
      lookupOf([deployment, replicaSet, workload, computed('1253120182', { digest: 'one' })]),
      pod,
    );
    const own = identity.type === 'annotated' ? (identity.version ?? '') : '';
    expect(own).toMatch(/^1253120182-/);
    const { uid = '' } = replicaSet.metadata;
    const world = [
      deployment,
      replicaSet,
      workload,
      computed('1253120182', { digest: 'one' }),
      computed(own, { digest: 'two', revision: uid }),
    ];
    const entered = gated(world, pod);
    expect(entered.spec?.schedulingGates).toBeUndefined();
    expect(judged(world, entered).type).toBe('allowed');
  });

  function computed(version: string, of: { digest: string; revision?: string }) {
    const owner = { apiVersion: 'lifecycle.keptn.sh/v1', kind: 'KeptnWorkload', name: 'shop-cart' };
    return aWorkloadVersion({
      metadata: {
        name: `shop-cart-${version}`,
        namespace,
        ownerReferences: [{ ...owner, uid: 'uid-cart', controller: true }],
      },
      spec: { app: 'shop', workloadName: 'shop-cart', version, templateDigest: of.digest },
      status: { ...releasedCart.status, releasedRevisions: [of.revision ?? 'another'] },
    });
  }
});
