/** `text` in words as a shell splits it (quotes, backslashes; nothing is expanded); undefined if a quote stays open. */
export function wordsOf(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+)\s*/uy;
  while (word.lastIndex < text.trimEnd().length) {
    const found = word.exec(text);
    if (found === null) return undefined;
    words.push(unquoted(found[1] ?? ''));
  }
  return words;
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/gu,
    (_, ...[single, double, escaped]: (string | undefined)[]) =>
      // Within double quotes a backslash stands for itself unless it hides a quote or a backslash.
      single ?? double?.replaceAll(/\\(["\\])/gu, '$1') ?? escaped ?? '',
  );
}
