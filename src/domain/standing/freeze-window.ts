import type { CalendarPeriod, FreezeWindow } from '../../api/keptn/check-definition.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { type Occurrences, occurrencesOf, timeZoneProblem } from './occurrences.ts';
import type { Verdict } from './verdict.ts';

/*
 * A freeze window closes by recurring windows and by periods of a calendar, and opens by exceptions. The verdict says exactly
 * until when it holds, so that the one who asked looks again then and not before.
 */

/** Why a definition can not be judged, field by field. */
export interface FreezeWindowProblem {
  /** Below `spec.freezeWindow`, for example `windows[0].start`. */
  readonly path: string;
  readonly message: string;
}

/** One cause to be closed: a window or a period. */
interface Closing {
  readonly name: string;
  isClosed(at: number): boolean;
  /** The next moment after `at` at which it may open, and at which it may close. */
  opens(at: number): number | undefined;
  closes(at: number): number | undefined;
}

/** A freeze as it can be asked. */
interface Calendar {
  readonly closings: readonly Closing[];
  readonly exceptions: readonly Period[];
}

interface Period {
  readonly from: number;
  readonly until: number;
  readonly reason: string | undefined;
}

/** Windows that follow each other without a gap are looked through so far; beyond, it only says that it is closed until then. */
const mostSteps = 50;

/** Whether it is open now. Labels are those of the Namespace of the version. */
export function judgeFreezeWindow(
  spec: FreezeWindow,
  at: { readonly now: number; readonly labels: Readonly<Record<string, string>> },
): Verdict {
  const { now, labels } = at;
  if (!isMeant(spec, labels)) return { type: 'passes' };
  const read = calendarOf(spec);
  if ('problems' in read) {
    const said = read.problems.map(({ path, message }) => `spec.freezeWindow.${path} ${message}`);
    return { type: 'waits', reason: 'CheckInvalid', message: said.join('; ') };
  }
  const closed = closedBy(read, now);
  if (closed === undefined) return { type: 'passes', untilMs: nextChange(read, now, 'closes') };
  const opening = nextOpening(read, now);
  const when =
    opening === undefined
      ? 'and does not open again'
      : opening.isOpen
        ? `until ${rfc3339(opening.at)}`
        : `at least until ${rfc3339(opening.at)}`;
  return {
    type: 'waits',
    reason: 'FreezeWindow',
    message: `closed by ${closed.name} ${when}`,
    untilMs: opening?.at,
  };
}

/** What is wrong with a freeze window, beyond what its schema says. */
export function freezeWindowProblems(spec: FreezeWindow): readonly FreezeWindowProblem[] {
  const read = calendarOf(spec);
  return 'problems' in read ? read.problems : [];
}

function isMeant(
  { namespaceSelector }: FreezeWindow,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(namespaceSelector?.matchLabels ?? {}).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
}

function calendarOf(
  spec: FreezeWindow,
): Calendar | { readonly problems: readonly FreezeWindowProblem[] } {
  const { timeZone = 'UTC', windows = [], periods = [], exceptions = [] } = spec;
  const zone = timeZoneProblem(timeZone);
  if (zone !== undefined) return { problems: [{ path: 'timeZone', message: zone }] };
  const problems: FreezeWindowProblem[] = [];
  const times = (cron: string, path: string): Occurrences | undefined => {
    const found = occurrencesOf(cron, timeZone);
    if (!('problem' in found)) return found;
    problems.push({ path, message: found.problem });
    return undefined;
  };
  const recurring = windows.flatMap(({ name, start, end }, index) => {
    const starts = times(start, `windows[${index}].start`);
    const ends = times(end, `windows[${index}].end`);
    const called = `window ${name ?? `"${start}" to "${end}"`} (${timeZone})`;
    return starts === undefined || ends === undefined ? [] : [closingOf(called, starts, ends)];
  });
  const read = (all: readonly CalendarPeriod[], field: string): readonly Period[] =>
    all.flatMap((one, index) => {
      const period = periodOf(one);
      if (!('problem' in period)) return [period];
      problems.push({ path: `${field}[${index}]`, message: period.problem });
      return [];
    });
  const once = read(periods, 'periods').map(closingOfPeriod);
  const open = read(exceptions, 'exceptions');
  if (problems.length > 0) return { problems };
  return { closings: [...recurring, ...once], exceptions: open };
}

/** Closed when it was closed last no earlier than it was opened. A window that was never closed is open. */
function closingOf(name: string, starts: Occurrences, ends: Occurrences): Closing {
  return {
    name,
    isClosed: (at) => {
      const start = starts.last(at);
      return start !== undefined && start >= (ends.last(at) ?? -Infinity);
    },
    opens: (at) => ends.next(at),
    closes: (at) => starts.next(at),
  };
}

function closingOfPeriod({ from, until, reason }: Period): Closing {
  return {
    name: `the period from ${rfc3339(from)} to ${rfc3339(until)}${reason === undefined ? '' : ` (${reason})`}`,
    isClosed: (at) => from <= at && at < until,
    opens: (at) => (until > at ? until : undefined),
    closes: (at) => (from > at ? from : undefined),
  };
}

function periodOf({ from, until, reason }: CalendarPeriod): Period | { readonly problem: string } {
  const [first, end] = [parseTime(from), parseTime(until)];
  if (first === undefined || end === undefined) {
    return { problem: 'has no two times; write both as 2026-12-20T00:00:00Z' };
  }
  if (first >= end) return { problem: `ends (${until}) before it begins (${from})` };
  return { from: first, until: end, reason };
}

/** The cause that closes it at this moment, unless an exception opens it. */
function closedBy({ closings, exceptions }: Calendar, at: number): Closing | undefined {
  if (exceptions.some(({ from, until }) => from <= at && at < until)) return undefined;
  return closings.find((one) => one.isClosed(at));
}

/** The next moment at which anything may open or close it. */
function nextChange(
  { closings, exceptions }: Calendar,
  at: number,
  what: 'opens' | 'closes',
): number | undefined {
  const edges = exceptions
    .map(({ from, until }) => (what === 'opens' ? from : until))
    .filter((time) => time > at);
  const times = [...closings.flatMap((one) => one[what](at) ?? []), ...edges];
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * The next moment at which it is open; as far as it was looked, if that is too far away. Undefined where nothing opens it. What has
 * closed it keeps it closed until it opens itself, or an exception begins: no moment in between is looked at.
 */
function nextOpening(
  calendar: Calendar,
  now: number,
): { readonly at: number; readonly isOpen: boolean } | undefined {
  let at = now;
  for (let step = 0; step < mostSteps; step += 1) {
    const cause = closedBy(calendar, at);
    if (cause === undefined) return { at, isOpen: true };
    const next = nextChange({ ...calendar, closings: [cause] }, at, 'opens');
    if (next === undefined) return undefined;
    at = next;
  }
  return { at, isOpen: false };
}
