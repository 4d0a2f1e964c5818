import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConversionImpossible, convertObject } from '../../../src/api/conversion/conversion.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import { ownKinds } from '../../../src/api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import { pruned } from '../../../src/api/prune.ts';
import type { Resource } from '../../../src/api/resource.ts';
import { anythingLike } from '../../support/builders/schema-arbitrary.ts';

const group = 'lifecycle.keptn.sh';
const inV1 = 'sluice.keptn.sh/conversion-v1';
const inV1alpha2 = 'sluice.keptn.sh/conversion-v1alpha2';

interface Converted {
  readonly apiVersion: unknown;
  readonly spec: JsonObject;
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

const isConverted = (value: JsonObject): value is JsonObject & Converted =>
  typeof value['spec'] === 'object' && typeof value['metadata'] === 'object';

function to(version: string, object: unknown): JsonObject & Converted {
  const converted = convertObject(object, `${group}/${version}`, ownKinds);
  if (!isConverted(converted)) throw new Error('lost spec or metadata');
  return converted;
}

const written = (resource: Resource, version: string, spec: JsonObject) => ({
  apiVersion: `${group}/${version}`,
  kind: resource.kind,
  metadata: { name: 'promote-staging', namespace: 'shop', annotations: { team: 'shop' } },
  spec,
});

const taskDefinition = (version: string, spec: JsonObject) =>
  written(KeptnTaskDefinition, version, spec);
const evaluationDefinition = (version: string, spec: JsonObject) =>
  written(KeptnEvaluationDefinition, version, spec);

/** What the API server fills into v1 when it reads the object from etcd. */
const defaulted = (object: JsonObject & Converted) => ({
  ...object,
  spec: { retries: 10, timeout: '5m', ttlSecondsAfterFinished: 300, ...object.spec },
});

const code = { inline: { code: 'console.log(1)' }, parameters: { map: { stage: 'dev' } } };

describe('a text that was stored before it was bounded', () => {
  it('is converted like any other, with nothing lost', () => {
    const spec = {
      retries: 3,
      timeout: `${'0'.repeat(5_000)}5m`,
      function: code,
      onFailure: ['x'.repeat(3_000)],
    };
    const stored = to('v1', taskDefinition('v1alpha2', spec));
    expect(to('v1alpha2', stored).spec).toEqual(spec);
  });
});

describe('a KeptnTaskDefinition of v1alpha2', () => {
  const proposed = {
    function: { ...code, secureParameters: { secret: 'github' } },
    'on-success': 'notify',
    'on-failure': ['roll-back', 'notify'],
  };

  it('is a deno function in v1, with its follow-ups as written', () => {
    const { function: deno, ...followUps } = proposed;
    const converted = to('v1', taskDefinition('v1alpha2', proposed));
    expect(converted.apiVersion).toBe('lifecycle.keptn.sh/v1');
    expect(converted.spec).toEqual({ deno, ...followUps });
    expect(converted.metadata.annotations).toEqual({ team: 'shop' });
  });

  it('reads back as written, also after the API server has filled in the defaults of v1', () => {
    const stored = defaulted(to('v1', taskDefinition('v1alpha2', proposed)));
    expect(to('v1alpha2', stored).spec).toEqual(proposed);
    expect(to('v1', to('v1alpha2', stored))).toEqual(stored);
  });

  it.each([
    ['python', { runtime: 'python', ...code }, { python: code }],
    ['bash', { runtime: 'bash', ...code }, { bash: code }],
    ['deno by name', { runtime: 'deno', ...code }, { deno: code }],
    [
      'seconds',
      { timeout: 90, retryInterval: 5 },
      { deno: {}, timeout: '90s', retryInterval: '5s' },
    ],
    ['retries', { retries: 0 }, { deno: {}, retries: 0 }],
    [
      'the default in words',
      { retries: 10, timeout: 300 },
      { deno: {}, retries: 10, timeout: '300s' },
    ],
  ])('means in v1 what KEP 90 plans: %s', (_what, proposedFunction, v1) => {
    const spec = { function: proposedFunction };
    const stored = to('v1', taskDefinition('v1alpha2', spec));
    expect(stored.spec).toEqual(v1);
    expect(to('v1alpha2', defaulted(stored)).spec).toEqual(spec);
  });
});

describe('a KeptnTaskDefinition of v1 read as v1alpha2', () => {
  const container = { name: 'main', image: 'busybox' };

  it('shows its runner as the function, and keeps the rest in an annotation', () => {
    const v1 = taskDefinition('v1', {
      python: code,
      timeout: '2m30s',
      serviceAccount: { name: 'a' },
    });
    const shown = to('v1alpha2', v1);
    expect(shown.spec).toEqual({ function: { ...code, runtime: 'python', timeout: 150 } });
    expect(JSON.parse(shown.metadata.annotations?.[inV1] ?? '')).toEqual([
      { at: ['timeout'], was: '150s', is: '2m30s' },
      { at: ['serviceAccount'], is: { name: 'a' } },
    ]);
    expect(to('v1', shown)).toEqual(v1);
  });

  it('takes an edit of what v1alpha2 has, and leaves the rest of v1 as it was', () => {
    const v1 = taskDefinition('v1', { python: code, timeout: '2m30s', ttlSecondsAfterFinished: 5 });
    const shown = to('v1alpha2', v1);
    const edited = { ...shown, spec: { function: { inline: { code: 'new' }, timeout: 10 } } };
    expect(to('v1', edited).spec).toEqual({
      deno: { inline: { code: 'new' } },
      timeout: '10s',
      ttlSecondsAfterFinished: 5,
    });
  });

  it('lets a function take the place of a container that v1alpha2 cannot show', () => {
    const shown = to('v1alpha2', taskDefinition('v1', { container, retries: 2 }));
    expect(shown.spec).toEqual({});
    const edited = { ...shown, spec: { function: code } };
    expect(to('v1', edited).spec).toEqual({ deno: code, retries: 2 });
    expect(to('v1', shown).spec).toEqual({ container, retries: 2 });
  });

  it('forgets what v1alpha2 said once v1 says something else', () => {
    const stored = to(
      'v1',
      taskDefinition('v1alpha2', { function: { retries: 10, runtime: 'deno' } }),
    );
    expect(Object.keys(stored.metadata.annotations ?? {})).toContain(inV1alpha2);
    const edited = { ...stored, spec: { bash: code, retries: 4 } };
    const shown = to('v1alpha2', edited);
    expect(shown.spec).toEqual({ function: { ...code, runtime: 'bash', retries: 4 } });
    expect(to('v1', shown).metadata.annotations).toEqual({ team: 'shop' });
  });

  it('keeps two runners that somebody stored before there was a rule against it', () => {
    const v1 = taskDefinition('v1', { deno: code, python: {} });
    expect(to('v1', to('v1alpha2', v1))).toEqual(v1);
  });
});

describe('a KeptnTaskDefinition of v1beta1', () => {
  it('has its outdated function where v1 has it, unless another runner is set', () => {
    const only = taskDefinition('v1beta1', { function: code, retries: 3 });
    expect(to('v1', only).spec).toEqual({ deno: code, retries: 3 });
    expect(to('v1beta1', to('v1', only))).toEqual(only);
    const both = taskDefinition('v1beta1', { function: code, python: {} });
    expect(to('v1', both).spec).toEqual({ python: {} });
    expect(to('v1beta1', to('v1', both))).toEqual(both);
  });

  it('has the function of v1alpha2 where v1 has it, and no outdated one', () => {
    const read = to('v1beta1', taskDefinition('v1alpha2', { function: { ...code, retries: 2 } }));
    expect(read.spec).toEqual({ deno: code, retries: 2 });
  });

  it('becomes v1alpha2 by way of v1', () => {
    const converted = to('v1alpha2', taskDefinition('v1beta1', { python: code, retries: 3 }));
    expect(converted.spec).toEqual({ function: { ...code, runtime: 'python', retries: 3 } });
    expect(to('v1beta1', converted).spec).toEqual({ python: code, retries: 3 });
  });
});

describe('a KeptnEvaluationDefinition of v1alpha2', () => {
  const query = { name: 'available-cpus', query: 'sum(x) - sum(y)', evaluationTarget: '>4' };

  it('asks its source in v1, and nobody in particular without one', () => {
    const named = evaluationDefinition('v1alpha2', { source: 'prometheus', objectives: [query] });
    expect(to('v1', named).spec).toEqual({
      objectives: [{ ...query, provider: { name: 'prometheus' } }],
    });
    const unnamed = evaluationDefinition('v1alpha2', { objectives: [query], 'on-failure': 'x' });
    expect(to('v1', unnamed).spec).toEqual({ objectives: [query], 'on-failure': 'x' });
  });

  it('shows an objective on a KeptnMetric by name, without a query', () => {
    const keptnMetricRef = { name: 'cpu', namespace: 'metrics' };
    const v1 = evaluationDefinition('v1', {
      objectives: [
        { keptnMetricRef, evaluationTarget: '>1' },
        { ...query, provider: { name: 'p' } },
      ],
      retries: 3,
    });
    const shown = to('v1alpha2', v1);
    expect(shown.spec).toEqual({
      source: 'p',
      objectives: [{ name: 'cpu', query: '', evaluationTarget: '>1' }, query],
    });
    expect(to('v1', shown)).toEqual(v1);
  });

  it('keeps what v1 knows of an objective that an edit has moved, and not of one that it has changed', () => {
    const metric = (name: string) => ({
      keptnMetricRef: { name, namespace: 'metrics' },
      evaluationTarget: '>1',
    });
    const shown = to(
      'v1alpha2',
      evaluationDefinition('v1', { objectives: [metric('a'), metric('b')] }),
    );
    const [a, b] = [
      { name: 'a', query: '', evaluationTarget: '>1' },
      { name: 'b', query: '', evaluationTarget: '>2' },
    ];
    const edited = { ...shown, spec: { objectives: [query, b, a] } };
    expect(to('v1', edited).spec).toEqual({
      objectives: [query, { keptnMetricRef: { name: 'b' }, evaluationTarget: '>2' }, metric('a')],
    });
  });

  it('keeps what v1 knows of each of 256 objectives when an edit has put them in reverse', () => {
    const metric = (_: unknown, index: number) => ({
      keptnMetricRef: { name: `metric-${index}`, namespace: 'metrics' },
      evaluationTarget: '>1',
      weight: 2,
      keyObjective: true,
    });
    const objectives = Array.from({ length: 256 }, metric);
    const shown = to('v1alpha2', evaluationDefinition('v1', { objectives }));
    const { objectives: seen } = shown.spec;
    const edited = { ...shown, spec: { objectives: Array.isArray(seen) ? seen.toReversed() : [] } };
    expect(to('v1', edited).spec).toEqual({ objectives: objectives.toReversed() });
  });

  it('keeps providers that differ, and lets a source that is set rule all of them', () => {
    const asked = (name: string) => ({ ...query, provider: { name } });
    const v1 = evaluationDefinition('v1', { objectives: [asked('p'), asked('q'), query] });
    const shown = to('v1alpha2', v1);
    expect(shown.spec).toEqual({ objectives: [query, query, query] });
    expect(to('v1', shown)).toEqual(v1);
    const edited = { ...shown, spec: { ...shown.spec, source: 'r' } };
    expect(to('v1', edited).spec).toEqual({ objectives: [asked('r'), asked('r'), asked('r')] });
  });
});

describe('an annotation that somebody made up', () => {
  const shown = (remainder: string) => {
    const object = taskDefinition('v1alpha2', { function: code });
    return { ...object, metadata: { ...object.metadata, annotations: { [inV1]: remainder } } };
  };

  it.each([
    ['no JSON', '{'],
    ['no list', '{"spec":{}}'],
    ['other JSON', '[1]'],
    ['no path', '[{"is":1}]'],
    ['a field of the wrong type', '[{"at":["retries"],"is":"many"}]'],
    ['a follow-up list that is none', '[{"at":["onSuccess"],"is":5}]'],
    ['another object’s value', '[{"at":["deno"],"was":{},"is":{"inline":{"code":"evil"}}}]'],
    ['a position that is none', '[{"at":["deno","inline",-1],"is":1}]'],
    ['a prototype', '[{"at":["__proto__"],"is":{"polluted":true}}]'],
  ])('changes nothing and does not stay: %s', (_what, remainder) => {
    const converted = to('v1', shown(remainder));
    expect(pruned(converted.spec, KeptnTaskDefinition.versions[0].spec)).toEqual({ deno: code });
    expect(Object.keys(converted.metadata.annotations ?? {})).toEqual([]);
    expect(Object.keys({})).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('does not speak for the controllers', () => {
    const object = {
      ...shown('[{"at":["status"],"is":{"function":{"configMap":"x"}}}]'),
      status: {},
    };
    expect(to('v1', object)['status']).toEqual({});
  });
});

describe('a remainder that does not fit into an annotation', () => {
  const large = 'x'.repeat(200_000);
  const v1 = taskDefinition('v1', { container: { name: 'main', args: [large, large] } });

  it('lets the object be read, and refuses to write it in the old version', () => {
    const shown = to('v1alpha2', v1);
    expect(shown.spec).toEqual({});
    expect(() => to('v1', shown)).toThrow(
      'KeptnTaskDefinition shop/promote-staging: what v1 says beyond this version does not fit into an annotation; change it as v1',
    );
  });

  it('counts the annotations that are there already', () => {
    const annotations = { other: 'ü'.repeat(130_000) };
    const small = taskDefinition('v1', { container: { name: 'main', args: ['x'.repeat(10_000)] } });
    const shown = to('v1alpha2', { ...small, metadata: { ...small.metadata, annotations } });
    expect(Object.keys(shown.metadata.annotations ?? {})).toHaveLength(2);
    expect(() => to('v1', shown)).toThrow(ConversionImpossible);
  });
});

describe('a part of an object, as the API server has it converted under server-side apply', () => {
  it('has no metadata, and gets some, because the API server takes no answer without', () => {
    const part = { ...taskDefinition('v1', { deno: code }), metadata: undefined };
    const converted = convertObject(part, `${group}/v1alpha2`, ownKinds);
    expect(converted).toMatchObject({ metadata: {}, spec: { function: code } });
    const { metadata: _none, ...whole } = part;
    expect(
      convertObject({ ...whole, spec: undefined }, `${group}/v1beta1`, ownKinds),
    ).toMatchObject({ metadata: {} });
  });
});

describe('what cannot be converted', () => {
  it.each([
    [
      'another kind',
      { kind: 'Pod' },
      'Pod shop/promote-staging cannot be converted from lifecycle.keptn.sh/v1 to lifecycle.keptn.sh/v1alpha2: the kind is unknown',
    ],
    ['another group', { apiVersion: 'example.com/v1' }, 'cannot be converted from example.com/v1'],
    [
      'a version that is none',
      { apiVersion: `${group}/v9` },
      'there are lifecycle.keptn.sh/v1, lifecycle.keptn.sh/v1beta1',
    ],
  ])('is said precisely: %s', (_what, change, message) => {
    const object = { ...taskDefinition('v1', { deno: {} }), ...change };
    expect(() => to('v1alpha2', object)).toThrow(message);
  });

  it('is no spec, whatever its shape: a stored object must be readable', () => {
    for (const spec of [
      undefined,
      null,
      'text',
      [],
      { objectives: 'none' },
      { objectives: [1, null] },
    ]) {
      const object = { ...evaluationDefinition('v1', {}), spec };
      expect(convertObject(object, `${group}/v1alpha2`, ownKinds)['apiVersion']).toBe(
        `${group}/v1alpha2`,
      );
    }
    for (const spec of [{ function: 5 }, { function: { runtime: 'cobol', timeout: 'x' } }]) {
      expect(to('v1', taskDefinition('v1alpha2', spec)).spec).toEqual({});
    }
  });
});

describe.each([KeptnTaskDefinition, KeptnEvaluationDefinition])('every $kind', (kind) => {
  const [stored, ...older] = kind.versions;
  const specs = new Map(kind.versions.map(({ name, spec }) => [name, anythingLike(spec)]));
  const specOf = (version: string): fc.Arbitrary<JsonObject> =>
    specs.get(version) ?? fc.constant({});

  it.each(older.map(({ name }) => name))('of v1 comes back from %s as it was', (version) => {
    fc.assert(
      fc.property(specOf(stored.name), (spec) => {
        const object = written(kind, stored.name, spec);
        expect(to(stored.name, to(version, object))).toEqual(object);
      }),
    );
  });

  it.each(older.map(({ name }) => name))('of %s comes back from v1 as it was', (version) => {
    fc.assert(
      fc.property(specOf(version), (spec) => {
        const object = written(kind, version, spec);
        expect(to(version, to(stored.name, object))).toEqual(object);
      }),
    );
  });

  it.each(older.map(({ name }) => name))('edited as %s reads back as edited', (version) => {
    fc.assert(
      fc.property(specOf(stored.name), specOf(version), (before, edit) => {
        const shown = to(version, written(kind, stored.name, before));
        const edited = { ...shown, spec: edit };
        const kept = to(stored.name, edited);
        expect(to(version, kept).spec).toEqual(edit);
        // And once more: nothing lingers that the next round trip would bring to light.
        expect(to(stored.name, to(version, kept))).toEqual(kept);
      }),
    );
  });

  it('goes from any version to any other and back', () => {
    const versions = fc.constantFrom(...kind.versions.map(({ name }) => name));
    const cases = fc
      .tuple(versions, versions)
      .chain(([from, by]) => fc.tuple(fc.constant({ from, by }), specOf(from)));
    fc.assert(
      fc.property(cases, ([{ from, by }, spec]) => {
        const object = written(kind, from, spec);
        expect(to(from, to(by, object)).spec).toEqual(spec);
      }),
    );
  });
});
