import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FreezeWindow } from '../../../src/api/keptn/check-definition.ts';
import {
  freezeWindowProblems,
  judgeFreezeWindow,
} from '../../../src/domain/standing/freeze-window.ts';

const at = (time: string): number => Date.parse(time);
const judged = (spec: FreezeWindow, now: number, labels: Record<string, string> = {}) =>
  judgeFreezeWindow(spec, { now, labels });

const weekend: FreezeWindow = {
  timeZone: 'Europe/Berlin',
  windows: [{ name: 'weekend', start: '0 17 * * 5', end: '0 8 * * 1' }],
};

/** The wall clock in a time zone, as `Fri 17:00`. */
const wallClock = (timeZone: string, time: number): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(time);

describe('a recurring window', () => {
  it.each([
    ['2026-11-27T15:59:59.999Z', 'passes', '2026-11-27T16:00:00Z'],
    ['2026-11-27T16:00:00.000Z', 'waits', '2026-11-30T07:00:00Z'],
    ['2026-11-30T06:59:59.999Z', 'waits', '2026-11-30T07:00:00Z'],
    ['2026-11-30T07:00:00.000Z', 'passes', '2026-12-04T16:00:00Z'],
  ])('at %s: %s, and the next change is at %s', (now, type, until) => {
    expect(judged(weekend, at(now))).toMatchObject({ type, untilMs: at(until) });
  });

  it('says what closes it and until when', () => {
    expect(judged(weekend, at('2026-11-28T12:00:00Z'))).toMatchObject({
      reason: 'FreezeWindow',
      message: 'closed by window weekend (Europe/Berlin) until 2026-11-30T07:00:00Z',
    });
  });

  it('opens at the same time of the wall clock on both sides of a change to or from summer time', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2030-12-31T00:00:00Z') }),
        (timeZone, now) => {
          const found = judged({ ...weekend, timeZone }, now);
          if (found.type === 'fails') throw new Error('a freeze window never fails');
          const until = found.untilMs ?? NaN;
          const isClosed = found.type === 'waits';
          expect(wallClock(timeZone, until)).toBe(isClosed ? 'Mon 08:00' : 'Fri 17:00');
          // Nothing changes before, and something does then: who wakes at that time has not slept through anything.
          const between = now + Math.floor((until - now) / 2);
          expect(judged({ ...weekend, timeZone }, between).type).toBe(found.type);
          expect(judged({ ...weekend, timeZone }, until - 1).type).toBe(found.type);
          expect(judged({ ...weekend, timeZone }, until).type).toBe(isClosed ? 'passes' : 'waits');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of a local time that a change to summer time leaves out begins at the change', () => {
    const night: FreezeWindow = {
      timeZone: 'Europe/Berlin',
      windows: [{ start: '30 2 * * *', end: '0 4 * * *' }],
    };
    expect(judged(night, at('2026-03-29T00:59:59Z')).type).toBe('passes');
    expect(judged(night, at('2026-03-29T01:00:00Z'))).toMatchObject({
      type: 'waits',
      untilMs: at('2026-03-29T02:00:00Z'),
    });
  });

  it('of 29 February is there in leap years only', () => {
    const leapDay: FreezeWindow = { windows: [{ start: '0 0 29 2 *', end: '0 0 1 3 *' }] };
    fc.assert(
      fc.property(fc.integer({ min: 2024, max: 2096 }), (year) => {
        const isLeapYear = year % 4 === 0;
        const noon = Date.UTC(year, 1, 28, 36);
        expect(judged(leapDay, noon).type).toBe(isLeapYear ? 'waits' : 'passes');
      }),
      { numRuns: 40 },
    );
  });

  it('that never begins is open, and one that never ends says that it does not open again', () => {
    const never = '0 0 30 2 *';
    const now = at('2026-11-28T12:00:00Z');
    expect(judged({ windows: [{ start: never, end: '0 8 * * 1' }] }, now).type).toBe('passes');
    const closed = judged({ windows: [{ start: '0 0 * * *', end: never }] }, now);
    expect(closed).toMatchObject({ type: 'waits', untilMs: undefined });
    expect(closed).toMatchObject({ message: expect.stringContaining('does not open again') });
  });

  it('that begins again when it ends is closed without an end, and says how far it has looked', () => {
    const always = { windows: [{ start: '0 * * * *', end: '0 * * * *' }] };
    const closed = judged(always, at('2026-11-28T12:00:00Z'));
    expect(closed).toMatchObject({ type: 'waits', message: expect.stringContaining('at least') });
  });
});

describe('windows and periods together', () => {
  const now = at('2026-12-23T12:00:00Z');
  const season = {
    from: '2026-12-20T00:00:00Z',
    until: '2027-01-04T00:00:00Z',
    reason: 'end of the year',
  };

  it('are closed until the last of those that overlap has ended', () => {
    const spec: FreezeWindow = {
      periods: [season, { from: '2027-01-03T00:00:00Z', until: '2027-01-10T00:00:00Z' }],
    };
    expect(judged(spec, now)).toMatchObject({
      type: 'waits',
      untilMs: at('2027-01-10T00:00:00Z'),
      message: expect.stringContaining('end of the year'),
    });
  });

  it('are open during an exception, and closed again when it ends', () => {
    const spec: FreezeWindow = {
      periods: [season],
      exceptions: [{ from: '2026-12-24T08:00:00Z', until: '2026-12-24T10:00:00Z' }],
    };
    expect(judged(spec, now)).toMatchObject({ type: 'waits', untilMs: at('2026-12-24T08:00:00Z') });
    expect(judged(spec, at('2026-12-24T09:00:00Z'))).toMatchObject({
      type: 'passes',
      untilMs: at('2026-12-24T10:00:00Z'),
    });
    expect(judged(spec, at('2026-12-24T10:00:00Z')).type).toBe('waits');
  });

  it('count only where the labels of the Namespace say so', () => {
    const spec: FreezeWindow = {
      periods: [season],
      namespaceSelector: { matchLabels: { stage: 'production' } },
    };
    expect(judged(spec, now, { stage: 'test' }).type).toBe('passes');
    expect(judged(spec, now).type).toBe('passes');
    expect(judged(spec, now, { stage: 'production' }).type).toBe('waits');
  });
});

describe('a freeze window that cannot be read', () => {
  it.each<[string, FreezeWindow, string]>([
    [
      'a time zone that there is not',
      { ...weekend, timeZone: 'Mars/Phobos' },
      'timeZone "Mars/Phobos" is no time zone',
    ],
    [
      'a cron text of six fields',
      { windows: [{ start: '0 0 17 * * 5', end: '0 8 * * 1' }] },
      'windows[0].start "0 0 17 * * 5" is no cron text of five fields',
    ],
    [
      'an hour that there is not',
      { windows: [{ start: '0 17 * * 5', end: '0 25 * * 1' }] },
      'windows[0].end "0 25 * * 1" is no cron text',
    ],
    [
      'a period that ends before it begins',
      { periods: [{ from: '2027-01-04T00:00:00Z', until: '2026-12-20T00:00:00Z' }] },
      'periods[0] ends (2026-12-20T00:00:00Z) before it begins',
    ],
  ])('holds, and says why: %s', (_, spec, message) => {
    const verdict = judged(spec, at('2026-11-24T12:00:00Z'));
    expect(verdict).toMatchObject({ type: 'waits', reason: 'CheckInvalid' });
    expect(verdict).toMatchObject({
      message: expect.stringContaining(`spec.freezeWindow.${message}`),
    });
    expect(freezeWindowProblems(spec)).toHaveLength(1);
  });
});
