import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/api/object.ts';
import type { Verdict } from '../../src/admission/verdict.ts';
import { reviewWorkload } from '../../src/admission/review-workload.ts';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import type { WorkloadManifest } from '../../src/lint/workload/workload-manifest.ts';
import { aConfig, anAppContext, aTaskDefinition } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { requestFor } from '../support/builders/reviews.ts';
import { aManifest, type ManifestDescribed } from '../support/builders/workload-manifests.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };
const named = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1.0.0' };
const checked = { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke' };
const smoke = aTaskDefinition();

function warnings(
  object: WorkloadManifest,
  { before, cached = [] }: { before?: WorkloadManifest; cached?: readonly KubernetesObject[] } = {},
): readonly string[] {
  const request = requestFor(object, {
    ...(before && { operation: 'UPDATE', oldObject: before }),
  });
  const verdict: Verdict = reviewWorkload(
    request,
    fixedLookup([smoke, ...cached], admissionIndexes),
    places,
  );
  expect(verdict.type).toBe('allowed');
  return verdict.type === 'denied' ? [] : verdict.warnings;
}

const workload = (
  described: ManifestDescribed,
  spec: Partial<WorkloadManifest['spec']> = {},
): WorkloadManifest => {
  const made = aManifest({ podAnnotations: checked, ...described });
  return { ...made, spec: { ...made.spec, ...spec } };
};
const rolling = (maxUnavailable: number | string, replicas = 3) => ({
  replicas,
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable } },
});

describe('whoever applies a workload whose old Pods end first is told so', () => {
  test.each<[string, WorkloadManifest]>([
    ['Recreate', workload({}, { strategy: { type: 'Recreate' } })],
    ['maxUnavailable: 100%', workload({}, rolling('100%'))],
    ['maxUnavailable of all replicas', workload({}, rolling(3))],
    ['a StatefulSet', workload({ kind: 'StatefulSet' })],
    ['a DaemonSet', workload({ kind: 'DaemonSet' })],
  ])('%s', (_, object) => {
    expect(warnings(object)).toEqual([
      expect.stringContaining('run the checks before the roll-out'),
    ]);
  });

  test('also where only the application has checks', () => {
    const object = workload({ kind: 'StatefulSet', podAnnotations: named });
    const context = anAppContext({ spec: { preDeploymentTasks: ['smoke'] } });
    expect(warnings(object, { cached: [context] })).toHaveLength(1);
  });

  test('and is not refused in strict mode, because there may be no other way', () => {
    const strict = aConfig({
      metadata: { namespace: 'keptn-system' },
      spec: { strictValidation: true },
    });
    expect(warnings(workload({ kind: 'StatefulSet' }), { cached: [strict] })).toHaveLength(1);
  });

  test('once: the next version of the same workload says nothing', () => {
    const before = workload({ kind: 'StatefulSet' });
    const podAnnotations = { ...checked, 'keptn.sh/version': '2.0.0' };
    expect(warnings(workload({ kind: 'StatefulSet', podAnnotations }), { before })).toEqual([]);
  });

  test('when the strategy changes to such a one', () => {
    const before = workload({});
    const after = workload({}, { strategy: { type: 'Recreate' } });
    expect(warnings(after, { before })).toHaveLength(1);
  });
});

describe('nothing is said of', () => {
  test.each<[string, WorkloadManifest]>([
    ['a Deployment that rolls', workload({})],
    ['a Deployment that may lose some', workload({}, rolling('50%'))],
    [
      'a StatefulSet that waits for people',
      workload({ kind: 'StatefulSet' }, { updateStrategy: { type: 'OnDelete' } }),
    ],
    [
      'a DaemonSet with maxSurge',
      workload({ kind: 'DaemonSet' }, { updateStrategy: { rollingUpdate: { maxSurge: 1 } } }),
    ],
    ['a StatefulSet without checks', workload({ kind: 'StatefulSet', podAnnotations: named })],
    ['a StatefulSet that is not annotated', workload({ kind: 'StatefulSet', podAnnotations: {} })],
  ])('%s', (_, object) => {
    expect(warnings(object)).toEqual([]);
  });
});

test('a deployment time-out that cannot be read is told, one that can is not', () => {
  const warnedOf = (value: string) =>
    warnings(
      workload({ podAnnotations: { ...named, 'sluice.keptn.sh/deployment-timeout': value } }),
    );
  expect(warnedOf('20m')).toEqual([]);
  expect(warnedOf('soon')).toEqual([
    'spec.template.metadata.annotations[sluice.keptn.sh/deployment-timeout]: "soon" is no duration and is left out; write for example 20m',
  ]);
});
