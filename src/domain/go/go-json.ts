/**
 * JSON as Go's encoding/json writes it: scripts inside people's tasks compare it byte for byte. A plain object stands for a
 * Go struct (fields in the order given), a `Map` for a Go map (keys sorted).
 */
export type GoValue =
  | string
  | number
  | boolean
  | null
  | readonly GoValue[]
  | ReadonlyMap<string, GoValue>
  | { readonly [field: string]: GoValue };

export function goJson(value: GoValue): string {
  if (value instanceof Map)
    return fields([...value].toSorted(([one], [other]) => byBytes(one, other)));
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return fields(Object.entries(value));
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

/** A string-to-string record as a Go map; records from the API have lost the order they were written in. */
export function goMap(record: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(record));
}

/** Any JSON as Go holds it when it knows no type for it: objects are maps. What is no JSON is null. */
export function goValue(json: unknown): GoValue {
  if (Array.isArray(json)) return json.map(goValue);
  if (typeof json === 'object' && json !== null) {
    return new Map(Object.entries(json).map(([key, value]) => [key, goValue(value)]));
  }
  const isPlain = typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean';
  return isPlain ? json : null;
}

function fields(entries: readonly (readonly [string, GoValue])[]): string {
  return `{${entries.map(([key, value]) => `${quoted(key)}:${goJson(value)}`).join(',')}}`;
}

/** Go escapes these so that JSON can stand inside HTML and JavaScript. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go compares strings by their UTF-8 bytes, which is the order of code points; `<` compares UTF-16 units. */
function byBytes(one: string, other: string): number {
  const theirs = codePoints(other);
  const ours = codePoints(one);
  const difference = ours.findIndex((point, index) => point !== theirs[index]);
  if (difference === -1) return ours.length - theirs.length;
  return (ours[difference] ?? 0) - (theirs[difference] ?? -1);
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}
