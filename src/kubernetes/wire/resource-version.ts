const decimal = /^[1-9]\d*$/u;

/**
 * Compares the resourceVersions of two states of a kind's objects: negative if `one` is older, positive if it is newer, 0 if
 * they are the same. They are decimal integers and comparable within a kind by contract (KEP-5504), whatever their length.
 * Undefined for anything else: then nothing can be said, and what came last counts.
 */
export function compareVersions(
  one: string | undefined,
  other: string | undefined,
): number | undefined {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return undefined;
  if (!decimal.test(one) || !decimal.test(other)) return undefined;
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : 1;
}

/** Whether the first is certainly older than the second. */
export function isOlder(one: string | undefined, other: string | undefined): boolean {
  const order = compareVersions(one, other);
  return order !== undefined && order < 0;
}
