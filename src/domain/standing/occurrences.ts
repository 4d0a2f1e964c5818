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

/** The times of a cron text in a time zone; or why it has none. */
export function occurrencesOf(cron: string, timeZone: string): Occurrences | NoOccurrences {
  const shown = JSON.stringify(cron.slice(0, longestText));
  // Six fields would be seconds, and one a nickname or a date: neither is what people of CronJobs know.
  if (cron.trim().split(/\s+/u).length !== 5 || cron.length > longestText) {
    return {
      problem: `${shown} is no cron text of five fields (minute hour day month weekday), such as "0 17 * * 5"`,
    };
  }
  try {
    const pattern = new Cron(cron.trim(), { timezone: timeZone, mode: '5-part' });
    return {
      last: (at) =>
        pattern
          .previousRuns(1, new Date(at + 1000))
          .map((time) => time.getTime())
          .find((time) => time <= at),
      next: (at) => pattern.nextRun(new Date(at))?.getTime(),
    };
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

function noTimeZone(timeZone: string): string {
  const shown = JSON.stringify(timeZone.slice(0, longestText));
  return `${shown} is no time zone; write its IANA name, for example Europe/Berlin`;
}
