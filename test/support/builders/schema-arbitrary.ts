import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../../../src/api/json.ts';

/**
 * Arbitrary objects as a schema describes them: every optional field is sometimes there, texts are few so that equal ones
 * meet, durations and whole numbers are plausible.
 */
export function anythingLike(schema: unknown): fc.Arbitrary<JsonObject> {
  return valueLike(schema, 0).filter(isJsonObject);
}

const words = fc.constantFrom('', 'a', 'b', 'check', 'notify');
const durations = fc.constantFrom('0s', '5s', '90s', '300s', '5m', '2m30s', '1h', '1.5s', '250ms');
const json = fc.oneof(words, fc.array(words, { maxLength: 2 }));

function valueLike(schema: unknown, depth: number): fc.Arbitrary<unknown> {
  if (!isJsonObject(schema)) return json;
  const { type, properties, items, additionalProperties, pattern, minimum } = schema;
  const options = schema['enum'];
  if (Array.isArray(options)) return fc.constantFrom<unknown>(...options);
  if (schema['x-kubernetes-int-or-string'] === true) return fc.constantFrom(1, '1');
  if (type === 'object') {
    if (isJsonObject(properties)) return objectLike(properties, schema['required'], depth);
    return isJsonObject(additionalProperties)
      ? fc.dictionary(words, valueLike(additionalProperties, depth + 1), { maxKeys: 2 })
      : fc.constant({});
  }
  if (type === 'array') return fc.array(valueLike(items, depth + 1), { maxLength: 3 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.constantFrom(3, 5, 10, 300, ...(minimum === 0 ? [0] : []));
  if (type === 'string') return textLike(pattern);
  return json;
}

function textLike(pattern: unknown): fc.Arbitrary<string> {
  if (typeof pattern !== 'string') return words;
  if (pattern.includes('ns|us')) return durations;
  if (pattern.includes('{64}')) return fc.constant('0'.repeat(64));
  return fc.constantFrom('A', 'B');
}

function objectLike(
  properties: JsonObject,
  required: unknown,
  depth: number,
): fc.Arbitrary<JsonObject> {
  const wanted: readonly unknown[] = Array.isArray(required) ? required : [];
  // Deep down (a container's probes) fewer fields are enough.
  const names = Object.keys(properties).filter(
    (name) => depth < 3 || wanted.includes(name) || name < 'e',
  );
  return fc.record(
    Object.fromEntries(names.map((name) => [name, valueLike(properties[name], depth + 1)])),
    { requiredKeys: names.filter((name) => wanted.includes(name)) },
  );
}
