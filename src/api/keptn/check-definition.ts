import { statusObject } from '../condition.ts';
import { defineResource, type ObjectOf } from '../resource.ts';
import {
  duration,
  list,
  object,
  optional,
  rules,
  shortText,
  stringMap,
  time,
  type Static,
} from '../schema.ts';
import { sluiceGroup } from './groups.ts';

const window = object('Closed from each time of `start` to the next time of `end`.', {
  name: optional(shortText('What people call it; shown while it is closed.', { maxLength: 253 })),
  start: shortText('When it closes: cron with the five fields minute to day of week.', {
    maxLength: 100,
  }),
  end: shortText('When it opens again: cron with the same five fields.', { maxLength: 100 }),
});

/** A time that comes again, in which nothing new starts. */
export type RecurringWindow = Static<typeof window>;

const period = object('From one moment to another.', {
  from: time('The first moment of it.'),
  until: time('The first moment after it.'),
  reason: optional(shortText('Why; shown while it counts.')),
});

/** A period that comes once. */
export type CalendarPeriod = Static<typeof period>;

const freezeWindow = object(
  'When nothing new may start. The check passes while no window and no period is closed.',
  {
    timeZone: optional(
      shortText('Time zone of the windows by its IANA name, for example Europe/Berlin.', {
        default: 'UTC',
        maxLength: 100,
      }),
    ),
    windows: optional(list('Times that come again.', window, { maxItems: 20 })),
    periods: optional(
      list('Times that come once, for example a season.', period, { maxItems: 200 }),
    ),
    exceptions: optional(
      list('Times in which it is open, whatever the windows and periods say.', period, {
        maxItems: 200,
      }),
    ),
    namespaceSelector: optional(
      object(
        'The Namespaces for which it counts, of those that use this definition. All of them if not set.',
        { matchLabels: stringMap('Labels that the Namespace has, each with this value.') },
      ),
    ),
  },
  rules({
    rule: '(has(self.windows) && self.windows.size() > 0) || (has(self.periods) && self.periods.size() > 0)',
    message: 'set windows or periods; without them it is always open',
  }),
);

/** When nothing new may start. */
export type FreezeWindow = Static<typeof freezeWindow>;

const spec = object('What has to be so.', {
  freezeWindow,
  deadline: optional(
    duration(
      'How long a version may wait for this check until it counts as failed; 0s, or not set: for ever.',
    ),
  ),
});

const status = statusObject('What Sluice knows of the definition.', {});

export type CheckDefinitionSpec = Static<typeof spec>;

/** A check without a Job: something that is so or not, judged when a version comes to it. */
export const CheckDefinition = defineResource({
  group: sluiceGroup,
  kind: 'CheckDefinition',
  shortNames: ['checkdef'],
  description: 'A check without a Job: what has to be so before a version goes on.',
  summary: 'Ready',
  versions: [{ name: 'v1alpha1', spec, status }],
});
export type CheckDefinition = ObjectOf<typeof CheckDefinition>;
