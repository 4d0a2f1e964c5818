/** What was found to be data: cached objects appear in one observation after the other. */
const known = new WeakSet<object>();

/**
 * Where a value holds something that is no data, a function or an instance of a class: what holds none can be logged, stored and
 * replayed. Undefined if there is no such thing. Maps and sets are data, and so is a kind, which stands for its name.
 */
export function notData(value: unknown, at = 'observation'): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `${at} is a ${typeof value}`;
  if (typeof value !== 'object' || value === null || known.has(value)) return undefined;
  if ('plural' in value && 'namespaced' in value) return undefined;
  const parts = partsOf(value);
  if (parts === undefined) return `${at} is an instance of a class`;
  for (const [key, part] of parts) {
    const found = notData(part, `${at}.${key}`);
    if (found !== undefined) return found;
  }
  known.add(value);
  return undefined;
}

/** The parts of a plain object, list, map or set; undefined of anything else. */
function partsOf(value: object): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) return [...value].map(([key, part]) => [String(key), part]);
  if (value instanceof Set) return [...value].map((part, index) => [String(index), part]);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return isPlain ? Object.entries(value) : undefined;
}
