/** A JSON object as parsed, before anything is known about its fields. */
export type RawObject = Readonly<Record<string, unknown>>;

export function isRawObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, an empty one otherwise: for reading optional fields in depth. */
export function objectOf(value: unknown): RawObject {
  return isRawObject(value) ? value : {};
}

/** The objects in an array; none if it is not an array. */
export function objectsOf(value: unknown): readonly RawObject[] {
  return Array.isArray(value) ? value.filter(isRawObject) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The object with those fields that are there; undefined stands for absence and is left out. */
export function pick(object: RawObject, fields: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const field of fields) {
    const value = object[field];
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}
