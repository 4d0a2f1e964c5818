import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { describeErrors, parserOf, parserOfKind } from '../../src/api/parse.ts';
import { duration, linearPatterns, object, quantity } from '../../src/api/schema.ts';
import { standardObjects } from '../support/builders/builders.ts';

const task = (spec: unknown) => ({
  apiVersion: 'lifecycle.keptn.sh/v1',
  kind: 'KeptnTask',
  metadata: { name: 'pre', namespace: 'shop' },
  spec,
});

const definition = (container: unknown) => ({
  apiVersion: 'lifecycle.keptn.sh/v1',
  kind: 'KeptnTaskDefinition',
  metadata: { name: 'smoke' },
  spec: { container },
});

describe('the parser of a kind', () => {
  it.each(ownKinds.map((kind) => [kind.kind, kind] as const))('exists for %s', (_name, kind) => {
    const parsed = parserOfKind(kind)(null);
    expect(parsed).toEqual({ ok: false, errors: [{ path: '', message: 'must be object' }] });
  });

  it.each(standardObjects.map((standard) => [standard.kind, standard] as const))(
    'accepts a complete %s',
    (name, standard) => {
      const kind = ownKinds.find((own) => own.kind === name);
      expect(kind && parserOfKind(kind, 'all')(standard)).toEqual({ ok: true, value: standard });
    },
  );

  it('gives the very object back, with fields it does not know and without defaults', () => {
    const given = task({ taskDefinition: 'smoke', fromTheFuture: { kept: true } });
    const before = structuredClone(given);
    const parsed = parserOfKind(KeptnTask)(given);
    expect(parsed.ok && parsed.value).toBe(given);
    expect(given).toEqual(before);
  });

  it.each([
    ['a required field that is missing', task({}), 'spec.taskDefinition: is required'],
    ['a wrong type', task({ taskDefinition: 7 }), 'spec.taskDefinition: must be string'],
    [
      'another kind',
      { ...task({ taskDefinition: 'smoke' }), kind: 'Pod' },
      'kind: must be one of: KeptnTask',
    ],
    [
      'another version',
      { ...task({ taskDefinition: 'smoke' }), apiVersion: 'lifecycle.keptn.sh/v1beta1' },
      'apiVersion: must be one of: lifecycle.keptn.sh/v1',
    ],
    [
      'an annotation that is no string',
      { ...task({}), metadata: { name: 'pre', annotations: { 'keptn.sh/app': true } } },
      'metadata.annotations[keptn.sh/app]: must be string',
    ],
  ])('refuses %s', (_what, given, refusal) => {
    const parsed = parserOfKind(KeptnTask)(given);
    expect(!parsed.ok && describeErrors(parsed.errors)).toBe(refusal);
  });

  it('names the item of a list', () => {
    const parsed = parserOfKind(KeptnEvaluationDefinition)({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnEvaluationDefinition',
      metadata: { name: 'cpu' },
      spec: {
        objectives: [
          { keptnMetricRef: { name: 'cpu' }, evaluationTarget: '<80' },
          { keptnMetricRef: {}, evaluationTarget: '<80' },
        ],
      },
    });
    expect(parsed).toEqual({
      ok: false,
      errors: [{ path: 'spec.objectives[1].keptnMetricRef.name', message: 'is required' }],
    });
  });

  it('accepts a container with a field that is newer than the schema', () => {
    const container = {
      name: 'main',
      image: 'busybox',
      restartPolicyRules: [{ action: 'Restart' }],
    };
    expect(parserOfKind(KeptnTaskDefinition)(definition(container)).ok).toBe(true);
  });

  it('checks the types inside a container', () => {
    const container = { name: 'main', env: [{ name: 'A', value: 1 }] };
    expect(parserOfKind(KeptnTaskDefinition)(definition(container))).toMatchObject({
      errors: [{ path: 'spec.container.env[0].value' }],
    });
  });

  it('stops at the first error for strangers and reports all of them to the author', () => {
    const given = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnAppContext',
      metadata: { name: 'shop' },
      spec: { preDeploymentTasks: [1, 2], metadata: { stage: 3 } },
    };
    const first = parserOfKind(KeptnAppContext)(given);
    const all = parserOfKind(KeptnAppContext, 'all')(given);
    expect(!first.ok && first.errors).toHaveLength(1);
    expect(!all.ok && describeErrors(all.errors).split('\n')).toEqual([
      'spec.preDeploymentTasks[0]: must be string',
      'spec.preDeploymentTasks[1]: must be string',
      'spec.metadata.stage: must be string',
    ]);
  });

  it('is not misled by keys of the prototype', () => {
    const given: unknown = JSON.parse(
      '{"__proto__": {"taskDefinition": "smoke"}, "constructor": 1, "apiVersion": "lifecycle.keptn.sh/v1", "kind": "KeptnTask", "metadata": {"name": "x"}, "spec": {"__proto__": {"taskDefinition": "smoke"}}}',
    );
    expect(parserOfKind(KeptnTask)(given)).toEqual({
      ok: false,
      errors: [{ path: 'spec.taskDefinition', message: 'is required' }],
    });
  });
});

describe('a quantity', () => {
  const parse = parserOf(object('', { cpu: quantity('') }));

  it.each([1, '1', '500m', '1.5Gi', '1e3', '+0.5'])('may be %j', (cpu) => {
    expect(parse({ cpu }).ok).toBe(true);
  });

  it.each([1.5, 'lots', '1 Gi', '', null])('is not %j', (cpu) => {
    expect(parse({ cpu }).ok).toBe(false);
  });
});

describe('a duration', () => {
  const [[pattern = '', linear = ''] = []] = linearPatterns;

  it('is judged as its pattern says', () => {
    const parts = [
      '0',
      '1',
      '12',
      '.',
      '5',
      's',
      'ms',
      'ns',
      'us',
      'µs',
      'm',
      'h',
      'x',
      '-',
      ' ',
      '\n',
    ];
    const written = fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((of) => of.join(''));
    fc.assert(
      fc.property(written, (text) => {
        expect(new RegExp(linear, 'u').test(text)).toBe(new RegExp(pattern, 'u').test(text));
      }),
    );
  });

  it('that is a megabyte of digits is refused in one pass', () => {
    const parse = parserOf(object('', { timeout: duration('') }), 'stored');
    expect(parse({ timeout: '1'.repeat(1_000_000) }).ok).toBe(false);
    expect(parse({ timeout: `${'1'.repeat(1_000_000)}s` }).ok).toBe(true);
  });
});
