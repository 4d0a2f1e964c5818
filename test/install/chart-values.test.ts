import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deadValues, lifecycleOperatorValues } from '../../src/install/keptn-values.ts';
import { values } from '../../src/generate/chart/values.ts';
import { valuesReference } from '../../src/generate/chart/values-reference.ts';
import { valuesSchema } from '../../src/generate/chart/values-schema.ts';
import { valuesYaml } from '../../src/generate/chart/values-yaml.ts';

const text = valuesYaml(values);
const accepts = new Ajv({ strict: false }).compile(JSON.parse(valuesSchema(values, deadValues)));

/** What the schema says against these values, as Helm would refuse them. */
function refusal(given: object): string {
  return accepts(given)
    ? ''
    : JSON.stringify(accepts.errors?.map(({ params, message }) => [params, message]));
}

describe('values.yaml', () => {
  it('has each value with its default, and the schema accepts them all', () => {
    const defaults: unknown = parse(text);
    expect(refusal(Object(defaults))).toBe('');
    for (const { path, otherwise } of values) {
      const found = path.split('.').reduce((place: unknown, key) => Object(place)[key], defaults);
      expect([path, found]).toEqual([path, otherwise]);
    }
  });

  it('says above each value what it is for', () => {
    const lines = text.split('\n').map((line) => line.trim());
    for (const { path, says } of values) {
      const key = path.split('.').at(-1) ?? '';
      const comments = lines.flatMap((line, at) =>
        line.startsWith(`${key}:`) ? [commentAbove(lines, at)] : [],
      );
      expect(comments).toContain(says);
    }
  });
});

function commentAbove(lines: readonly string[], at: number): string {
  const above = lines.slice(0, at);
  const first = above.findLastIndex((line) => !line.startsWith('#')) + 1;
  return above
    .slice(first)
    .map((line) => line.slice(2))
    .join(' ');
}

describe('the schema of the values', () => {
  it('refuses a key that is not there, at every level, and names it', () => {
    expect(refusal({ replica: 2 })).toContain('replica');
    expect(refusal({ image: { tagg: 'x' } })).toContain('tagg');
    expect(refusal({ lifecycleOperator: { replica: 2 } })).toContain('replica');
  });

  it('refuses values that cannot be meant', () => {
    expect(refusal({ failurePolicy: 'fail' })).not.toBe('');
    expect(refusal({ replicas: '2' })).not.toBe('');
    expect(refusal({ deniedNamespaces: ['Not A Name'] })).not.toBe('');
    expect(refusal({ image: { digest: 'sha256:1' } })).not.toBe('');
  });

  it('accepts what values of Keptn have, whether it does something or not', () => {
    for (const { path } of deadValues) {
      const key = path.endsWith('.*') ? path.replace('*', 'anything') : path;
      const nested = key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'x');
      expect([key, refusal(Object(nested))]).toEqual([key, '']);
    }
  });
});

describe('values of Keptn', () => {
  it('that count are values of the chart, and none is said to do nothing', () => {
    const own = new Set(values.map(({ path }) => path));
    const dead = new Set(deadValues.map(({ path }) => path));
    for (const path of lifecycleOperatorValues) {
      expect(own).toContain(path);
      expect(dead).not.toContain(`lifecycleOperator.${path}`);
    }
  });

  it('are explained in the reference', () => {
    const page = valuesReference(values, deadValues);
    for (const { path, why } of deadValues) {
      expect(page).toContain(`| \`${path}\` | ${why} |`);
    }
  });
});
