import { expect, test } from 'vitest';
import { userRoles } from '../../src/install/user-roles.ts';

const roles = userRoles().map((role) => ({
  name: role.metadata.name,
  labels: Object.keys(role.metadata.labels ?? {}).filter((key) => key.includes('aggregate-to')),
  text: JSON.stringify(role['rules']),
}));
const role = (name: string) => roles.find((one) => one.name === name);

test('no role for people has a right on a status', () => {
  expect(roles.filter(({ text }) => text.includes('/status'))).toEqual([]);
});

test('reading goes to those who may view, writing to those who may edit, and steering to nobody by itself', () => {
  expect(
    roles.map(({ name, labels }) => [name, labels.map((key) => key.split('-to-')[1])]),
  ).toEqual([
    ['sluice-view', ['view']],
    ['sluice-edit', ['edit', 'admin']],
    ['sluice-retry', []],
    ['sluice-abort', []],
    ['sluice-release', []],
    ['sluice-approve', []],
  ]);
});

test('who may edit makes no version, and does not rule the cluster', () => {
  const { text = '' } = role('sluice-edit') ?? {};
  expect(text).not.toContain('keptnconfigs');
  expect(text).toContain(
    '"resources":["keptnappversions","keptnworkloads","keptnworkloadversions","keptnappcreationrequests"],"verbs":["update","patch","delete"]',
  );
  expect(text).not.toMatch(/"(?:retry|abort|release|approve|\*)"/u);
});

test('a role to steer lets its holder write the annotation that the verb is about', () => {
  for (const verb of ['retry', 'abort', 'release', 'approve']) {
    expect(role(`sluice-${verb}`)?.text).toContain(`"verbs":["get","list","patch","${verb}"]`);
  }
});
