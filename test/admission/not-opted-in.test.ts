import { describe, expect, test } from 'vitest';
import { warnOfNoOptIn } from '../../src/admission/not-opted-in.ts';
import { webhooks } from '../../src/admission/registry.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { fixedLookup } from '../support/fixed-lookup.ts';
import { requestFor } from '../support/reviews.ts';

const cart = { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1' };

function aDeployment(annotations: Record<string, string>, on: 'object' | 'template' = 'template') {
  const none = {};
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      annotations: on === 'object' ? annotations : none,
    },
    spec: {
      template: {
        metadata: { annotations: on === 'template' ? annotations : none },
        spec: { containers: [{ name: 'c', image: 'cart:1' }] },
      },
    },
  };
}

const shop = (annotations: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations },
});

function warnings(
  object: KubernetesObject,
  { before, world = [shop()] }: { before?: KubernetesObject; world?: KubernetesObject[] } = {},
) {
  const request = { ...requestFor(object), ...(before && { oldObject: before }) };
  const verdict = warnOfNoOptIn(request, fixedLookup(world));
  return verdict.type === 'allowed' ? verdict.warnings : [verdict.message];
}

describe('an annotated workload in a Namespace that is not opted in', () => {
  test.each(['object', 'template'] as const)('is warned of, annotated on the %s', (on) => {
    expect(warnings(aDeployment(cart, on))).toEqual([
      'Namespace shop does not carry annotation keptn.sh/lifecycle-toolkit: enabled: the Pods start without any check. To opt in: kubectl annotate namespace shop --overwrite keptn.sh/lifecycle-toolkit=enabled',
    ]);
  });

  test('is warned of once, not at each update that leaves its annotations alone', () => {
    const before = aDeployment(cart);
    expect(warnings(aDeployment(cart), { before })).toEqual([]);
    expect(warnings(aDeployment({ ...cart, 'keptn.sh/version': '2' }), { before })).toHaveLength(1);
  });

  test('is told where the annotation of the opt-in belongs', () => {
    const told = warnings(aDeployment({ 'keptn.sh/lifecycle-toolkit': 'enabled' }, 'object'));
    expect(told).toEqual([expect.stringContaining('a Namespace opts in, and not what is in it')]);
  });

  test.each<[string, KubernetesObject, KubernetesObject[]]>([
    ['without Keptn’s keys', aDeployment({ 'app.kubernetes.io/name': 'cart' }), [shop()]],
    [
      'in a Namespace whose opt-in has just come',
      aDeployment(cart),
      [shop({ 'keptn.sh/lifecycle-toolkit': 'enabled' })],
    ],
    [
      'that cannot be read',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } },
      [],
    ],
  ])('%s is not warned of', (_, object, world) => {
    expect(warnings(object, { world })).toEqual([]);
  });

  test('is asked about outside of enabled Namespaces only, and stops nobody', () => {
    const rows = webhooks({ operatorNamespace: 'keptn-system' }).filter(({ name }) =>
      name.includes('-not-opted-in.'),
    );
    expect(rows.map(({ resource }) => resource.kind).toSorted()).toEqual([
      'DaemonSet',
      'Deployment',
      'Rollout',
      'StatefulSet',
    ]);
    for (const { failurePolicy, namespaceSelector } of rows) {
      expect(failurePolicy).toBe('Ignore');
      expect(namespaceSelector?.matchExpressions[0]).toMatchObject({ operator: 'NotIn' });
    }
  });
});
