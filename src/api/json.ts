import type { StepBudget } from './step-budget.ts';

/** A JSON object of which nothing else is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object, which a list is not. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of whatever it is; undefined for what has none of this name. */
export function fieldOf(value: unknown, name: string): unknown {
  return isComposite(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** The fields that have a value: what is undefined is left out, since neither JSON nor the API server can say it. */
export function defined<T extends object>(fields: T): Defined<T>;
export function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Every field optional, and none of them undefined. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/**
 * Whether two JSON values are equal. The order of keys does not count, and a key whose value is undefined is absent, as it is
 * once the value has been serialised. Works through any depth without recursion. With a budget, false as soon as that is spent.
 */
export function isEqualJson(one: unknown, other: unknown, budget?: StepBudget): boolean {
  const open: [unknown, unknown][] = [[one, other]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (budget?.take(1) === false) return false;
    if (Object.is(left, right)) continue;
    if (!isComposite(left) || !isComposite(right)) return false;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const lefts = entriesOf(left);
    const rights = new Map<string, unknown>(entriesOf(right));
    if (budget?.take(lefts.length + rights.size) === false) return false;
    if (lefts.length !== rights.size) return false;
    for (const [key, value] of lefts) {
      if (!rights.has(key)) return false;
      open.push([value, rights.get(key)]);
    }
  }
  return true;
}

function isComposite(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Of a list every item, also an undefined one; of an object what is there. */
function entriesOf(composite: object): [string, unknown][] {
  const entries: [string, unknown][] = Object.entries(composite);
  return Array.isArray(composite) ? entries : entries.filter(([, value]) => value !== undefined);
}
