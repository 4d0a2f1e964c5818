import { isCollection, isMap, isPair, isScalar } from 'yaml';

/** A range of a text, in characters from its start; the end is not part of it. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Where one field or item is written, as far as it can be edited by itself. */
export interface WrittenPlace {
  /** The key of a field; the whole of an item of a list. */
  readonly key: TextRange;
  /** Its value, if that is a plain one. */
  readonly value?: TextRange;
  /** The lines that hold it and nothing else. */
  readonly lines?: TextRange;
  /** The keys of the map it is in; of a list, a name for each item. */
  readonly siblings: readonly string[];
}

/** Where the steps of a path lead in a document; undefined where they do not lead to anything that is written. */
export function placeIn(
  contents: unknown,
  text: string,
  steps: readonly (string | number)[],
): WrittenPlace | undefined {
  let node: unknown = contents;
  let found: WrittenPlace | undefined;
  for (const step of steps) {
    if (!isCollection(node)) return undefined;
    const item = isMap(node)
      ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(step))
      : node.items[Number(step)];
    const isPairOf = isPair(item);
    const key = rangeOf(isPairOf ? item.key : item);
    if (key === undefined) return undefined;
    const written: unknown = isPairOf ? item.value : item;
    const value =
      isScalar(written) && isOneLine(text, rangeOf(written)) ? rangeOf(written) : undefined;
    const end = rangeOf(written) ?? key;
    const lines =
      node.flow === true ? undefined : linesOf(text, { start: key.start, end: end.end });
    const siblings = isMap(node)
      ? node.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
      : node.items.map((_, index) => String(index));
    found = { key, siblings, ...(value && { value }), ...(lines && { lines }) };
    node = written;
  }
  return found;
}

function rangeOf(node: unknown): TextRange | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  if (!Array.isArray(range)) return undefined;
  const [start, end]: readonly unknown[] = range;
  return typeof start === 'number' && typeof end === 'number' ? { start, end } : undefined;
}

function isOneLine(text: string, range: TextRange | undefined): boolean {
  return range !== undefined && !text.slice(range.start, range.end).includes('\n');
}

/** The whole lines of a range, where nothing else stands on its first and last line but the dash of an item and a comment. */
function linesOf(text: string, { start, end }: TextRange): TextRange | undefined {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const before = text.slice(lineStart, start);
  if (before.trim() !== '' && before.trim() !== '-') return undefined;
  const newline = text.indexOf('\n', end);
  const lineEnd = newline < 0 ? text.length : newline + 1;
  const behind = text.slice(end, lineEnd).trim();
  if (behind !== '' && !behind.startsWith('#')) return undefined;
  return { start: lineStart, end: lineEnd };
}
