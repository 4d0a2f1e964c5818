import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { type Column, tableText, tookText } from '../command/table.ts';
import {
  appRows,
  type CheckRow,
  evaluationRows,
  taskRows,
  type VersionRow,
  versionRows,
  workloadRows,
} from './rows.ts';

/** How a list is shown as a table. */
export interface Shown {
  /** Milliseconds since the Unix epoch: what has not ended is measured by it. */
  readonly now: number;
  /** `-o wide`. */
  readonly wide: boolean;
  /** Of all namespaces: each row begins with its own. */
  readonly everywhere: boolean;
}

/** A list that `sluice get` can show. */
export interface List {
  /** As it is written on the command line, in its singular and plural. */
  readonly words: readonly string[];
  readonly kinds: readonly Kind[];
  rows(lookup: Lookup, meant: Meant): Rows;
}

/** Which objects are listed. */
export interface Meant {
  /** Those of all namespaces, if it is undefined. */
  readonly namespace: string | undefined;
  /** All, if it is undefined. */
  readonly name: string | undefined;
}

/** What a list found: the same for programs as in the table. */
export interface Rows {
  readonly items: readonly (VersionRow | CheckRow)[];
  table(shown: Shown): string;
}

const versions = [KeptnAppVersion, KeptnWorkloadVersion];

/** The lists, in the order of the help. */
export const lists: readonly List[] = [
  {
    words: ['apps', 'app'],
    kinds: [KeptnApp, ...versions],
    rows: listing(appRows, applicationColumns),
  },
  {
    words: ['workloads', 'workload'],
    kinds: [KeptnWorkload, ...versions],
    rows: listing(workloadRows, workloadColumns),
  },
  {
    words: ['versions', 'version'],
    kinds: versions,
    rows: listing(versionRows, workloadColumns),
  },
  {
    words: ['tasks', 'task'],
    kinds: [KeptnTask],
    rows: listing(taskRows, taskColumns),
  },
  {
    words: ['evaluations', 'evaluation'],
    kinds: [KeptnEvaluation],
    rows: listing(evaluationRows, evaluationColumns),
  },
];

function listing<T extends VersionRow | CheckRow>(
  rowsOf: (lookup: Lookup, namespace: string | undefined) => readonly T[],
  columnsFor: (shown: Shown) => readonly Column<T>[],
): List['rows'] {
  return (lookup, { namespace, name }) => {
    const all = rowsOf(lookup, namespace);
    const items = name === undefined ? all : all.filter((row) => row.name === name);
    return {
      items,
      table(shown) {
        const place: Column<T> = { title: 'NAMESPACE', cell: (row) => row.namespace ?? '' };
        const columns = columnsFor(shown);
        return tableText(items, shown.everywhere ? [place, ...columns] : columns, shown);
      },
    };
  };
}

function applicationColumns(shown: Shown): readonly Column<VersionRow>[] {
  return workloadColumns(shown).filter(({ title }) => title !== 'APP' && title !== 'RELEASED');
}

function workloadColumns({ now }: Shown): readonly Column<VersionRow>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'APP', cell: ({ app }) => app },
    { title: 'VERSION', cell: ({ version }) => version },
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'PHASE', cell: ({ phase }) => phase },
    {
      title: 'RELEASED',
      cell: ({ released }) => (released === undefined ? '' : yesOrNo(released)),
    },
    { title: 'TOOK', cell: (row) => tookText(row, now) },
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts), isWide: true },
    { title: 'STARTED', cell: ({ startTime = '' }) => startTime, isWide: true },
    { title: 'MESSAGE', cell: ({ message = '' }) => message, isWide: true },
  ];
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

function taskColumns(shown: Shown): readonly Column<CheckRow>[] {
  const columns = evaluationColumns(shown);
  const job: Column<CheckRow> = { title: 'JOB', cell: ({ job: name = '' }) => name, isWide: true };
  return [...columns.slice(0, -1), job, ...columns.slice(-1)];
}

function evaluationColumns({ now }: Shown): readonly Column<CheckRow>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'DEFINITION', cell: ({ definition }) => definition },
    { title: 'CHECK', cell: ({ check }) => check },
    { title: 'OF', cell: ({ of }) => of },
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'TOOK', cell: (row) => tookText(row, now) },
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts), isWide: true },
    { title: 'STARTED', cell: ({ startTime = '' }) => startTime, isWide: true },
    { title: 'MESSAGE', cell: ({ message = '' }) => message, isWide: true },
  ];
}
