import { describe, expect, test } from 'vitest';
import { gateFailedPod, judgeFinalFailedPod } from '../../../src/admission/pod/failed-pod.ts';
import { admissionIndexes } from '../../../src/admission/indexes.ts';
import type { Pod } from '../../../src/api/builtin.ts';
import { uidOf } from '../../../src/domain/identity/workload-names.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { admitted, patchOf, requestFor } from '../../support/builders/reviews.ts';
import {
  aDeployment,
  aPod,
  aReplicaSet,
  type Described,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const settings = { operatorNamespace: 'keptn-system' };
const cart = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1' };
const lookupOf = (world: readonly KubernetesObject[]) => fixedLookup(world, admissionIndexes);

const workload = aWorkload({
  metadata: { name: 'shop-cart', namespace },
  spec: { app: 'shop', version: '1' },
});
const released = {
  type: 'Released',
  status: 'True',
  reason: 'ChecksPassed',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

const versionWith = (status: Partial<KeptnWorkloadVersionStatus>) =>
  aWorkloadVersion({
    metadata: {
      name: 'shop-cart-1',
      namespace,
      ownerReferences: [
        {
          apiVersion: workload.apiVersion,
          kind: workload.kind,
          name: workload.metadata.name,
          uid: uidOf(workload),
        },
      ],
    },
    spec: { app: 'shop', workloadName: 'shop-cart', version: '1' },
    status,
  });
const failed = versionWith({ status: 'Failed', preDeploymentStatus: 'Failed' });

function deployed(described: { deployment?: Described; pod?: Described } = {}) {
  const deployment = aDeployment(described.deployment);
  const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
  const pod = aPod({ ...described.pod, owners: [ownedBy(replicaSet)] });
  return { owners: [deployment, replicaSet, workload], pod };
}

const gated = (world: readonly KubernetesObject[], pod: Pod) =>
  gateFailedPod(requestFor(pod), lookupOf(world), settings);
const judged = (world: readonly KubernetesObject[], pod: Pod) =>
  judgeFinalFailedPod(requestFor(pod), lookupOf(world), settings);

describe('where the opt-in was withdrawn, a Pod', () => {
  test.each([
    ['itself', { pod: { annotations: cart } }],
    ['by its owner', { deployment: { annotations: cart } }],
  ])('that names a failed version %s is held, and says why and what starts it', (_, described) => {
    const { owners, pod } = deployed(described);
    const entered = admitted(pod, gated([...owners, failed], pod));
    expect(entered.spec?.schedulingGates).toEqual([{ name: 'keptn-prechecks-gate' }]);
    expect(entered.metadata.labels).toMatchObject({ 'sluice.keptn.sh/watched': 'true' });
    expect(entered.metadata.annotations?.['sluice.keptn.sh/explanation']).toContain(
      `kubectl annotate namespace ${namespace} sluice.keptn.sh/release-held=true`,
    );
    expect(judged([...owners, failed], entered)).toMatchObject({ type: 'allowed' });
    expect(patchOf(gated([...owners, failed], entered))).toEqual([]);
  });

  test.each([
    ['whose version is not known', []],
    ['whose version is being checked', [versionWith({ status: 'Progressing' })]],
    ['whose version was superseded', [versionWith({ status: 'Deprecated' })]],
    [
      'whose version failed after it was Released',
      [versionWith({ status: 'Failed', conditions: [released] })],
    ],
  ])('%s enters untouched', (_, versions) => {
    const { owners, pod } = deployed({ pod: { annotations: cart } });
    const world = [...owners, ...versions];
    expect(patchOf(gated(world, pod))).toEqual([]);
    expect(judged(world, pod)).toMatchObject({ type: 'allowed', warnings: [] });
  });

  test('of another version, or of nothing that is annotated, enters untouched', () => {
    for (const pod of [{ annotations: { ...cart, 'keptn.sh/version': '2' } }, {}]) {
      const made = deployed({ pod });
      const world = [...made.owners, failed];
      expect(patchOf(gated(world, made.pod))).toEqual([]);
      expect(judged(world, made.pod)).toMatchObject({ type: 'allowed', warnings: [] });
    }
  });

  test('of a failed version is refused when another webhook has taken the gate off', () => {
    const { owners, pod } = deployed({ pod: { annotations: cart } });
    expect(judged([...owners, failed], pod)).toMatchObject({
      type: 'denied',
      message: expect.stringMatching(
        /schedulingGates.*shop-cart-1 have failed.*release-held=true/u,
      ),
    });
  });

  test('of a failed version is refused when it is on a node already', () => {
    const { owners, pod } = deployed({ pod: { annotations: cart } });
    const placed = { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } };
    expect(patchOf(gated([...owners, failed], placed))).toEqual([]);
    expect(judged([...owners, failed], placed)).toMatchObject({
      type: 'denied',
      message: expect.stringContaining('nodeName'),
    });
  });

  test('on a node, of an owner that is not known yet, is refused until it is known', () => {
    const { owners, pod } = deployed({ deployment: { annotations: cart } });
    const placed = { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } };
    expect(judged([workload, failed], placed)).toMatchObject({
      type: 'denied',
      message: expect.stringContaining('it is tried again'),
    });
    expect(judged(owners, placed)).toMatchObject({ type: 'allowed' });
  });

  test('is refused until it is known which versions have failed', () => {
    const { owners, pod } = deployed({ pod: { annotations: cart } });
    const lookup = { ...lookupOf(owners), isSynced: () => false };
    const verdict = { type: 'denied', message: expect.stringContaining('retry') };
    expect(gateFailedPod(requestFor(pod), lookup, settings)).toMatchObject(verdict);
    expect(judgeFinalFailedPod(requestFor(pod), lookup, settings)).toMatchObject(verdict);
  });
});
