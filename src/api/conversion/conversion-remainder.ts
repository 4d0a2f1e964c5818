import { isEqualJson, isJsonObject, type JsonObject } from '../json.ts';

/**
 * What one version of an object says that another cannot express, as differences between the object and what comes back
 * when it is converted there and again. They travel with the object in an annotation.
 *
 * A difference holds only as long as the value it was taken against stands at its place. An edit of that value has the
 * last word, and what the annotation says of it is void.
 */
export interface Difference {
  /** The keys that lead to the value. The last may be a position in a list, or several fields of which one stands in for another. */
  readonly at: readonly (string | number | readonly string[])[];
  /** The value that the conversion alone yields; absent where it yields none. */
  readonly was?: unknown;
  /** The value that belongs there; absent where there is to be none. */
  readonly is?: unknown;
}

/** Longer lists are replaced as a whole, and what lies deeper is compared as a whole: the work stays bounded. */
const longestList = 256;
const deepest = 32;

/**
 * The differences that turn one object into another. `alternatives` are its top-level fields of which one stands in for
 * another: where others of them are set than before, all of them are one value, so that no edit ends with two.
 */
export function differencesBetween(
  from: JsonObject,
  to: JsonObject,
  alternatives: readonly string[] = [],
): readonly Difference[] {
  const before = picked(from, alternatives);
  const after = picked(to, alternatives);
  if (isEqualJson(Object.keys(before).toSorted(), Object.keys(after).toSorted())) {
    return compareObjects(from, to, []);
  }
  return [
    { at: [alternatives], was: before, is: after },
    ...compareObjects(without(from, alternatives), without(to, alternatives), []),
  ];
}

type Path = Difference['at'];

function compareObjects(from: JsonObject, to: JsonObject, at: Path): readonly Difference[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key): readonly Difference[] => {
    const path = [...at, key];
    if (!Object.hasOwn(from, key)) return [{ at: path, is: to[key] }];
    if (!Object.hasOwn(to, key)) return [{ at: path, was: from[key] }];
    return compare(from[key], to[key], path);
  });
}

function compare(was: unknown, is: unknown, at: Path): readonly Difference[] {
  if (isJsonObject(was) && isJsonObject(is) && at.length < deepest) {
    return compareObjects(was, is, at);
  }
  if (isEqualJson(was, is)) return [];
  if (isList(was) && isList(is) && was.length === is.length && is.length <= longestList) {
    return is.flatMap((item, index) =>
      isEqualJson(was[index], item) ? [] : [{ at: [...at, index], was: was[index], is: item }],
    );
  }
  return [{ at, was, is }];
}

/** The object with every difference made that still holds. */
export function withDifferences(
  object: JsonObject,
  differences: readonly Difference[],
): JsonObject {
  return differences.reduce<JsonObject>(
    (value, difference) => changed(value, difference.at, difference),
    object,
  );
}

function changed(value: JsonObject, at: Path, difference: Difference): JsonObject {
  const [step, ...rest] = at;
  if (isFields(step)) {
    const { was, is } = difference;
    if (!isEqualJson(picked(value, step), was) || !isJsonObject(is)) return value;
    return { ...without(value, step), ...picked(is, step) };
  }
  if (typeof step !== 'string') return value;
  const present = Object.hasOwn(value, step);
  if (rest.length === 0) {
    const holds = present
      ? Object.hasOwn(difference, 'was') && isEqualJson(value[step], difference.was)
      : !Object.hasOwn(difference, 'was');
    if (!holds) return value;
    return Object.hasOwn(difference, 'is')
      ? { ...value, [step]: difference.is }
      : without(value, [step]);
  }
  const inner = present ? value[step] : undefined;
  if (isJsonObject(inner)) return { ...value, [step]: changed(inner, rest, difference) };
  const [index, ...beyond] = rest;
  return isList(inner) && typeof index === 'number' && beyond.length === 0
    ? { ...value, [step]: withItem(inner, index, difference) }
    : value;
}

/** The item is looked for at its position first; an edit may have moved it. */
function withItem(items: readonly unknown[], index: number, difference: Difference) {
  if (!Object.hasOwn(difference, 'was') || !Object.hasOwn(difference, 'is')) return items;
  if (items.length > longestList) return items;
  const { was, is } = difference;
  const isThere = index in items && isEqualJson(items[index], was);
  const position = isThere ? index : items.findIndex((item) => isEqualJson(item, was));
  return position < 0 ? items : items.with(position, is);
}

const mostDifferences = 1024;

/** The differences as an annotation holds them; undefined for text that is none of ours. */
export function parseDifferences(text: string): readonly Difference[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isList(parsed) && parsed.length <= mostDifferences && parsed.every(isDifference)
      ? parsed
      : undefined;
  } catch {
    return undefined;
  }
}

/** The text of an annotation; undefined when there are more differences than `parseDifferences` takes. */
export function textOfDifferences(differences: readonly Difference[]): string | undefined {
  return differences.length > mostDifferences ? undefined : JSON.stringify(differences);
}

function isDifference(value: unknown): value is Difference {
  if (!isJsonObject(value)) return false;
  const { at } = value;
  return (
    isList(at) &&
    at.length <= deepest + 1 &&
    at.every((step) => typeof step === 'string' || typeof step === 'number' || isFields(step))
  );
}

function isFields(step: unknown): step is readonly string[] {
  return isList(step) && step.every((field) => typeof field === 'string');
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function picked(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
