import { isJsonObject, type JsonObject } from './json.ts';
import type { TSchema } from './schema.ts';

/** The keywords that say which fields an object may have. */
interface Structure {
  readonly properties?: JsonObject;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: unknown;
}

/**
 * The value without the fields that its schema does not know: what the API server keeps of it ("pruning" of structural
 * schemas). The value itself is not changed.
 */
export function pruned(value: unknown, schema: TSchema): unknown {
  return prunedBy(value, schema);
}

function prunedBy(value: unknown, schema: unknown): unknown {
  if (!isJsonObject(schema)) return value;
  const structure: Structure = schema;
  if (Array.isArray(value)) {
    const { items } = structure;
    return items === undefined ? value : value.map((item: unknown) => prunedBy(item, items));
  }
  return isJsonObject(value) ? prunedObject(value, structure) : value;
}

function prunedObject(value: JsonObject, structure: Structure): JsonObject {
  const { properties = {}, additionalProperties } = structure;
  const keepsAll = structure['x-kubernetes-preserve-unknown-fields'] === true;
  // fromEntries, because a key may be `__proto__`.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
      const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      if (known !== undefined) return [[key, prunedBy(field, known)]];
      return keepsAll ? [[key, field]] : [];
    }),
  );
}
