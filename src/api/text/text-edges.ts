/**
 * The text without those of the characters that stand at its end. The time grows with the length of the text; that of a regular
 * expression such as `/x+$/`, which begins anew at every character, grows with its square.
 */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The text without those of the characters that stand at its beginning. */
export function withoutStart(text: string, characters: string): string {
  let start = 0;
  while (start < text.length && characters.includes(text.charAt(start))) start += 1;
  return text.slice(start);
}
