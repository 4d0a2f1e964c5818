import { describe, expect, test } from 'vitest';
import { convertReview } from '../../src/admission/convert.ts';
import { fieldOf } from '../../src/api/json.ts';
import { nested } from '../support/builders/nested.ts';

const group = 'lifecycle.keptn.sh';
const problem = 'sluice.keptn.sh/conversion-problem';

function definition(name: string, version: string, spec: object) {
  const metadata = { name, namespace: 'shop' };
  return { apiVersion: `${group}/${version}`, kind: 'KeptnTaskDefinition', metadata, spec };
}

const code = { deno: { inline: { code: '1' } } };
const flat = definition('a', 'v1', code);
const deep = (levels: number, version = 'v1') =>
  definition('deep', version, {
    ...code,
    container: { name: 'x', image: 'i', odd: nested(levels) },
  });
/** A definition that no mapping can make sense of. */
const broken = definition('broken', 'v1alpha2', { function: { parameters: 5 }, retries: {} });

function convert(desired: string, ...objects: readonly unknown[]) {
  const request = { uid: 'u', desiredAPIVersion: `${group}/${desired}`, objects };
  const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request };
  const { answer, problems } = convertReview(JSON.parse(JSON.stringify(review)));
  const { result, convertedObjects = [] } = answer.response;
  return { result, converted: convertedObjects, problems };
}

/** With an object that is too deep to be printed by `JSON.stringify`. */
function convertDeep(desired: string, ...objects: readonly unknown[]) {
  const request = { uid: 'u', desiredAPIVersion: `${group}/${desired}`, objects };
  const { answer, problems } = convertReview({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request,
  });
  return { answer, problems };
}

const markOf = (object: unknown): unknown =>
  fieldOf(fieldOf(fieldOf(object, 'metadata'), 'annotations'), problem);
const versionOf = (object: unknown): unknown => fieldOf(object, 'apiVersion');

describe.each([100, 6_000, 9_990])('an object of %d levels in a list', (levels) => {
  test.each(['v1alpha1', 'v1alpha2', 'v1beta1', 'v1'])(
    'as %s comes back cut, and the others whole',
    (desired) => {
      const from = desired === 'v1' ? 'v1beta1' : 'v1';
      const others = [definition('a', from, code), definition('z', from, code)] as const;
      const { answer, problems } = convertDeep(desired, others[0], deep(levels, from), others[1]);
      const { result, convertedObjects = [] } = answer.response;
      expect(result.status).toBe('Success');
      expect(convertedObjects.map(versionOf)).toEqual(Array(3).fill(`${group}/${desired}`));
      expect(convertedObjects.map(markOf)).toEqual([
        undefined,
        'is nested deeper than 64 levels',
        undefined,
      ]);
      expect(problems).toEqual([
        {
          kind: 'KeptnTaskDefinition',
          namespace: 'shop',
          name: 'deep',
          why: 'is nested deeper than 64 levels',
        },
      ]);
      // The API server reads no answer of more than ten thousand levels.
      expect(JSON.stringify(answer).length).toBeLessThan(10_000);
    },
  );
});

describe('an object that was not read as a whole', () => {
  test('is refused when it is written in that version', () => {
    const { answer } = convertDeep('v1alpha2', deep(6_000));
    const [cut] = answer.response.convertedObjects ?? [];
    const { result } = convert('v1', cut);
    expect(result).toMatchObject({ status: 'Failed' });
    expect('message' in result && result.message).toContain('was not read as a whole');
  });

  test('stops no list', () => {
    const metadata = { name: 'm', annotations: { [problem]: 'is strange' } };
    const marked = { ...definition('m', 'v1', code), metadata };
    const { result, converted } = convert('v1beta1', flat, marked);
    expect(result.status).toBe('Success');
    expect(converted.map(versionOf)).toEqual(Array(2).fill(`${group}/v1beta1`));
  });
});

