import { describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { raiseProgressDeadline } from '../../src/admission/raise-deadline.ts';
import { reviewWorkload } from '../../src/admission/review-workload.ts';
import { parseWorkload, type WorkloadManifest } from '../../src/lint/workload/workload-manifest.ts';
import { aConfig, aTaskDefinition } from '../support/builders/builders.ts';
import { requestFor } from '../support/builders/reviews.ts';
import { aManifest } from '../support/builders/workload-manifests.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };
const slow = aTaskDefinition({ metadata: { name: 'slow' }, spec: { timeout: '20m' } });
const always = aConfig({
  metadata: { namespace: 'keptn-system' },
  spec: { raiseProgressDeadline: true },
});

const podAnnotations = {
  'keptn.sh/app': 'shop',
  'keptn.sh/workload': 'cart',
  'keptn.sh/version': '1',
  'keptn.sh/pre-deployment-tasks': 'slow',
};

function aSlowWorkload(annotations: Record<string, string>, more = {}): WorkloadManifest {
  const manifest = aManifest({ podAnnotations, ...more });
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

const raise = { 'sluice.keptn.sh/progress-deadline': 'raise' };
const keep = { 'sluice.keptn.sh/progress-deadline': 'keep' };

const verdictOn = (workload: WorkloadManifest, cached = [slow]) =>
  raiseProgressDeadline(requestFor(workload), fixedLookup(cached), places);

describe('a progress deadline that checks may outlast', () => {
  test('is raised by the time that they may take where the Deployment asks for it, and the user is told', () => {
    expect(verdictOn(aSlowWorkload(raise))).toEqual({
      type: 'allowed',
      patch: [{ op: 'add', path: '/spec/progressDeadlineSeconds', value: 1800 }],
      warnings: [
        'spec.progressDeadlineSeconds was raised from 600 to 1800: the checks before the deployment may take 20m0s',
      ],
    });
  });

  test('is raised by the KeptnConfig, unless the Deployment wants to keep it', () => {
    const cached = [slow, always];
    const patchOf = (annotations: Record<string, string>) => {
      const request = requestFor(aSlowWorkload(annotations));
      const verdict = raiseProgressDeadline(request, fixedLookup(cached), places);
      return verdict.type === 'allowed' ? verdict.patch : verdict.message;
    };
    expect(patchOf({})).toHaveLength(1);
    expect(patchOf(keep)).toEqual([]);
  });

  test('stays as it is where nobody asks for more, is long enough, or was raised before', () => {
    for (const workload of [
      aSlowWorkload({}),
      aSlowWorkload({ 'sluice.keptn.sh/progress-deadline': 'yes' }),
      aSlowWorkload(raise, { progressDeadlineSeconds: 1_200 }),
      aSlowWorkload(raise, { progressDeadlineSeconds: 1_800 }),
      aSlowWorkload(raise, { kind: 'StatefulSet' }),
    ]) {
      expect(verdictOn(workload)).toMatchObject({ patch: [], warnings: [] });
    }
  });

  test('fits into the field whatever the definitions say', () => {
    const endless = aTaskDefinition({
      metadata: { name: 'slow' },
      spec: { timeout: '2000000h' },
    });
    expect(verdictOn(aSlowWorkload(raise), [endless])).toMatchObject({
      patch: [{ value: 2 ** 31 - 1 }],
    });
  });

  test('that was raised is not warned of afterwards', () => {
    const workload = aSlowWorkload(raise, { progressDeadlineSeconds: 1_800 });
    expect(parseWorkload(workload).ok).toBe(true);
    const verdict = reviewWorkload(
      requestFor(workload),
      fixedLookup([slow], admissionIndexes),
      places,
    );
    expect(JSON.stringify(verdict)).not.toContain('progressDeadlineSeconds');
  });
});
