import { describe, expect, test } from 'vitest';
import type { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { aTask, aTaskDefinition } from '../support/builders/builders.ts';
import { lintContext, problemLines } from '../support/memory/lint-context.ts';
import { aTaskDefinition as aDefinitionNamed } from '../support/builders/task-builders.ts';

type Spec = KeptnTaskDefinition['spec'];

const url = 'https://example.com/check.ts';
const definition = (spec: Spec, name = 'check') => aDefinitionNamed(name).with(spec);
const base = definition({ deno: { inline: { code: 'x' } } }, 'base');
const onlyParameters = definition({ python: { parameters: { map: { a: '1' } } } }, 'parameters');
const other = [base, onlyParameters, aTaskDefinition()];

const lines = (spec: Spec) => problemLines(definition(spec), lintContext(other));

const image = 'registry.example/c:1.2.3';
const container = { name: 'c', image };

describe('accepts', () => {
  test.each<[string, Spec]>([
    ['a function from https', { deno: { httpRef: { url } } }],
    ['inline code', { bash: { inline: { code: 'true' } }, retryInterval: '5s' }],
    ['the code of another definition', { python: { functionRef: { name: 'base' } } }],
    ['own code with the parameters of another', { deno: { functionRef: { name: 'base' } } }],
    [
      'empty objects, which Keptn writes',
      { deno: { httpRef: { url }, inline: {}, functionRef: {} } },
    ],
    ['http with a checksum', { deno: { httpRef: { url: 'http://a/b', sha256: 'a'.repeat(64) } } }],
    ['a container by version', { container }],
    ['a container by digest', { container: { name: 'c', image: `c@sha256:${'0'.repeat(64)}` } }],
    ['a port in the name of a registry', { container: { name: 'c', image: 'localhost:5000/c:1' } }],
    ['no retries, and a timeout of hours', { container, retries: 0, timeout: '1h30m' }],
    [
      'parameters that are about secrets and are none',
      {
        deno: {
          httpRef: { url },
          parameters: {
            map: {
              secretName: 'a',
              tokenUrl: 'https://a',
              tokenBucketSize: '100',
              SECRET_STORE: 'vault',
              passwordFile: '/run/x',
              maxTokens: '5',
              password: '$(FROM_ELSEWHERE)',
              token: '',
            },
          },
        },
      },
    ],
  ])('%s', (_, spec) => {
    expect(lines(spec)).toEqual([]);
  });
});

describe('rejects', () => {
  test.each<[string, Spec, string]>([
    [
      'no runner',
      {},
      'runner-count spec: Forbidden! Either Container, Python, or Deno field must be defined (or Bash)',
    ],
    [
      'two runners',
      { container, deno: { httpRef: { url } } },
      'runner-count spec: Forbidden! Only one of Container, Python, or Deno field can be defined (Bash included); container and deno are set',
    ],
    [
      'a functionRef to itself',
      { deno: { functionRef: { name: 'check' } } },
      'function-ref-cycle spec.deno.functionRef.name: functionRef leads in a circle: check → check; remove one of the references',
    ],
    [
      'a functionRef to a container',
      { python: { functionRef: { name: 'smoke' } } },
      'function-ref-to-container spec.python.functionRef.name: functionRef check → smoke ends in a definition with a container, which has no function to refer to; refer to a deno, python or bash definition',
    ],
    [
      'a container without an image',
      { container: { name: 'c' } },
      'container-without-image spec.container.image: is not set, and there is no Job without; name the image',
    ],
    [
      'a timeout that no program reads',
      { container, timeout: '0 minutes' },
      'duration-invalid spec.timeout: "0 minutes" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
    ],
    [
      'a negative timeout',
      { container, timeout: '-5m' },
      'duration-impossible spec.timeout: must not be negative, as "-5m" is',
    ],
    [
      'negative retries',
      { container, retries: -1 },
      'number-negative spec.retries: must not be negative, as -1 is',
    ],
    [
      'both spellings of a follow-up',
      { container, onFailure: ['base'], 'on-failure': 'base' },
      'follow-up-spelled-twice spec.on-failure: onFailure is set as well, and both mean the same; keep one of them, preferably onFailure',
    ],
    [
      'a follow-up that is an object',
      { container, 'on-success': { name: 'base' } },
      'follow-up-unreadable spec.on-success: is an object; write the name of a KeptnTaskDefinition, or a list of such names',
    ],
    [
      'a follow-up that follows itself',
      { container, onFailure: ['check'] },
      'follow-up-cycle spec.onFailure[0]: follow-ups lead in a circle: check → check; remove one of the references',
    ],
  ])('%s', (_, spec, line) => {
    expect(lines(spec)).toEqual([`error ${line}`]);
  });

  test('a chain of functionRef that is too long', () => {
    const chain = Array.from({ length: 11 }, (_, index) =>
      definition({ deno: { functionRef: { name: `d${index + 1}` } } }, `d${index}`),
    );
    const [first = base, ...rest] = chain;
    expect(problemLines(first, lintContext(rest))).toEqual([
      'error function-ref-too-deep spec.deno.functionRef.name: functionRef is followed through at most 10 definitions: d0 → d1 → d2 → d3 → d4 → d5 → d6 → d7 → d8 → d9 → d10 → d11; shorten the chain',
    ]);
  });
});

describe('warns of', () => {
  test.each<[string, Spec, string]>([
    [
      'code from several places',
      { deno: { inline: { code: 'x' }, httpRef: { url }, functionRef: { name: 'base' } } },
      'doubtful function-code-twice spec.deno: code from several places: inline is run, and that of httpRef and functionRef is not; keep one of them',
    ],
    [
      'a function without code',
      { bash: {} },
      'doubtful function-without-code spec.bash: there is no code to run; set inline, configMapRef, httpRef or functionRef',
    ],
    [
      'a chain without code',
      { deno: { functionRef: { name: 'parameters' } } },
      'doubtful function-without-code spec.deno.functionRef.name: none of the definitions that functionRef leads through has code; set inline, configMapRef or httpRef in one of them',
    ],
    [
      'http',
      { deno: { httpRef: { url: 'http://example.com/a.ts' } } },
      'risky function-over-http spec.deno.httpRef.url: code is downloaded without https, so anybody on the way can change it; use https, or set sha256',
    ],
    [
      'what is no address',
      { deno: { httpRef: { url: 'example.com/a.ts' } } },
      'doubtful function-url spec.deno.httpRef.url: "example.com/a.ts" is no http or https address; write it whole: https://host/path',
    ],
    [
      'the tag latest',
      { container: { name: 'c', image: 'localhost:5000/c:latest' } },
      'risky container-moving-tag spec.container.image: localhost:5000/c:latest has the tag latest, which moves: what runs can change unseen; name a version or a digest',
    ],
    [
      'no tag',
      { container: { name: 'c', image: 'localhost:5000/c' } },
      'risky container-moving-tag spec.container.image: localhost:5000/c has no tag, which means latest: what runs can change unseen; name a version or a digest',
    ],
    [
      'settings that a container does not have',
      { container, attemptTimeout: '5s' },
      'doubtful container-without-effect spec.attemptTimeout: has no effect on a container, only on functions; remove it',
    ],
    [
      'a timeout of less than a second',
      { container, timeout: '0' },
      'doubtful duration-too-short spec.timeout: "0" is shorter than a second, the least a Job can have',
    ],
    [
      'a loose duration',
      { container, timeout: '+.5h' },
      'doubtful duration-loose spec.timeout: "+.5h" is written loosely; write it as 30s, 5m or 1h30m',
    ],
    [
      'a secret among the parameters',
      { deno: { httpRef: { url }, parameters: { map: { 'github-token': 'abc' } } } },
      'risky parameter-looks-secret spec.deno.parameters.map[github-token]: looks like a secret that anybody who may read this object can read; put it in a Secret, named in secureParameters.secret',
    ],
    [
      'a secret by its looks',
      { deno: { httpRef: { url }, parameters: { map: { auth: `ghp_${'a'.repeat(36)}` } } } },
      'risky parameter-looks-secret spec.deno.parameters.map.auth: looks like a secret that anybody who may read this object can read; put it in a Secret, named in secureParameters.secret',
    ],
    [
      'a secret in the environment',
      { container: { ...container, env: [{ name: 'DB_PASSWORD', value: 'abc' }] } },
      'risky variable-looks-secret spec.container.env[0].value: DB_PASSWORD looks like a secret that anybody who may read this object can read; take it from a Secret: valueFrom.secretKeyRef',
    ],
    [
      'a misspelt field of a container',
      { container: { ...container, comand: ['true'] } },
      'doubtful field-unknown spec.container.comand: is no field that is known here and has no effect; correct the spelling (did you mean command?), or remove it',
    ],
    [
      'a functionRef that leads nowhere',
      { deno: { functionRef: { name: 'gone' } } },
      'missing reference-missing spec.deno.functionRef.name: KeptnTaskDefinition gone does not exist in shop or keptn-system; create it, or correct the name',
    ],
    [
      'a follow-up that does not exist',
      { container, 'on-success': 'gone' },
      'missing reference-missing spec.on-success: KeptnTaskDefinition gone does not exist in shop or keptn-system; create it, or correct the name',
    ],
  ])('%s', (_, spec, line) => {
    expect(lines(spec)).toEqual([line]);
  });

  test('a functionRef whose functionRef leads nowhere', () => {
    const half = definition({ deno: { functionRef: { name: 'gone' } } }, 'half');
    const spec = { deno: { functionRef: { name: 'half' } } };
    expect(problemLines(definition(spec), lintContext([half]))).toEqual([
      'missing function-ref-incomplete spec.deno.functionRef.name: KeptnTaskDefinition gone does not exist (functionRef check → half → gone), neither in this namespace nor among the shared definitions; create it, or correct the name',
    ]);
  });

  test('several things at once, the errors first', () => {
    const severities = lines({
      container: { name: 'c', image: 'c' },
      onSuccess: ['gone'],
      attemptTimeout: 'x5s',
    }).map((line) => line.split(' ', 2).join(' '));
    expect(severities).toEqual([
      'error duration-invalid',
      'risky container-moving-tag',
      'doubtful container-without-effect',
      'missing reference-missing',
    ]);
  });
});

describe('a KeptnTask made by hand', () => {
  const inOther = (spec: Parameters<typeof aTask>[0]) =>
    problemLines(
      aTask(spec),
      lintContext([
        ...other,
        definition({ deno: { httpRef: { url }, parameters: { map: { a: '1' } } } }),
      ]),
    );

  test('is accepted with parameters of its own', () => {
    const parameters = { map: { a: '1', b: '2' } };
    expect(inOther({ spec: { taskDefinition: 'check', parameters } })).toEqual([]);
  });

  test.each<[string, Parameters<typeof aTask>[0], string]>([
    [
      'a parameter that the definition overrules',
      { spec: { taskDefinition: 'check', parameters: { map: { a: '2' } } } },
      'doubtful task-parameter-overruled spec.parameters.map: a has no effect: KeptnTaskDefinition check sets it, and that wins; remove it from one of them',
    ],
    [
      'parameters for a container',
      { spec: { parameters: { map: { a: '2' } } } },
      'doubtful task-parameter-of-container spec.parameters: has no effect: KeptnTaskDefinition smoke runs a container, which gets no parameters; remove it',
    ],
    [
      'a secret parameter',
      { spec: { taskDefinition: 'check', parameters: { map: { apiKey: 'x' } } } },
      'risky task-parameter-looks-secret spec.parameters.map.apiKey: looks like a secret that anybody who may read this object can read; put it in a Secret, named in secureParameters.secret',
    ],
    [
      'a definition that does not exist',
      { spec: { taskDefinition: 'gone' } },
      'missing reference-missing spec.taskDefinition: KeptnTaskDefinition gone does not exist in shop or keptn-system; create it, or correct the name',
    ],
    [
      'a negative timeout',
      { spec: { timeout: '-1s' } },
      'error duration-impossible spec.timeout: must not be negative, as "-1s" is',
    ],
  ])('is warned of or rejected for %s', (_, spec, line) => {
    expect(inOther(spec)).toEqual([line]);
  });
});
