import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crdOf } from '../../src/api/crd.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { sluiceGroup } from '../../src/api/keptn/groups.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import type { Resource } from '../../src/api/resource.ts';
import { factsOf, type JsonSchema, type ReadableCrd } from '../support/observed/crd-facts.ts';

/** The kinds that Keptn has, too. */
const kinds = ownKinds
  .filter(({ group }) => group !== sluiceGroup)
  .map((kind) => [kind.kind, kind] as const);

/** The definition as the API server gets it: plain JSON. */
const published = (kind: Resource): ReadableCrd => JSON.parse(JSON.stringify(crdOf(kind)));

const keptnFacts = new Map(
  readFileSync(new URL('../fixtures/keptn-api-facts.txt', import.meta.url), 'utf8')
    .split(/^\[/m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.replace(']', ''), lines.filter((line) => line !== '')] as const;
    }),
);

/** What differs on purpose. */
const differs: Readonly<Record<string, string>> = {
  // An absent spec means an empty one, so that the defaults apply.
  KeptnAppContext: 'field .spec object',
  KeptnConfig: 'field .spec object',
  // An objective may ask a provider itself (KEP 93's own document does).
  KeptnEvaluationDefinition: 'field .spec.objectives[].keptnMetricRef object required',
};

/** Keptn declares the status of these kinds as a string and never writes it; here it is an object. */
const bareStatus = new Set([
  'KeptnAppCreationRequest',
  'KeptnConfig',
  'KeptnEvaluationDefinition',
  'KeptnMetricsProvider',
]);

describe("Keptn's API", () => {
  it('is known for exactly the own kinds', () => {
    expect([...keptnFacts.keys()].toSorted()).toEqual(kinds.map(([name]) => name).toSorted());
  });

  it.each(kinds)('is kept by %s: names, columns, fields, defaults, requiredness', (name, kind) => {
    const own = new Set(factsOf(published(kind)));
    const lost = (keptnFacts.get(name) ?? [])
      .filter((fact) => !own.has(fact) && fact !== differs[name])
      .filter((fact) => !(bareStatus.has(name) && fact === 'field .status string'));
    expect(lost).toEqual([]);
  });

  it.each(kinds)('is not made stricter by %s: no field beyond it is required', (name, kind) => {
    const known = new Set((keptnFacts.get(name) ?? []).map((fact) => fact.split(' ')[1]));
    const demanded = factsOf(published(kind))
      .filter((fact) => fact.startsWith('field ') && fact.split(' ')[3] === 'required')
      .map((fact) => fact.split(' ')[1] ?? '')
      // A field inside a list or object that Keptn does not have binds nobody who does not use it.
      .filter((path) => known.has(path.replace(/(\.\w+|\[\]|\{\})$/, '')) && !known.has(path));
    expect(demanded).toEqual([]);
  });
});

describe('the CRD of a kind', () => {
  it.each(kinds)('of %s is structural', (_name, kind) => {
    expect(
      published(kind).spec.versions.flatMap((v) => offences(v.schema.openAPIV3Schema)),
    ).toEqual([]);
  });

  it.each(kinds)('of %s says of every text of its spec how long it may be', (_name, kind) => {
    const open = published(kind).spec.versions.flatMap(({ name, schema }) =>
      withoutBound(name, schema.openAPIV3Schema.properties?.['spec'] ?? {}),
    );
    expect(open).toEqual([]);
  });

  it.each(kinds)('of %s shows Reason and Age, conditions and observedGeneration', (_name, kind) => {
    const facts = factsOf(published(kind));
    expect(facts.filter((fact) => fact.startsWith('column ')).slice(-2)).toEqual([
      `column Reason .status.conditions[?(@.type=="${kind.summary}")].reason string 0`,
      'column Age .metadata.creationTimestamp date 0',
    ]);
    expect(facts).toContain(
      'field .status.conditions array x-kubernetes-list-type="map" x-kubernetes-list-map-keys=["type"]',
    );
    expect(facts).toContain('field .status.observedGeneration integer format="int64"');
  });

  it('bounds each list of checks of an application: every check becomes an object and an item of one status', () => {
    const lists = published(KeptnAppContext).spec.versions.flatMap(({ schema }) =>
      Object.entries(schema.openAPIV3Schema.properties?.['spec']?.properties ?? {})
        .filter(([name]) => /(Tasks|Evaluations)$/.test(name))
        .map(([name, list]) => [name, list['maxItems']]),
    );
    expect(lists).toHaveLength(5 * KeptnAppContext.versions.length);
    expect(new Set(lists.map(([, most]) => most))).toEqual(new Set([500]));
  });

  it.each(kinds)('of %s explains every field outside the container', (_name, kind) => {
    // A version with the fields of the stored one leaves it to that one.
    const explained = kind.versions
      .filter(({ spec }, at) => at === 0 || spec !== kind.versions[0].spec)
      .map(({ name }) => name);
    const silent = published(kind)
      .spec.versions.filter(({ name }) => explained.includes(name))
      .flatMap((version) => undescribed('', version.schema.openAPIV3Schema));
    expect(silent).toEqual([]);
  });
});

