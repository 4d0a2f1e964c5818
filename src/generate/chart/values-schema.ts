import { lifecycleOperatorValues } from '../../install/keptn-values.ts';
import type { DeadValue } from '../../install/keptn-values.ts';
import type { Value } from './value.ts';

interface Properties {
  [key: string]: Schema;
}

interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Properties;
}

/**
 * `values.schema.json`: Helm refuses a key that is not there, and says which. Keys of Keptn that do nothing are there, so that its
 * values files go on working.
 */
export function valuesSchema(values: readonly Value[], dead: readonly DeadValue[]): string {
  const properties: Properties = {};
  const byPath = new Map(values.map((value) => [value.path, value]));
  for (const { path, schema, says } of values) put(properties, path, described(schema, says));
  // What Keptn's chart has for its lifecycle operator is taken apart; the others have nothing that counts.
  properties['lifecycleOperator'] = open(byPath.get('lifecycleOperator')?.says ?? '');
  for (const path of lifecycleOperatorValues) {
    const { schema, says } = byPath.get(path) ?? missing(path);
    put(properties, `lifecycleOperator.${path}`, described(schema, says));
  }
  for (const { path, why } of dead) {
    if (!path.endsWith('.*')) put(properties, path, { description: `Without effect: ${why}.` });
  }
  for (const { path, why } of dead.filter((one) => one.path.endsWith('.*'))) {
    const key = path.slice(0, -2);
    const known = properties[key]?.properties ?? {};
    const description = `Without effect: ${why}.`;
    properties[key] = { description, type: ['object', 'null'], properties: known };
  }
  // Those of a chart that contains this one are handed down; the notes name what is unknown.
  const { additionalProperties: _, ...globals } = properties['global'] ?? {};
  properties['global'] = globals;
  // Helm hands both to a chart that is a part of another one.
  properties['enabled'] ??= { type: 'boolean', description: 'Of a chart that contains this one.' };
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart sluice',
    type: 'object',
    additionalProperties: false,
    properties,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function missing(path: string): never {
  throw new Error(`the chart has no value ${path}, which values of Keptn may have`);
}

function described(schema: Value['schema'], says: string): Schema {
  return { ...schema, description: says };
}

function open(description: string): Schema {
  return { description, type: ['object', 'null'], additionalProperties: false, properties: {} };
}

function put(properties: Properties, path: string, schema: Schema): void {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    properties[first] ??= schema;
    return;
  }
  const parent = properties[first] ?? { type: 'object', additionalProperties: false };
  const inner = { ...parent.properties };
  put(inner, rest.join('.'), schema);
  properties[first] = { ...parent, properties: inner };
}
