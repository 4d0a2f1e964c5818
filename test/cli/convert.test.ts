import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { sluice } from '../support/cluster/command-line.ts';
import { convertOldObject } from '../../src/cli/convert/old-objects.ts';
import { convertSli } from '../../src/cli/convert/sli.ts';
import { convertSlo } from '../../src/cli/convert/slo.ts';
import { contains, inside, outside, windowOf } from '../../src/cli/convert/slo-criteria.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-convert-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function convert(text: string, ...args: readonly string[]) {
  const file = join(directory, 'input.yaml');
  writeFileSync(file, text);
  const { exitCode, output, complaint } = await sluice(['convert', '-f', file, ...args]);
  const objects = parseAllDocuments(output).map((document): unknown => document.toJS());
  return { exitCode, objects, error: complaint };
}

const sloOf = (objective: string) => `
spec_version: "1.0"
objectives:
  - sli: response_time_p95
${objective}
total_score: { pass: "90%", warning: "75.4%" }
`;

const targetOf = (objective: string) => {
  const { objects, lost } = convertSlo(parse(sloOf(objective)), { name: 'shop' });
  return { target: parse(JSON.stringify(objects[0])).spec.objectives[0].target, lost };
};

const block = (...criteria: readonly string[]) => ({ criteria });
const withCriteria = (parts: object) =>
  Object.entries(parts)
    .map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`)
    .join('\n');

describe('an SLO of Keptn v1', () => {
  it('becomes an AnalysisDefinition of the name that is given', () => {
    const slo = parse(
      sloOf('    weight: 2\n    key_sli: true\n    pass: [{ criteria: ["<=600"] }]'),
    );
    expect(convertSlo(slo, { name: 'shop', templateNamespace: 'metrics' })).toEqual({
      lost: [],
      objects: [
        {
          apiVersion: 'metrics.keptn.sh/v1',
          kind: 'AnalysisDefinition',
          metadata: { name: 'shop' },
          spec: {
            objectives: [
              {
                analysisValueTemplateRef: { name: 'response-time-p95', namespace: 'metrics' },
                target: { failure: { greaterThan: { fixedValue: '600' } } },
                weight: 2,
                keyObjective: true,
              },
            ],
            totalScore: { passPercentage: 90, warningPercentage: 75 },
          },
        },
      ],
    });
  });

  it.each([
    ['no criteria: it is only measured', {}, {}],
    ['<', { pass: [block('< 600')] }, { failure: { greaterThanOrEqual: { fixedValue: '600' } } }],
    ['>', { pass: [block('>600')] }, { failure: { lessThanOrEqual: { fixedValue: '600' } } }],
    ['>=', { pass: [block('>=0.5')] }, { failure: { lessThan: { fixedValue: '0.5' } } }],
    [
      '=, at which Keptn fails',
      { pass: [block('=3')] },
      { failure: { notInRange: { lowBound: '3', highBound: '3' } } },
    ],
    [
      'two criteria that both hold',
      { pass: [block('>=100', '<600')] },
      { failure: { notInRange: { lowBound: '100', highBound: '600' } } },
    ],
    [
      'two blocks of which one holds',
      { pass: [block('<600'), block('>800')] },
      { failure: { inRange: { lowBound: '600', highBound: '800' } } },
    ],
    [
      'two blocks of which one holds the other',
      { pass: [block('<600'), block('<800')] },
      { failure: { greaterThanOrEqual: { fixedValue: '800' } } },
    ],
    [
      'a warning around the pass',
      { pass: [block('<600')], warning: [block('<=800')] },
      {
        failure: { greaterThan: { fixedValue: '800' } },
        warning: { greaterThanOrEqual: { fixedValue: '600' } },
      },
    ],
    [
      'a warning within the pass',
      { pass: [block('<600')], warning: [block('>500', '<600')] },
      {
        failure: { greaterThanOrEqual: { fixedValue: '600' } },
        warning: { inRange: { lowBound: '500', highBound: '600' } },
      },
    ],
    [
      'the key warn, which Keptn does not see',
      { pass: [block('<600')], warn: [block('<800')] },
      {
        failure: { greaterThanOrEqual: { fixedValue: '800' } },
        warning: { greaterThanOrEqual: { fixedValue: '600' } },
      },
    ],
  ])('fails and warns as it says: %s', (_what, criteria, target) => {
    expect(targetOf(withCriteria(criteria))).toEqual({ target, lost: [] });
  });

  it.each([
    ['three blocks', { pass: [block('<1'), block('>5'), block('=3')] }],
    ['windows that cross', { pass: [block('>1', '<5')], warning: [block('>3', '<8')] }],
    ['two warnings', { pass: [block('<1')], warning: [block('<2'), block('>5')] }],
  ])('is measured only, and that is said, where no target can say it: %s', (_what, criteria) => {
    const { target, lost } = targetOf(withCriteria(criteria));
    expect(target).toEqual({});
    expect(lost).toEqual([
      'response_time_p95: its criteria cannot be said by one target, so it is measured and never fails; set spec.objectives[].target by hand',
    ]);
  });

  it('loses what compares with earlier evaluations, and says so', () => {
    const { target, lost } = targetOf(withCriteria({ pass: [block('<=+10%', '<600')] }));
    expect(target).toEqual({ failure: { greaterThanOrEqual: { fixedValue: '600' } } });
    expect(lost).toEqual([
      'response_time_p95: <=+10% compares with earlier evaluations, which an Analysis does not',
    ]);
  });

  it.each([
    [{ pass: [block('!600')] }, 'objectives[0].pass[0].criteria: "!600" is no comparison'],
    [{ pass: [block('<fast')] }, 'objectives[0].pass[0].criteria: "<fast" is no comparison'],
    [{ pass: [block('<1', '<2')] }, 'bound the value twice in one direction'],
    [{ pass: 'no' }, 'objectives[0].pass: is no list'],
    [{ weight: 'much' }, 'objectives[0].weight: is no whole number'],
  ])('is refused with the field that is wrong: %j', (criteria, message) => {
    expect(() => targetOf(withCriteria(criteria))).toThrow(message);
  });

  it('never fails and passes at once: whatever is inside of a window is not outside of it', () => {
    const bound = fc.integer({ min: -1000, max: 1000 });
    const signs = fc.tuple(fc.constantFrom('>', '>='), fc.constantFrom('<', '<='));
    fc.assert(
      fc.property(bound, bound, signs, (one, other, [low, high]) => {
        const both = windowOf([`${low}${one}`, `${high}${other}`]);
        expect(outside(both)).not.toEqual(inside(both));
        expect(contains(windowOf([`${low}${one}`]), both)).toBe(true);
        expect(contains(windowOf([`${high}${other}`]), both)).toBe(true);
      }),
    );
  });
});

describe('an SLI of Keptn v1', () => {
  it('becomes templates in the order of the file, with its variables as those of a template', () => {
    const sli = parse(`
