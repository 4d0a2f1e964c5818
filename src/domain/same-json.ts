/**
 * Whether two JSON values say the same. The order of keys does not count, and a key whose value is undefined is absent, as
 * it is once the value has been serialised. Works through any depth without recursion.
 */
export function sameJson(left: unknown, right: unknown): boolean {
  const open: [unknown, unknown][] = [[left, right]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair;
    if (Object.is(one, other)) continue;
    if (!isComposite(one) || !isComposite(other)) return false;
    if (Array.isArray(one) !== Array.isArray(other)) return false;
    const ones = entriesOf(one);
    const others = new Map<string, unknown>(entriesOf(other));
    if (ones.length !== others.size) return false;
    for (const [key, value] of ones) {
      if (!others.has(key)) return false;
      open.push([value, others.get(key)]);
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
