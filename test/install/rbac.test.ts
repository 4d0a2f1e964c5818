import { describe, expect, test } from 'vitest';
import { rights } from '../../src/install/rbac.ts';

const places = { namespace: 'keptn-system', leaseNamespace: 'leases' };

interface Granted {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a role of that name. */
function rulesOf(kind: 'ClusterRole' | 'Role', name: string): readonly Granted[] {
  const role = rights(places).find((one) => one.kind === kind && one.metadata.name === name);
  const rules: unknown = role?.['rules'];
  if (!Array.isArray(rules)) throw new Error(`the ${kind} ${name} has no rules`);
  return rules;
}

/** What the ClusterRole lets Sluice do with a resource. */
function verbsOn(resource: string): string[] {
  return rulesOf('ClusterRole', 'sluice')
    .filter(({ resources }) => resources.includes(resource))
    .flatMap(({ verbs }) => verbs)
    .toSorted((a, b) => a.localeCompare(b));
}

test.each([
  ['secrets', 'get'],
  ['configmaps', 'create delete get list patch watch'],
  ['serviceaccounts', 'get list watch'],
  ['jobs', 'create delete get list patch watch'],
  ['pods', 'delete get list patch watch'],
  ['events', 'create list patch'],
  ['deployments', 'get list watch'],
  ['keptnworkloadversions', 'create delete get list patch watch'],
  ['keptnworkloadversions/status', 'patch'],
  ['keptnworkloads', 'create get list patch watch'],
  ['keptnapps', 'create delete get list patch watch'],
  ['keptnappcreationrequests', 'create delete get list watch'],
  ['keptntasks', 'create get list watch'],
  ['keptnmetrics', 'create delete get list watch'],
  ['keptntaskdefinitions', 'get list watch'],
  ['keptnevaluationdefinitions', 'get list watch'],
  ['keptnappcontexts', 'get list watch'],
  ['keptnmetricsproviders', 'get list watch'],
  ['keptnconfigs', 'get list watch'],
  ['keptnconfigs/status', 'patch'],
  ['keptnmetricsproviders/finalizers', ''],
  ['nodes', ''],
])('Sluice may do with %s what it does and no more: %s', (resource, verbs) => {
  expect(verbsOn(resource).join(' ')).toBe(verbs);
});

test('the Lease is read and written by name, in its own namespace', () => {
  expect(rulesOf('Role', 'sluice')).toMatchObject([
    { resources: ['leases'], verbs: ['get', 'create', 'patch'] },
  ]);
  const inLeases = rights(places).filter(({ metadata }) => metadata.namespace === 'leases');
  expect(inLeases.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
  expect(JSON.stringify(inLeases)).toContain('"namespace":"keptn-system"');
});

describe('admission alone', () => {
  test('has a service account of its own that can only read, and no Secrets', () => {
    const rules = rulesOf('ClusterRole', 'sluice-admission');
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(['get', 'list', 'watch']));
    const resources = rules.flatMap((rule) => rule.resources);
    expect(resources).toContain('keptnworkloadversions');
    expect(resources).not.toContain('secrets');
    expect(resources).not.toContain('jobs');
  });
});