describe('an object that cannot be converted', () => {
  const unknown = { ...flat, apiVersion: `${group}/v7` };

  test('keeps its spec in a list, says why, and the others are converted', () => {
    const { result, converted, problems } = convert('v1beta1', flat, unknown);
    expect(result.status).toBe('Success');
    expect(converted).toHaveLength(2);
    expect(fieldOf(converted[1], 'spec')).toEqual(code);
    expect(markOf(converted[1])).toMatch(/^cannot be converted: /u);
    expect(problems).toHaveLength(1);
  });

  test('is refused alone, with the reason', () => {
    expect(convert('v1beta1', unknown).result).toMatchObject({ status: 'Failed' });
  });

  test('may have any shape', () => {
    const { result } = convert('v1', broken, definition('b', 'v1alpha2', code));
    expect(result.status).toBe('Success');
  });
});

const times = <T>(count: number, item: T): readonly T[] =>
  Array.from({ length: count }, () => item);

describe('a review of what the API server never sends', () => {
  test.each([
    ['objects of no kind', times(50_000, {})],
    ['objects of an unknown kind', times(11, { ...flat, kind: 'Pod' })],
    ['objects of an unknown version', times(11, { ...flat, apiVersion: `${group}/v7` })],
    ['more objects than fit into a review', times(25_001, { ...flat, spec: {} })],
  ])('%s: is refused as a whole, in a few words', (_, objects) => {
    const { answer, problems } = convertDeep('v1beta1', ...objects);
    expect(answer.response.result.status).toBe('Failed');
    expect(answer.response.convertedObjects).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(answer).length).toBeLessThan(1_000);
  });

  test('ten objects of an unknown version stop no list', () => {
    const unknown = { ...flat, apiVersion: `${group}/v7` };
    const { result, converted } = convert('v1beta1', flat, ...times(10, unknown));
    expect(result.status).toBe('Success');
    expect(converted).toHaveLength(11);
  });

  test('objects in a version with a long name are no review', () => {
    expect(() => convert('v'.repeat(1_000), flat)).toThrow('request.desiredAPIVersion');
  });
});

describe('objects that are stored too deep', () => {
  test('stop no list, however many they are', () => {
    const { answer } = convertDeep('v1beta1', ...times(100, deep(100)), flat);
    expect(answer.response.result.status).toBe('Success');
    expect(answer.response.convertedObjects).toHaveLength(101);
  });
});

describe('what is said of an object', () => {
  const long = 'x'.repeat(100_000);
  const named = { name: long, namespace: long };

  test('is short, however long its names are', () => {
    const { result, problems } = convert('v1beta1', {
      apiVersion: `${group}/v7`,
      kind: long,
      metadata: named,
    });
    expect(JSON.stringify(result).length).toBeLessThan(1_000);
    expect(JSON.stringify(problems).length).toBeLessThan(2_000);
  });

  test('is short in a list, too', () => {
    const unknown = { ...flat, apiVersion: `${group}/v7`, metadata: named };
    const { converted } = convert('v1beta1', flat, unknown);
    expect(String(markOf(converted[1])).length).toBeLessThan(1_000);
  });
});

describe('a remainder that takes too much work', () => {
  const key = 'sluice.keptn.sh/conversion-v1';
  const values = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`key-${index}`, 'x']),
  );
  const at = ['deno', 'parameters', 'map'];
  const forged = JSON.stringify(times(256, { at, was: {}, is: { forged: 'yes' } }));
  const costly = {
    ...definition('costly', 'v1alpha2', {
      function: { inline: { code: '1' }, parameters: { map: values } },
    }),
    metadata: { name: 'costly', namespace: 'shop', annotations: { [key]: forged } },
  };

  test('is left out, and this is said', () => {
    const { result, converted, problems } = convert('v1', costly);
    expect(result.status).toBe('Success');
    expect(fieldOf(converted[0], 'spec')).toEqual({
      deno: { inline: { code: '1' }, parameters: { map: values } },
    });
    expect(markOf(converted[0])).toBeUndefined();
    expect(problems).toMatchObject([{ name: 'costly' }]);
    expect(problems[0]?.why).toContain('sluice.keptn.sh/conversion-');
  });
});
