import { expect, test } from 'vitest';
import type { FunctionSpec } from '../../../src/api/keptn/function-spec.ts';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import { findDefinitions } from '../../../src/controllers/gathering/find-definitions.ts';
import { blueprintOf } from '../../../src/domain/job/function-source.ts';
import { aTaskDefinition } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';

const definition = (namespace: string, name: string, deno: FunctionSpec): KeptnTaskDefinition => ({
  ...aTaskDefinition({ metadata: { namespace, name } }),
  spec: { deno },
});
const code = (namespace: string, name: string, text: string): KeptnTaskDefinition =>
  definition(namespace, name, { inline: { code: text } });
const referring = (namespace: string, name: string, to: string): KeptnTaskDefinition =>
  definition(namespace, name, { functionRef: { name: to } });

/** The code that a task in namespace `shop` runs. */
function codeOf(name: string, ...definitions: KeptnTaskDefinition[]): unknown {
  const world = { ...fixedLookup(definitions), live: () => 'absent' as const };
  const { find } = findDefinitions(world, ['shop', 'shared']);
  const found = blueprintOf(name, find);
  return found.type === 'function' && found.code.type === 'inline' ? found.code.code : found.type;
}

test('a shared definition takes its code from shared ones, whatever a tenant has put under that name', () => {
  const shared = [referring('shared', 'deploy', 'lib'), code('shared', 'lib', 'shared()')];
  expect(codeOf('deploy', ...shared, code('shop', 'lib', 'tenant()'))).toBe('shared()');
});

test('a definition of the own namespace may refer to its own and to shared ones, the own first', () => {
  const own = referring('shop', 'deploy', 'lib');
  expect(codeOf('deploy', own, code('shared', 'lib', 'shared()'))).toBe('shared()');
  const both = [code('shared', 'lib', 'shared()'), code('shop', 'lib', 'own()')];
  expect(codeOf('deploy', own, ...both)).toBe('own()');
});
