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

/** Whether two JSON values are equal, whatever the order of their keys. Works through any depth without recursion. */
export function isEqualJson(one: unknown, other: unknown): boolean {
  const open: [unknown, unknown][] = [[one, other]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (!isComposite(left) || !isComposite(right)) return false;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const lefts = Object.entries(left);
    const rights = new Map<string, unknown>(Object.entries(right));
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
