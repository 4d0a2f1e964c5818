import { isJsonObject, type JsonObject } from './json.ts';

/** So many levels of lists and objects an object may have. Objects written by hand have fewer; the API server takes 10,000. */
export const deepestLevel = 64;

/** What is said of an object that has more. */
export const tooDeep = `is nested deeper than ${deepestLevel} levels`;

/**
 * Whether a JSON value has more than so many levels; an object or a list of texts has one, a text none. Goes no deeper than that,
 * so that it may recurse.
 */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return parts.some((part) => isDeeperThan(part, levels - 1));
}

/**
 * Whether an object of the API has more than `deepestLevel` levels. What its managedFields have more is not counted: the API
 * server repeats every field there, five levels further down.
 */
export function isTooDeep(object: object): boolean {
  return deepField(object) !== undefined;
}

/** The fields that lead into what is too deep, three names at most: `spec.container.x`. Empty if nothing is. */
export function pathOfDepth(object: JsonObject): string {
  const first = deepField(object);
  if (first === undefined) return '';
  const names = [first];
  let value = object[first];
  while (names.length < 3 && isJsonObject(value)) {
    const levels = levelsBelow(first) - names.length;
    const next = Object.entries(value).find(([, part]) => isDeeperThan(part, levels));
    if (next === undefined) break;
    names.push(next[0]);
    [, value] = next;
  }
  return names.join('.');
}

function deepField(object: object): string | undefined {
  const deep = Object.entries(object)
    .filter(([key, part]: [string, unknown]) => isDeeperThan(part, levelsBelow(key)))
    .map(([key]) => key);
  // What is too deep elsewhere makes the metadata too deep.
  return deep.find((key) => key !== 'metadata') ?? deep[0];
}

function levelsBelow(field: string): number {
  return field === 'metadata' ? deepestLevel + 4 : deepestLevel - 1;
}

/** The object with so many levels at most: what lies deeper is left out. */
export function cutTo(object: JsonObject, levels: number): JsonObject {
  const cut = cutValue(object, levels);
  return isJsonObject(cut) ? cut : {};
}

// As deep as `levels` and no deeper, so that it may recurse.
function cutValue(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const isKept = (part: unknown): boolean =>
    levels > 1 || typeof part !== 'object' || part === null;
  if (Array.isArray(value)) {
    return value.filter(isKept).map((part) => cutValue(part, levels - 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => isKept(part))
      .map(([key, part]) => [key, cutValue(part, levels - 1)]),
  );
}
