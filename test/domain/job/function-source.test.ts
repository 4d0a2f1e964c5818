import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FunctionSpec } from '../../../src/api/keptn/function-spec.ts';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import {
  blueprintOf,
  type FindDefinition,
  functionRefOf,
  ownCode,
} from '../../../src/domain/job/function-source.ts';
import { aTaskDefinition } from '../../support/builders/task-builders.ts';

const among =
  (...definitions: readonly KeptnTaskDefinition[]): FindDefinition =>
  (name) =>
    definitions.find((definition) => definition.metadata.name === name);
const deno = (name: string, spec: FunctionSpec): KeptnTaskDefinition =>
  aTaskDefinition(name).with({ deno: spec });
const ref = (name: string): FunctionSpec => ({ functionRef: { name } });
const http = (url: string): FunctionSpec => ({ httpRef: { url } });

describe('the code of a definition', () => {
  test('is its inline code before a ConfigMap, and a ConfigMap before an address', () => {
    const all = { inline: { code: 'x' }, configMapRef: { name: 'cm' }, ...http('https://a/b') };
    expect(ownCode(deno('a', all))?.type).toBe('inline');
    expect(ownCode(deno('a', { ...all, inline: {} }))?.type).toBe('configMap');
    expect(ownCode(deno('a', { ...all, inline: { code: '' }, configMapRef: {} }))?.type).toBe(
      'url',
    );
  });

  test('is that of python where deno is empty', () => {
    const definition = aTaskDefinition('a').with({ deno: {}, python: http('https://a/b.py') });
    expect(blueprintOf('a', among(definition))).toMatchObject({ runner: 'python' });
  });

  test('does not exist for a container', () => {
    const definition = aTaskDefinition('a').with({ container: { name: 'c' }, deno: ref('b') });
    expect([ownCode(definition), functionRefOf(definition)]).toEqual([undefined, undefined]);
    expect(blueprintOf('a', among(definition))).toEqual({
      type: 'container',
      container: { name: 'c' },
    });
  });
});

describe('a chain of functionRef', () => {
  test('gives parameters key by key, secret and command parameters from the nearest that sets them', () => {
    const found = blueprintOf(
      'child',
      among(
        deno('child', { ...ref('parent'), parameters: { map: { a: 'child' } } }),
        deno('parent', {
          ...ref('grandparent'),
          parameters: { map: { a: 'parent', b: 'parent' } },
          secureParameters: { secret: 'parent', secrets: [{ name: 'near', env: 'TOKEN' }] },
          cmdParameters: '',
          args: [],
        }),
        deno('grandparent', {
          ...http('https://a/b.ts'),
          parameters: { map: { c: 'grandparent' } },
          secureParameters: {
            secret: 'grandparent',
            secrets: [
              { name: 'far', env: 'TOKEN' },
              { name: 'far', key: 'k', env: 'OTHER' },
            ],
          },
          cmdParameters: '-v',
          args: ['--all'],
          permissions: ['allow-net=a.example'],
        }),
      ),
    );
    expect(found).toEqual({
      type: 'function',
      runner: 'deno',
      code: { type: 'url', url: 'https://a/b.ts' },
      parameters: { a: 'child', b: 'parent', c: 'grandparent' },
      secret: 'parent',
      secrets: [
        { name: 'near', env: 'TOKEN' },
        { name: 'far', key: 'k', env: 'OTHER' },
      ],
      cmdParameters: '-v',
      // An empty text is none, as in Keptn; an empty list says that there are none.
      args: [],
      permissions: ['allow-net=a.example'],
    });
  });

  test.each(['python', 'bash'] as const)('runs %s where deno is empty or absent', (runner) => {
    const definition = aTaskDefinition('a').with({ deno: {}, [runner]: http('https://a/b') });
    expect(blueprintOf('a', among(definition))).toMatchObject({ runner });
  });

  test('gives code and language of the nearest that has code', () => {
    const script = aTaskDefinition('script').with({ python: { inline: { code: 'print(1)' } } });
    expect(blueprintOf('a', among(deno('a', ref('script')), script))).toMatchObject({
      runner: 'python',
      code: { type: 'inline', definition: 'script', code: 'print(1)' },
    });
    const own = deno('a', { ...ref('script'), ...http('https://own') });
    expect(blueprintOf('a', among(own, script))).toMatchObject({
      runner: 'deno',
      code: { url: 'https://own' },
    });
  });

  test('may be ten long and not eleven', () => {
    const links = Array.from({ length: 12 }, (_, index) =>
      deno(`d${index}`, index === 11 ? http('https://end') : ref(`d${index + 1}`)),
    );
    expect(blueprintOf('d1', among(...links))).toMatchObject({ type: 'function' });
    expect(blueprintOf('d0', among(...links))).toMatchObject({
      reason: 'ChainTooDeep',
      message: expect.stringContaining('d0 → d1 → d2'),
    });
  });

  const container = aTaskDefinition('b').with({ container: { name: 'c' } });
  const own = deno('a', { ...ref('a'), ...http('https://own') });

  test.each([
    {
      leads: 'in a circle',
      by: [deno('a', ref('b')), deno('b', ref('a'))],
      reason: 'ChainHasCycle',
      path: 'a → b → a',
    },
    { leads: 'to itself, though it has code', by: [own], reason: 'ChainHasCycle', path: 'a → a' },
    { leads: 'to nothing', by: [deno('a', ref('b'))], reason: 'DefinitionNotFound', path: 'a → b' },
    {
      leads: 'to a container',
      by: [deno('a', ref('b')), container],
      reason: 'FunctionRefToContainer',
      path: 'a → b',
    },
    {
      leads: 'to no code',
      by: [deno('a', ref('b')), deno('b', {})],
      reason: 'NoSource',
      path: 'a → b',
    },
  ])('that leads $leads is a problem that shows the path', ({ by, reason, path }) => {
    const found = blueprintOf('a', among(...by));
    expect(found).toMatchObject({ type: 'problem', reason });
    expect(found).toMatchObject({ message: expect.stringContaining(path) });
  });

  test('that does not even begin names the definition', () => {
    expect(blueprintOf('a', () => undefined)).toMatchObject({ missing: 'a' });
  });

  test('has an answer whatever refers to whatever', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const definitions = fc.uniqueArray(
      fc.record({ name, to: fc.option(name), url: fc.constantFrom('', 'https://x') }),
      { selector: (entry) => entry.name },
    );
    fc.assert(
      fc.property(definitions, (entries) => {
        const all = entries.map((entry) =>
          deno(entry.name, { ...http(entry.url), ...(entry.to !== null && ref(entry.to)) }),
        );
        expect(['function', 'problem']).toContain(blueprintOf('a', among(...all)).type);
      }),
    );
  });
});