/** The places of texts without a bound. A list of words is bounded by itself. */
function withoutBound(path: string, schema: JsonSchema): string[] {
  const isText = schema.type === 'string' || schema['x-kubernetes-int-or-string'] === true;
  const isBounded = 'enum' in schema || 'maxLength' in schema;
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    withoutBound(`${path}.${name}`, field),
  );
  const others = [schema.items, schema.additionalProperties].flatMap((one) =>
    typeof one === 'object' && one !== null ? withoutBound(`${path}[]`, one) : [],
  );
  return [...(isText && !isBounded ? [path] : []), ...inner, ...others];
}

const refused = ['const', '$ref', '$id', '$schema', 'patternProperties', 'not', 'oneOf', 'allOf'];
const notInBranches = ['default', 'description', 'additionalProperties', 'nullable'];

/** What of a schema the API server would refuse as not structural. */
function offences(schema: JsonSchema, path = ''): string[] {
  const { properties = {}, items, additionalProperties, anyOf } = schema;
  const here = [
    ...refused.filter((keyword) => keyword in schema).map((keyword) => `${path}: ${keyword}`),
    ...(schema.type === undefined &&
    schema['x-kubernetes-int-or-string'] !== true &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
      ? [`${path}: no type`]
      : []),
    ...(additionalProperties !== undefined && typeof additionalProperties !== 'object'
      ? [`${path}: additionalProperties is ${String(additionalProperties)}`]
      : []),
    ...(Array.isArray(anyOf) ? branchOffences(anyOf, schema, path) : []),
  ];
  return [
    ...here,
    ...Object.entries(properties).flatMap(([name, field]) => offences(field, `${path}.${name}`)),
    ...(items === undefined ? [] : offences(items, `${path}[]`)),
    ...(typeof additionalProperties === 'object'
      ? offences(additionalProperties, `${path}{}`)
      : []),
  ];
}

/** Only the two branches of an int-or-string may name a type. */
function branchOffences(branches: readonly unknown[], parent: JsonSchema, path: string): string[] {
  const intOrString = JSON.stringify(branches) === '[{"type":"integer"},{"type":"string"}]';
  if (intOrString && parent['x-kubernetes-int-or-string'] === true) return [];
  return branches.flatMap((branch) =>
    ['type', ...notInBranches]
      .filter((keyword) => typeof branch === 'object' && branch !== null && keyword in branch)
      .map((keyword) => `${path}: ${keyword} inside anyOf`),
  );
}

/** The paths of fields that `kubectl explain` would have nothing to say about. */
function undescribed(path: string, schema: JsonSchema): string[] {
  // What Kubernetes defines is explained by Kubernetes.
  if (/\.container$|\.job\.\w+(\[\])?$/.test(path)) return [];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
      ...(field.description === undefined && path !== '' ? [`${path}.${name}`] : []),
      ...undescribed(`${path}.${name}`, field),
    ]),
    ...(schema.items === undefined ? [] : undescribed(`${path}[]`, schema.items)),
  ];
}
