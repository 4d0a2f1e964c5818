import { Cron } from 'croner';

/*
 * Times that come again, by the five fields of cron in a time zone. A local time that the change to summer time leaves out counts
 * as the moment of the change; one that comes twice counts once, at its first coming.
 */

/** A cron text that can be asked for its times. */
export interface Occurrences {
  /** The last time at or before `at`; undefined where there was none in living memory. Both in milliseconds since the epoch. */
  last(at: number): number | undefined;
  /** The first time after `at`; undefined where there will be none. */
  next(at: number): number | undefined;
}

/** Why there are no times: shown to the author of the text. */
export interface NoOccurrences {
  readonly problem: string;
}

const longestText = 100;

const never: Occurrences = { last: () => undefined, next: () => undefined };

/** What all crons read alike; croner's further signs (L, W, #, +, ?) make times so rare that the search for one takes long. */
const plain =
  /^(?:[\d\s*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|MON|TUE|WED|THU|FRI|SAT|SUN)+$/iu;

/** The times of a cron text in a time zone; or why it has none. */
export function occurrencesOf(cron: string, timeZone: string): Occurrences | NoOccurrences {
  const shown = JSON.stringify(cron.slice(0, longestText));
  // Six fields would be seconds, and one a nickname or a date: neither is what people of CronJobs know.
  if (cron.trim().split(/\s+/u).length !== 5 || cron.length > longestText) {
    return {
      problem: `${shown} is no cron text of five fields (minute hour day month weekday), such as "0 17 * * 5"`,
    };
  }
  if (!plain.test(cron)) {
    return { problem: `${shown} is no cron text: only numbers, names, and * , - / are read` };
  }
  try {
    // The search for a day that never comes is long.
    if (isNever(cron)) return never;
    const pattern = new Cron(cron.trim(), { timezone: timeZone, mode: '5-part' });
    return remembering({
      // Runs before the end of this second: croner answers with the one at its beginning, too.
      last: (at) =>
        pattern.previousRuns(1, new Date(Math.floor(at / 1000) * 1000 + 1000))[0]?.getTime(),
      next: (at) => pattern.nextRun(new Date(at))?.getTime(),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `${shown} is no cron text: ${why.slice(0, 200)}` };
  }
}

/** Why a time zone is none; undefined for one that this program knows. */
export function timeZoneProblem(timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone === ''
      ? noTimeZone(timeZone)
      : undefined;
  } catch {
    return noTimeZone(timeZone);
  }
}

const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const monthNames = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');

/** Whether none of its months has one of its days, such as the 31st of June. A day of the week comes in every month. */
function isNever(cron: string): boolean {
  const [, , days = '*', months = '*', weekdays = '*'] = cron.trim().split(/\s+/u);
  if (weekdays !== '*') return false;
  const earliest = Math.min(...days.split(',').map((part) => Number(/^\d+/u.exec(part)?.[0] ?? 1)));
  return months.split(',').every((part) => {
    const [first, last = first] = part.split('/')[0]?.split('-') ?? [];
    const [from, to] = [monthOf(first), part.includes('/') ? 12 : monthOf(last)];
    if (from === undefined || to === undefined) return false;
    return longestMonths.slice(from - 1, to).every((length) => length < earliest);
  });
}

/** 1 to 12; undefined for what is no single month. */
function monthOf(text = ''): number | undefined {
  const month = monthNames.indexOf(text.toUpperCase()) + 1 || Number(text);
  return month >= 1 && month <= 12 ? month : undefined;
}

function noTimeZone(timeZone: string): string {
  const shown = JSON.stringify(timeZone.slice(0, longestText));
  return `${shown} is no time zone; write its IANA name, for example Europe/Berlin`;
}

interface Told {
  /** For which moment it was asked; none yet: later than any. */
  readonly at: number;
  readonly is: number | undefined;
}

/** Asks again only when the time that was found has passed: a walk over many moments asks a rare text once. */
function remembering(times: Occurrences): Occurrences {
  let since: Told = { at: Infinity, is: undefined };
  let until: Told = { at: Infinity, is: undefined };
  const asked = (at: number): void => {
    if (at >= until.at && (until.is === undefined || at < until.is)) return;
    until = { at, is: times.next(at) };
  };
  return {
    next(at) {
      asked(at);
      return until.is;
    },
    last(at) {
      asked(at);
      // No time has come between the two questions.
      if (at >= since.at && until.at <= since.at) return since.is;
      since = { at, is: times.last(at) };
      return since.is;
    },
  };
}
