import { isEqualJson, isJsonObject, type JsonObject } from '../json.ts';
import type { StepBudget } from '../step-budget.ts';

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

/**
 * The object with every difference made that still holds. The object itself is not changed. Undefined when that takes more steps
 * than the budget has: a person who may write the object may write its remainder, too, and could make it as costly as they like.
 */
export function withDifferences(
  object: JsonObject,
  differences: readonly Difference[],
  budget: StepBudget,
): JsonObject | undefined {
  const draft = new Draft(object, budget);
  for (const difference of differences) {
    draft.make(difference);
    if (budget.isSpent) return undefined;
  }
  return draft.root;
}

type Editable = Record<string, unknown>;

/** An object that is being changed: of what a difference lies in, one copy is made, and all others change that. */
class Draft {
  readonly #budget: StepBudget;
  readonly #copies = new Map<object, Editable>();
  readonly root: Editable;

  constructor(object: JsonObject, budget: StepBudget) {
    this.#budget = budget;
    this.root = this.#copyOf(object);
  }

  /** Makes the difference, unless another value stands at its place by now. */
  make(difference: Difference): void {
    let holder = this.root;
    for (const [index, step] of difference.at.entries()) {
      if (!this.#budget.take(1)) return;
      if (isFields(step)) return this.#replaceFields(holder, step, difference);
      if (typeof step !== 'string') return;
      const rest = difference.at.slice(index + 1);
      if (rest.length === 0) return this.#replaceField(holder, step, difference);
      const inner = Object.hasOwn(holder, step) ? holder[step] : undefined;
      if (!isJsonObject(inner)) {
        const [position, ...beyond] = rest;
        if (isList(inner) && typeof position === 'number' && beyond.length === 0)
          set(holder, step, this.#withItem(inner, position, difference));
        return;
      }
      const copy = this.#copyOf(inner);
      set(holder, step, copy);
      holder = copy;
    }
  }

  #copyOf(object: JsonObject): Editable {
    const known = this.#copies.get(object);
    if (known !== undefined) return known;
    const copy = { ...object };
    this.#budget.take(Object.keys(copy).length);
    this.#copies.set(copy, copy);
    return copy;
  }

  #replaceFields(holder: Editable, fields: readonly string[], { was, is }: Difference): void {
    if (!this.#budget.take(Object.keys(holder).length + fields.length)) return;
    const present = picked(holder, fields);
    if (!isEqualJson(present, was, this.#budget) || !isJsonObject(is)) return;
    for (const field of Object.keys(present)) delete holder[field];
    for (const [field, value] of Object.entries(picked(is, fields))) set(holder, field, value);
  }

  #replaceField(holder: Editable, field: string, difference: Difference): void {
    const hadValue = Object.hasOwn(difference, 'was');
    if (Object.hasOwn(holder, field) !== hadValue) return;
    if (hadValue && !isEqualJson(holder[field], difference.was, this.#budget)) return;
    if (Object.hasOwn(difference, 'is')) set(holder, field, difference.is);
    else delete holder[field];
  }

  /** The item is looked for at its position first; an edit may have moved it. */
  #withItem(items: readonly unknown[], index: number, difference: Difference): readonly unknown[] {
    if (!Object.hasOwn(difference, 'was') || !Object.hasOwn(difference, 'is')) return items;
    if (items.length > longestList) return items;
    const { was, is } = difference;
    const isWas = (item: unknown): boolean => isEqualJson(item, was, this.#budget);
    const isThere = index in items && isWas(items[index]);
    const position = isThere ? index : items.findIndex(isWas);
    return position < 0 ? items : items.with(position, is);
  }
}

/** An assignment, also to a field called `__proto__`. */
function set(object: Editable, field: string, value: unknown): void {
  Reflect.defineProperty(object, field, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
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
  const wanted = new Set(keys);
  return Object.fromEntries(Object.entries(object).filter(([key]) => wanted.has(key)));
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
