import { describe, expect, test } from 'vitest';
import { policyManifests } from '../../src/admission/policies/policies.ts';
import { fieldOf } from '../../src/api/json.ts';

const objects = policyManifests({
  operatorNamespace: 'keptn-system',
  users: ['system:serviceaccount:keptn-system:sluice'],
  requesterChecks: true,
});

/** The spec of a policy, by the first part of its name. */
function specOf(name: string): unknown {
  const found = objects.find(
    ({ kind, metadata }) =>
      kind === 'ValidatingAdmissionPolicy' && metadata.name === `${name}.sluice.keptn.sh`,
  );
  return found?.spec;
}

/** Everything that a policy is asked about, as `<operation> <resource>`. */
function askedAbout(name: string): readonly string[] {
  const rules = fieldOf(fieldOf(specOf(name), 'matchConstraints'), 'resourceRules');
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule) => {
    const [resources, operations] = [fieldOf(rule, 'resources'), fieldOf(rule, 'operations')];
    if (!Array.isArray(resources) || !Array.isArray(operations)) return [];
    return resources.flatMap((resource) =>
      operations.map((operation) => `${String(operation)} ${String(resource)}`),
    );
  });
}

const conditionsOf = (name: string): string =>
  JSON.stringify(fieldOf(specOf(name), 'matchConditions'));

describe('a held Pod', () => {
  test('is guarded on both ways by which labels and annotations of a Pod can be changed', () => {
    expect(askedAbout('held-pods')).toEqual(['UPDATE pods', 'UPDATE pods/status']);
  });

  test('keeps all that its version is read from, the digest behind a computed one included', () => {
    for (const key of [
      'keptn.sh/version',
      'keptn.sh/container',
      'sluice.keptn.sh/template-digest',
      'sluice.keptn.sh/held-after-opt-out',
      'controller-revision-hash',
      'pod-template-generation',
      'ownerReferences',
    ]) {
      expect(conditionsOf('held-pods')).toContain(key);
    }
  });
});

describe('what releases Pods', () => {
  test('is not said by a status that others write, nor by another spec of a workload', () => {
    expect(askedAbout('lifecycle-children')).toEqual(
      expect.arrayContaining([
        'UPDATE keptnworkloads',
        ...['keptnworkloads', 'keptnapps', 'keptnmetrics', 'keptnworkloadversions'].map(
          (plural) => `UPDATE ${plural}/status`,
        ),
      ]),
    );
    // People make applications themselves.
    expect(askedAbout('lifecycle-children')).not.toContain('UPDATE keptnapps');
  });

  test('is not the context that others write on an application version', () => {
    expect(askedAbout('release-marks')).toContain('UPDATE keptnappversions');
    expect(conditionsOf('release-marks')).toContain('sluice.keptn.sh/app-context');
  });

  test('is not undone by deleting an aborted version', () => {
    expect(askedAbout('aborted-versions')).toEqual([
      'DELETE keptnworkloadversions',
      'DELETE keptnappversions',
    ]);
  });
});
