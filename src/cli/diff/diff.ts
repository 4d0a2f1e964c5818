import { isOtherVersion } from '../../domain/check/definition-version.ts';
import { parseTime } from '../../domain/time.ts';
import { type Column, spanText, tableText } from '../command/table.ts';
import { checksOf, type CheckOfVersion, type Version } from './checks-of.ts';

/** What is different about one check of two versions. */
export type Change = 'added' | 'removed' | 'definition' | 'outcome';

/** One check of two versions. */
export interface ComparedCheck {
  readonly phase: string;
  readonly check: string;
  /** Empty where nothing but its duration may be another. */
  readonly changes: readonly Change[];
  readonly before: CheckOfVersion | undefined;
  readonly after: CheckOfVersion | undefined;
}

/** The checks of two versions side by side: those of the later one in their order, each removed one after those of its phase. */
export function comparedChecks(before: Version, after: Version): readonly ComparedCheck[] {
  const [old, current] = [checksOf(before), checksOf(after)];
  const phases = [...new Set([...old, ...current].map(({ phase }) => phase))];
  return phases.flatMap((phase) => {
    const was = old.filter((one) => one.phase === phase);
    const is = current.filter((one) => one.phase === phase);
    return [
      ...is.map((one) =>
        compared(
          was.find(({ check }) => check === one.check),
          one,
        ),
      ),
      ...was
        .filter(({ check }) => is.every((one) => one.check !== check))
        .map((one) => compared(one, undefined)),
    ];
  });
}

function compared(
  before: CheckOfVersion | undefined,
  after: CheckOfVersion | undefined,
): ComparedCheck {
  const { phase = '', check = '' } = after ?? before ?? {};
  return { phase, check, changes: changesOf(before, after), before, after };
}

function changesOf(
  before: CheckOfVersion | undefined,
  after: CheckOfVersion | undefined,
): readonly Change[] {
  if (after === undefined) return ['removed'];
  if (before === undefined) return ['added'];
  const changes: Change[] = [];
  const [was, is] = [before.definitionVersion, after.definitionVersion];
  if (was !== undefined && is !== undefined && isOtherVersion(was, is)) changes.push('definition');
  if (before.status !== after.status) changes.push('outcome');
  return changes;
}

const signs: Readonly<Record<Change, string>> = {
  added: '+',
  removed: '-',
  definition: '~',
  outcome: '~',
};

/**
 * The comparison in words: a line for each check with how it went in both versions, and a line of counts. `now` is what checks
 * that run are measured by.
 */
export function diffText(
  checks: readonly ComparedCheck[],
  { before, after, now, wide }: Paper,
): string {
  const columns: readonly Column<ComparedCheck>[] = [
    { title: ' ', cell: ({ changes: [first] }) => (first === undefined ? ' ' : signs[first]) },
    { title: 'PHASE', cell: ({ phase }) => phase },
    { title: 'CHECK', cell: ({ check }) => check },
    { title: before, cell: (one) => endOf(one.before, now) },
    { title: after, cell: (one) => endOf(one.after, now) },
    { title: 'CHANGED', cell: changedText },
    { title: 'MESSAGE', cell: (one) => one.after?.message ?? '', isWide: true },
  ];
  const count = (change: Change): number =>
    checks.filter(({ changes }) => changes.includes(change)).length;
  const counts = [
    `${count('added')} added`,
    `${count('removed')} removed`,
    `${count('definition')} with another definition`,
    `${count('outcome')} with another outcome`,
  ];
  return `${tableText(checks, columns, { wide })}\n${counts.join(', ')}`;
}

interface Paper {
  /** What stands above the columns. */
  readonly before: string;
  readonly after: string;
  readonly now: number;
  readonly wide: boolean;
}

function endOf(check: CheckOfVersion | undefined, now: number): string {
  if (check === undefined) return '';
  const took = millisecondsOf(check, now);
  return took === undefined ? check.status : `${check.status} ${spanText(took)}`;
}

function changedText({ changes, before, after }: ComparedCheck): string {
  const words = changes.map((change) =>
    change === 'definition' ? definitionText(before, after) : change,
  );
  const [was, is] = [endedAfter(before), endedAfter(after)];
  const slower = was === undefined || is === undefined ? '' : differenceText(is - was);
  return [...words, ...(slower === '' ? [] : [slower])].join(', ');
}

/** Which of them it was is not kept: that it is another one, and by its generation how often it was changed. */
function definitionText(before: CheckOfVersion | undefined, after: CheckOfVersion | undefined) {
  const [was, is] = [partsOf(before), partsOf(after)];
  if (was.uid !== is.uid) return 'definition (made anew)';
  if (was.generation === is.generation) return 'definition (what it leads to)';
  return `definition (generation ${was.generation} → ${is.generation})`;
}

function partsOf(check: CheckOfVersion | undefined) {
  const [own = ''] = (check?.definitionVersion ?? '').split('+');
  const [uid = '', generation = ''] = own.split('/');
  return { uid, generation };
}

function differenceText(ms: number): string {
  if (Math.abs(ms) < 1000) return '';
  return `${spanText(Math.abs(ms))} ${ms > 0 ? 'slower' : 'faster'}`;
}

function endedAfter(check: CheckOfVersion | undefined): number | undefined {
  return check?.endTime === undefined ? undefined : millisecondsOf(check, 0);
}

function millisecondsOf({ startTime, endTime }: CheckOfVersion, now: number): number | undefined {
  const start = parseTime(startTime);
  return start === undefined ? undefined : (parseTime(endTime) ?? now) - start;
}
