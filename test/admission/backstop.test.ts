import { describe, expect, test } from 'vitest';
import { gatePod } from '../../src/admission/pod/gate-pod.ts';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { policyManifests } from '../../src/admission/policies/policies.ts';
import { webhooks } from '../../src/admission/registry.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import type { ReleasedVersions } from '../../src/api/released-versions.ts';
import { aWorkload, aWorkloadVersion } from '../support/builders/builders.ts';
import { admitted, requestFor } from '../support/builders/reviews.ts';
import { aPod, aReplicaSet, namespace, ownedBy } from '../support/builders/workloads.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

const replicaSet = aReplicaSet({});
const revision = replicaSet.metadata.uid ?? '';
const pod = aPod({
  annotations: {
    'keptn.sh/app': 'shop',
    'keptn.sh/workload': 'cart',
    'keptn.sh/version': '1.2.0',
  },
  owners: [ownedBy(replicaSet)],
});
const released = [
  replicaSet,
  aWorkload({
    metadata: { name: 'shop-cart', namespace },
    spec: { app: 'shop', version: '1.2.0' },
  }),
  aWorkloadVersion({
    metadata: { name: 'shop-cart-1.2.0', namespace },
    spec: { app: 'shop', workloadName: 'shop-cart', version: '1.2.0' },
    status: {
      conditions: [
        {
          type: 'Released',
          status: 'True',
          reason: 'ChecksPassed',
          message: '',
          lastTransitionTime: '',
        },
      ],
      releasedRevisions: [revision],
    },
  }),
];
const list = (...entries: string[]): ReleasedVersions => ({
  apiVersion: 'sluice.keptn.sh/v1',
  kind: 'ReleasedVersions',
  metadata: { name: 'released', namespace },
  spec: { entries: Object.fromEntries(entries.map((entry) => [entry, true])) },
});

function gates(world: readonly KubernetesObject[], backstop: boolean) {
  const settings = { operatorNamespace: 'keptn-system', backstop };
  const verdict = gatePod(requestFor(pod), fixedLookup(world, admissionIndexes), settings);
  return admitted(pod, verdict).spec?.schedulingGates ?? [];
}

describe('with the policy on released versions behind it, a Pod of a Released version', () => {
  test('enters without the gate once the list names its version or its revision', () => {
    expect(gates([...released, list('version/shop-cart/1.2.0')], true)).toEqual([]);
    expect(gates([...released, list(`revision/${revision}@1.2.0`)], true)).toEqual([]);
  });

  test('is held for a moment before that, because the policy would refuse it', () => {
    expect(gates([...released, list('version/shop-cart/1.1.0')], true)).toHaveLength(1);
    expect(gates([...released, list(`revision/${revision}`)], true)).toHaveLength(1);
    expect(gates([...released, list(`revision/${revision}@1.1.0`)], true)).toHaveLength(1);
    expect(gates(released, true)).toHaveLength(1);
  });

  test('needs no list without it', () => {
    expect(gates(released, false)).toEqual([]);
  });
});

describe('the backstop', () => {
  const settings = { operatorNamespace: 'keptn-system', users: ['sluice'], requesterChecks: true };

  test('has the webhooks on Pods passed over while nobody answers, and those of failed versions not', () => {
    const policyOf = (backstop: boolean) =>
      Object.fromEntries(
        webhooks({ ...settings, backstop })
          .filter(({ resource }) => resource.kind === 'Pod')
          .map(({ name, failurePolicy }) => [name, failurePolicy]),
      );
    expect(policyOf(false)['mpod.keptn.sh']).toBe('Fail');
    expect(policyOf(true)).toEqual({
      'mpod.keptn.sh': 'Ignore',
      'vpod.sluice.keptn.sh': 'Ignore',
      'mpod-withdrawn.sluice.keptn.sh': 'Fail',
      'vpod-withdrawn.sluice.keptn.sh': 'Fail',
    });
  });

  test('has a binding for Namespaces with a list and one for those without, never both for one', () => {
    const objects = policyManifests({ ...settings, backstop: true });
    const bindings = objects.filter(
      ({ spec }) => spec['policyName'] === 'released-versions.sluice.keptn.sh',
    );
    expect(bindings.map(({ metadata, spec }) => [metadata.name, spec['paramRef']])).toEqual([
      [
        'listed.released-versions.sluice.keptn.sh',
        { name: 'released', parameterNotFoundAction: 'Deny' },
      ],
      ['unlisted.released-versions.sluice.keptn.sh', undefined],
    ]);
    const [listed, unlisted] = bindings.map(({ spec }) => JSON.stringify(spec['matchResources']));
    expect(listed).toContain('{"key":"sluice.keptn.sh/listed","operator":"In","values":["true"]}');
    expect(unlisted).toContain(
      '{"key":"sluice.keptn.sh/listed","operator":"NotIn","values":["true"]}',
    );
  });

  test('is not there unless it is asked for', () => {
    expect(JSON.stringify(policyManifests(settings))).not.toContain('released-versions');
  });
});
