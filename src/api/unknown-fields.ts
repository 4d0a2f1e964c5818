/**
 * The paths of the fields that a schema does not name, in the order in which they are written. The API server drops them
 * from Sluice's own kinds without a word; in a container it keeps them, because they may be newer than this schema. Objects
 * that are left to Kubernetes whole (affinity, tolerations) are not judged.
 */
export function unknownFields(schema: object, value: unknown, path: string): readonly string[] {
  return fieldsNotNamed(schema, value, path).map((found) => found.path);
}

/** A field that a schema does not name, and those it names in that place. */
export interface FieldNotNamed {
  readonly path: string;
  readonly name: string;
  readonly known: readonly string[];
}

/** The same, with what may have been meant. */
export function fieldsNotNamed(
  schema: object,
  value: unknown,
  path: string,
): readonly FieldNotNamed[] {
  const found: FieldNotNamed[] = [];
  walk(schema, value, { path, found });
  return found;
}

/** More of them say nothing more. */
const mostFields = 20;

function walk(schema: unknown, value: unknown, at: { path: string; found: FieldNotNamed[] }): void {
  const { path, found } = at;
  if (typeof value !== 'object' || value === null || found.length >= mostFields) return;
  if (Array.isArray(value)) {
    const items = member(schema, 'items');
    // Not a list by its schema, or of whatever shape: no deeper than schemas go.
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      walk(items, item, { path: `${path}[${index}]`, found });
    }
    return;
  }
  const properties = member(schema, 'properties');
  const other = member(schema, 'additionalProperties');
  // Neither: a value of any shape.
  const isTyped = properties !== undefined && Object.keys(properties).length > 0;
  if (!isTyped && other === undefined) return;
  for (const [key, field] of Object.entries(value)) {
    if (found.length >= mostFields) return;
    const place = /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${key}]`;
    const known = member(properties, key) ?? other;
    if (known === undefined) {
      found.push({ path: place, name: key, known: Object.keys(properties ?? {}) });
    } else walk(known, field, { path: place, found });
  }
}

function member(schema: unknown, key: string): object | undefined {
  if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, key))
    return undefined;
  const value: unknown = Reflect.get(schema, key);
  return typeof value === 'object' && value !== null ? value : undefined;
}
