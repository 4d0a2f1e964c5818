import { describe, expect, test } from 'vitest';

import { imageNameProblem } from '../../src/lint/base/image-name.ts';
import { aMetricsProvider } from '../support/builders/builders.ts';
import { aTaskDefinition } from '../support/builders/task-builders.ts';
import { lintContext, problemLines } from '../support/memory/lint-context.ts';

describe('the name of an image', () => {
  test.each([
    'busybox',
    'busybox:1.37.0',
    'team/app:v1_2-3',
    'localhost/app:1',
    'registry.example:5000/a/b_c/d.e--f:1',
    'Registry.Example/app:1',
    '[fd00::1]:5000/app:1',
    `app@sha256:${'0'.repeat(64)}`,
    `registry.example/app:1@sha256:${'a'.repeat(64)}`,
  ])('may be %s', (image) => {
    expect(imageNameProblem(image)).toBeUndefined();
  });

  test.each([
    ['my image:1', 'white space'],
    ['Shop/App:1', 'capital letters'],
    ['app:', 'tag'],
    ['app:1:2', 'tag'],
    ['app@latest', 'digest'],
    ['https://registry.example/app:1', 'cannot be the name'],
    ['-app:1', 'cannot be the name'],
    ['/app:1', 'cannot be the name'],
  ])('cannot be %s, and the author is told', (image, why) => {
    const definition = aTaskDefinition('check').with({ container: { name: 'c', image } });
    const [line = ''] = problemLines(definition, lintContext([])).filter((one) =>
      one.includes('container-image-name'),
    );
    expect(line).toMatch(/^doubtful container-image-name spec\.container\.image: /u);
    expect(line).toContain(why);
  });
});

describe('the name of a Secret that nothing can have', () => {
  test('is told wherever a definition names it', () => {
    const definition = aTaskDefinition('check').with({
      deno: {
        inline: { code: 'x' },
        secureParameters: { secret: 'My_Secret', secrets: [{ name: 'a b', env: 'A' }] },
      },
      imagePullSecrets: [{ name: 'regcred' }, { name: 'Reg Cred' }],
    });
    const told = problemLines(definition, lintContext([])).filter((one) =>
      one.includes(' secret-name '),
    );
    expect(told).toEqual(
      [
        ['spec.deno.secureParameters.secret', 'My_Secret'],
        ['spec.deno.secureParameters.secrets[0].name', 'a b'],
        ['spec.imagePullSecrets[1].name', 'Reg Cred'],
      ].map(
        ([path, name]) =>
          `doubtful secret-name ${path}: "${name}" cannot be the name of a Secret; write lower-case letters, digits, - and . only`,
      ),
    );
  });

  test('is told of a provider', () => {
    const provider = aMetricsProvider({ spec: { secretKeyRef: { name: 'Token', key: 'k' } } });
    const [line] = problemLines(provider, lintContext([])).filter((one) =>
      one.includes('provider-secret-name'),
    );
    expect(line).toContain('"Token" cannot be the name of a Secret');
  });
});
