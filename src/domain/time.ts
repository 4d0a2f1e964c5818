/** The time as metav1.Time writes it: RFC 3339 in UTC with whole seconds (the fraction is cut off). */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -'.000Z'.length)}Z`;
}

/** Milliseconds since the Unix epoch of an RFC 3339 time; undefined for nothing, and for text that is no time. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
