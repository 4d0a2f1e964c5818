import { expect, test } from 'vitest';
import { rights } from '../../src/cli/rbac.ts';

/** What the ClusterRole lets Sluice do with a resource. */
function verbsOn(resource: string): string[] {
  const role = rights('keptn-system').find(({ kind }) => kind === 'ClusterRole');
  const rules: unknown = role?.['rules'];
  if (!Array.isArray(rules)) throw new Error('the ClusterRole has no rules');
  return rules
    .filter(({ resources }) => resources.includes(resource))
    .flatMap(({ verbs }) => verbs)
    .toSorted((a, b) => a.localeCompare(b));
}

test.each([
  ['secrets', 'get'],
  ['configmaps', 'create get list patch watch'],
  ['serviceaccounts', 'get list watch'],
  ['jobs', 'create delete get list patch watch'],
  ['events', 'create list patch'],
  ['pods', 'delete get list patch watch'],
  ['deployments', 'get list watch'],
  ['keptnworkloadversions', 'create delete get list patch watch'],
  ['keptnappversions', 'create delete get list patch watch'],
  ['keptnapps', 'create delete get list patch watch'],
  ['keptnworkloads', 'create get list patch watch'],
  ['keptntasks', 'create get list patch watch'],
  ['keptnworkloadversions/status', 'patch'],
  ['keptnappcreationrequests', 'create delete get list patch watch'],
  ['keptnmetrics', 'create delete get list patch watch'],
  ['nodes', ''],
])('Sluice may do with %s what it does and no more: %s', (resource, verbs) => {
  expect(verbsOn(resource).join(' ')).toBe(verbs);
});
