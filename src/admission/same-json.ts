/** Whether two JSON values are equal, whatever the order of their keys. Works through any depth without recursion. */
export function isSameJson(one: unknown, other: unknown): boolean {
  const open: [unknown, unknown][] = [[one, other]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (!isContainer(left) || !isContainer(right)) return false;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const rights = new Map(Object.entries(right));
    const lefts = Object.entries(left);
    if (lefts.length !== rights.size) return false;
    for (const [key, value] of lefts) {
      if (!rights.has(key)) return false;
      open.push([value, rights.get(key)]);
    }
  }
  return true;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
