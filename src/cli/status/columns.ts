import { stripVTControlCharacters } from 'node:util';

/** How many columns a line takes in a terminal. */
export function widthOf(line: string): number {
  return stripVTControlCharacters(line).length;
}

/** The line cut to a number of columns; escape sequences take none. */
export function cut(line: string, columns: number): string {
  let shown = 0;
  let kept = '';
  for (const [part] of line.matchAll(escapesOrCharacters)) {
    const isEscape = part.startsWith('\u001B');
    if (!isEscape && shown === columns) continue;
    if (!isEscape) shown += 1;
    kept += part;
  }
  return kept;
}

const escapesOrCharacters = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m|.`, 'gu');
