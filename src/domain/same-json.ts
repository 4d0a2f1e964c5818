/**
 * Whether two JSON values say the same. The order of keys does not count, and a key whose value is undefined is absent, as
 * it is once the value has been serialised.
 */
export function sameJson(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (!isComposite(left) || !isComposite(right)) return false;
  if (Array.isArray(left) || Array.isArray(right)) return sameList(left, right);
  return sameRecord(left, right);
}

function isComposite(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sameList(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  return left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
}

function sameRecord(left: object, right: object): boolean {
  const rightEntries = new Map<string, unknown>(presentEntries(right));
  const leftEntries = presentEntries(left);
  return (
    leftEntries.length === rightEntries.size &&
    leftEntries.every(
      ([key, value]) => rightEntries.has(key) && sameJson(value, rightEntries.get(key)),
    )
  );
}

function presentEntries(record: object): [string, unknown][] {
  return Object.entries(record).filter(([, value]) => value !== undefined);
}
