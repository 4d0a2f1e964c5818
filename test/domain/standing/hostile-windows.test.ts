import { expect, test } from 'vitest';
import type { CheckDefinition } from '../../../src/api/keptn/check-definition.ts';
import { judgeStanding, mostStandingChecks } from '../../../src/domain/check/standing-checks.ts';
import { judgeFreezeWindow } from '../../../src/domain/standing/freeze-window.ts';
import { occurrencesOf } from '../../../src/domain/standing/occurrences.ts';

test('a window stays closed in the last second before its start comes again', () => {
  const nightsAndWeekends = { windows: [{ start: '0 18 * * *', end: '0 8 * * 1-5' }] };
  const saturday = Date.parse('2026-11-28T17:59:59.500Z');
  expect(judgeFreezeWindow(nightsAndWeekends, { now: saturday, labels: {} }).type).toBe('waits');
});

test.each([
  ['0 0 31 2,4,6,9,11 *', 'never'],
  ['0 0 30 FEB *', 'never'],
  ['0 0 30-31 2 *', 'never'],
  ['0 0 31 4-6 *', 'comes'],
  ['0 0 29 2 *', 'comes'],
  ['0 0 31 2 MON', 'comes'],
  ['0 0 */2 2 *', 'comes'],
])('the text %s %s', (cron, what) => {
  const times = occurrencesOf(cron, 'UTC');
  if ('problem' in times) throw new Error(times.problem);
  const next = times.next(Date.parse('2026-11-29T12:00:00Z'));
  expect(next === undefined ? 'never' : 'comes').toBe(what);
});

test.each(['0 0 L * *', '0 0 ? * 5#2', '0 0 15W * *', '0 0 29 2 +1'])(
  'signs of croner alone are refused: %s',
  (cron) => {
    expect(occurrencesOf(cron, 'UTC')).toHaveProperty('problem');
  },
);

test('of very many checks in a phase some are not judged, and say so', () => {
  const items = Array.from({ length: mostStandingChecks + 2 }, (_, index) => ({
    definitionName: `CheckDefinition/check-${index}`,
  }));
  const request = { namespace: 'n', isLast: true, observed: new Set<string>(), now: 0, items };
  const judged = judgeStanding(request, { definitions: new Map(), namespaceLabels: {} });
  expect(judged.items.map(({ reason }) => reason === 'TooManyChecks')).toEqual(
    items.map((_, index) => index >= mostStandingChecks),
  );
});

test('names of months and days are read', () => {
  expect(occurrencesOf('0 0 1 JUL WED', 'UTC')).not.toHaveProperty('problem');
});

test('a window of every minute beside rare ones is judged within a moment', () => {
  const rare = { start: '0 0 31 2,4,6,9,11 *', end: '0 0 31 2,4,6,9,11 *' };
  const windows = [
    ...Array.from({ length: 19 }, () => rare),
    { start: '* * * * *', end: '* * * * *' },
  ];
  const before = process.cpuUsage();
  judgeFreezeWindow(
    { timeZone: 'Europe/Berlin', windows },
    { now: Date.parse('2026-11-29T12:00:00Z'), labels: {} },
  );
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
});

test('a check that has failed without blocking holds no other for ever', () => {
  const check = (name: string, until: string): CheckDefinition => ({
    apiVersion: 'sluice.keptn.sh/v1alpha1',
    kind: 'CheckDefinition',
    metadata: { name },
    spec: { freezeWindow: { periods: [{ from: '2026-01-01T00:00:00Z', until }] } },
  });
  const { items } = judgeStanding(
    {
      namespace: 'n',
      isLast: true,
      observed: new Set(),
      now: Date.parse('2026-11-29T12:00:00Z'),
      items: [
        {
          definitionName: 'CheckDefinition/warns',
          status: 'Failed',
          reason: 'CheckDeadlineExceeded',
        },
        { definitionName: 'CheckDefinition/open', status: 'Progressing' },
      ],
    },
    {
      definitions: new Map([
        ['warns', check('warns', '2027-01-01T00:00:00Z')],
        ['open', check('open', '2026-02-01T00:00:00Z')],
      ]),
      namespaceLabels: {},
    },
  );
  expect(items.map(({ status }) => status)).toEqual(['Failed', 'Succeeded']);
});
