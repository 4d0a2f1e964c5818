/** The known name that differs from the given one in the fewest letters, or undefined when none is similar. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  // A third of the letters: "SLUICE_LOG_LEVL" is a slip, "SLUICE_FOO" is something else.
  let least = Math.floor(given.length / 3) + 1;
  for (const name of known) {
    // So many letters have to be added or removed at least: what is much longer is not compared letter by letter.
    if (Math.abs(given.length - name.length) >= least) continue;
    const steps = editDistance(given, name);
    if (steps < least) {
      least = steps;
      nearest = name;
    }
  }
  return nearest;
}

/** How many letters must be added, removed or replaced to make one word the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of from.split('').entries()) {
    const next = [at + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