indicators:
  throughput: sum(rate(requests{app="$SERVICE",stage="$STAGE"}[$DURATIONs]))
  Error_Rate: errors{pod=~"$POD1.*"} $low
`);
    const { objects } = convertSli(sli, { provider: 'prometheus', providerNamespace: 'metrics' });
    expect(objects).toMatchObject([
      {
        kind: 'AnalysisValueTemplate',
        metadata: { name: 'throughput' },
        spec: {
          provider: { name: 'prometheus', namespace: 'metrics' },
          query: 'sum(rate(requests{app="{{.service}}",stage="{{.stage}}"}[$DURATIONs]))',
        },
      },
      { metadata: { name: 'error-rate' }, spec: { query: 'errors{pod=~"{{.pod1}}.*"} $low' } },
    ]);
  });

  it('is refused where two indicators would get one name', () => {
    const sli = { indicators: { error_rate: 'a', 'error-rate': 'b' } };
    expect(() => convertSli(sli, { provider: 'p' })).toThrow(
      'indicators.error-rate and indicators.error_rate both become error-rate; rename one of them',
    );
  });
});

describe('an object of an older Keptn', () => {
  it('KeptnApp: its checks become a KeptnAppContext, and it stays somebody’s own', () => {
    const spec = { version: '1', workloads: [{ name: 'cart', version: '1' }] };
    const metadata = { name: 'shop', namespace: 'fruit', labels: { team: 'a' } };
    const { objects } = convertOldObject({
      apiVersion: 'lifecycle.keptn.sh/v1alpha2',
      kind: 'KeptnApp',
      metadata,
      spec: { ...spec, preDeploymentTasks: ['check'], postDeploymentEvaluations: [] },
    });
    const v1 = 'lifecycle.keptn.sh/v1';
    expect(objects).toEqual([
      { apiVersion: v1, kind: 'KeptnApp', metadata, spec },
      {
        apiVersion: v1,
        kind: 'KeptnAppContext',
        metadata: { name: 'shop', namespace: 'fruit' },
        spec: { preDeploymentTasks: ['check'] },
      },
    ]);
  });

  it('KeptnEvaluationProvider: a KeptnMetricsProvider with the name as its type', () => {
    const { objects } = convertOldObject({
      apiVersion: 'lifecycle.keptn.sh/v1alpha1',
      kind: 'KeptnEvaluationProvider',
      metadata: { name: 'dynatrace' },
      spec: { targetServer: 'https://x', secretName: 'token' },
    });
    expect(objects).toEqual([
      {
        apiVersion: 'metrics.keptn.sh/v1',
        kind: 'KeptnMetricsProvider',
        metadata: { name: 'dynatrace' },
        spec: {
          type: 'dynatrace',
          targetServer: 'https://x',
          secretKeyRef: { name: 'token', key: 'DT_TOKEN' },
        },
      },
    ]);
  });

  it('KeptnTaskDefinition: in the fields of v1, without an annotation of the conversion', () => {
    const { objects, lost } = convertOldObject({
      apiVersion: 'lifecycle.keptn.sh/v1alpha1',
      kind: 'KeptnTaskDefinition',
      metadata: { name: 'check' },
      spec: { function: { inline: { code: 'x' }, runtime: 'cobol' } },
    });
    expect(objects).toMatchObject([{ metadata: { name: 'check' } }]);
    expect(JSON.stringify(objects)).not.toContain('conversion');
    expect(lost.join()).toContain('cobol');
  });
});

describe('sluice convert', () => {
  it('writes what it made to standard output, and what is lost to standard error', async () => {
    const text = `${sloOf(withCriteria({ pass: [block('<=+10%')] }))}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: untouched }
`;
    const { exitCode, objects, error } = await convert(text, '--name', 'shop');
    expect(exitCode).toBe(0);
    expect(objects).toMatchObject([{ kind: 'AnalysisDefinition' }, { kind: 'ConfigMap' }]);
    expect(error).toMatch(/^Warning: .*input\.yaml, document 1: response_time_p95: /u);
  });

  it.each([
    ['indicators: { a: b }', [], 'name the provider of its queries: --provider NAME'],
    ['objectives: []', [], 'name what it becomes: --name NAME'],
    ['objectives: []', ['--name', 'x'], 'total_score.pass: expected a percentage such as "90%"'],
    ['colour: red', [], 'is neither a Kubernetes object (kind)'],
  ])('refuses with what is missing: %s %j', async (text, args, message) => {
    const { exitCode, error } = await convert(text, ...args);
    expect(exitCode).toBe(2);
    expect(error).toContain(message);
  });
});
