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
