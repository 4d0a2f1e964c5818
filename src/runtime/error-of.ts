/** What was thrown, as an Error: anything can be thrown, and a log line and a `cause` want an Error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
