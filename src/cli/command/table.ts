import { visibleText } from '../../api/text/visible-text.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { parseTime } from '../../domain/time.ts';

/** A column of a table: its title, and what an item has in it. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => string;
  /** Shown with `-o wide` alone. */
  readonly isWide?: true;
}

/**
 * Items as kubectl prints lists: a row each, as wide as their words, without a line break at the end. Characters that a terminal
 * would obey are written out, and a cell never has a second line.
 */
export function tableText<T>(
  items: readonly T[],
  all: readonly Column<T>[],
  { wide = false }: { readonly wide?: boolean } = {},
): string {
  const columns = all.filter(({ isWide }) => wide || isWide !== true);
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ cell }) => oneLine(cell(item)))),
  ];
  const widths = columns.map((_column, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

function oneLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return visibleText(lines.filter((line) => line !== '').join(' '));
}

/** From when to when something went on, as its status records it. */
export interface Span {
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
}

/** How long it took in whole seconds, or `… so far` by the time that is given; empty for what has not begun. */
export function tookText({ startTime, endTime }: Span, now: number): string {
  const start = parseTime(startTime);
  if (start === undefined) return '';
  const span = spanText((parseTime(endTime) ?? now) - start);
  return endTime === undefined ? `${span} so far` : span;
}

/** Milliseconds in whole seconds: `1m30s`. Never less than none, which clocks that differ would make. */
export function spanText(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / 1000) * 1000));
}
