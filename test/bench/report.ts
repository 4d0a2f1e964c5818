import { type Figure, type Measured, type Verdict, verdictOn } from './figure.ts';
import { median, spreadOf } from './statistics.ts';

/** All runs of one figure. */
export interface Row {
  readonly figure: Figure;
  readonly runs: readonly Measured[];
}

/** Whether a target that binds is missed. */
export function isMissed({ figure, runs }: Row): boolean {
  return verdictOn(figure, runs) === 'missed';
}

/** The medians of an earlier run, by the keys of figures. */
export type Before = ReadonlyMap<string, number>;

interface Column {
  readonly title: string;
  readonly alignment: 'left' | 'right';
  readonly text: (row: Row) => string;
}

/** The table of all figures: one line each, and below it what the baselines are. */
export function table(rows: readonly Row[], before?: Before): string {
  const columns = [...fixedColumns, ...(before === undefined ? [] : [changeColumn(before)])];
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return columns[column]?.alignment === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(titles), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join(
    '\n',
  );
}

/** What each baseline is. */
export function legend(rows: readonly Row[]): string {
  return rows
    .flatMap(({ figure: { quantity, baseline } }) =>
      baseline === undefined ? [] : [`  ${quantity}: ${baseline}`],
    )
    .join('\n');
}

const values = ({ runs }: Row): number[] => runs.map(({ value }) => value);
const baselines = ({ runs }: Row): number[] => runs.flatMap(({ baseline }) => baseline ?? []);

const marks: Readonly<Record<Verdict, string>> = {
  met: '✔ met',
  missed: '✖ missed',
  'reported: within': 'reported, within',
  'reported: beyond': 'reported, beyond',
  reported: 'reported',
};

const fixedColumns: readonly Column[] = [
  { title: '', alignment: 'left', text: ({ figure }) => figure.target ?? '' },
  { title: 'figure', alignment: 'left', text: ({ figure }) => figure.quantity },
  { title: 'unit', alignment: 'left', text: ({ figure }) => figure.unit },
  { title: 'min', alignment: 'right', text: (row) => short(spreadOf(values(row)).min) },
  { title: 'median', alignment: 'right', text: (row) => short(spreadOf(values(row)).median) },
  { title: 'max', alignment: 'right', text: (row) => short(spreadOf(values(row)).max) },
  {
    title: 'baseline',
    alignment: 'right',
    text: (row) => (baselines(row).length === 0 ? '' : short(median(baselines(row)))),
  },
  { title: 'ratio', alignment: 'right', text: ratio },
  { title: 'target', alignment: 'left', text: ({ figure }) => figure.limit?.text ?? '' },
  { title: '', alignment: 'left', text: ({ figure, runs }) => marks[verdictOn(figure, runs)] },
  { title: 'Keptn', alignment: 'left', text: ({ figure }) => figure.keptn ?? '' },
];

function changeColumn(before: Before): Column {
  return {
    title: 'change',
    alignment: 'right',
    text(row) {
      const was = before.get(row.figure.key);
      if (was === undefined) return 'new';
      const is = median(values(row));
      if (is === was) return '=';
      if (was === 0) return `from 0`;
      const percent = ((is - was) / was) * 100;
      return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
    },
  };
}

function ratio({ runs }: Row): string {
  const ratios = runs.flatMap(({ value, baseline }) =>
    baseline === undefined ? [] : [value / baseline],
  );
  return ratios.length === 0 ? '' : median(ratios).toFixed(2);
}

/** Three digits that count. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return String(value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(4, Math.max(0, 2 - magnitude)));
}
