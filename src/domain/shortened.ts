/** The text if it has at most so many characters, else its beginning with an ellipsis, as long as that; no character is split. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
