import { expect, test } from 'vitest';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { unknownFields } from '../../src/api/unknown-fields.ts';

test('of tens of thousands of fields that nobody knows the first twenty are told: each is compared with all that are known', () => {
  const strange = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`terminationMessagePolicy${index}`, '']),
  );
  const container = { name: 'check', image: 'busybox', ...strange };
  const [{ spec: schema }] = KeptnTaskDefinition.versions;
  const found = unknownFields(schema, { container }, 'spec');
  expect(found).toHaveLength(20);
  expect(found[0]).toBe('spec.container.terminationMessagePolicy0');
});
