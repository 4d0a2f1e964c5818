import { sluiceKeys } from './annotations.ts';
import { parserOf } from '../parse.ts';
import {
  int32,
  list,
  object,
  oneOf,
  optional,
  shortText,
  text,
  time,
  type Static,
} from '../schema.ts';

/*
 * How a person steers a version. An annotation says what is asked for (`sluice.keptn.sh/retry: failed`). Admission takes it
 * off and appends it to a list beside it, together with the user and the time that the API server states: the stamp. The
 * controller carries out what is on the lists, once, and records it in `status.steering`. So the same request can be made
 * twice, and two people who steer at once are both heard.
 */

/** What can be asked for. Each is a verb of RBAC on the version as well. */
export const steeringVerbs = ['retry', 'abort', 'release'] as const;
export type SteeringVerb = (typeof steeringVerbs)[number];

/** Of each verb the annotation that people write, and the list that admission keeps. */
export const steeringKeys: Readonly<
  Record<SteeringVerb, { readonly asked: string; readonly stamped: string }>
> = {
  retry: { asked: sluiceKeys.retry, stamped: sluiceKeys.retryRequests },
  abort: { asked: sluiceKeys.abort, stamped: sluiceKeys.abortRequests },
  release: { asked: sluiceKeys.release, stamped: sluiceKeys.releaseRequests },
};

/** The value of `retry` for all that has failed. Others name a phase, a definition, a task or an evaluation. */
export const retryFailed = 'failed';
/** The value of `retry` for every check, also those that have passed. */
export const retryEverything = 'everything';

/** So many requests of one verb wait at most; more are refused at admission. */
export const mostPending = 16;

/** The most characters of a reason or target. */
export const longestValue = 512;

const stamped = object('', {
  /** The uid of the admission request: no two are the same. */
  id: text('', { minLength: 1 }),
  user: text('', { minLength: 1 }),
  time: time(''),
  /** What the annotation said: a target (retry), or a reason. */
  value: text(''),
  /** How long a release holds, as a Go duration. */
  for: optional(text('')),
});

/** A request with its stamp. */
export type StampedRequest = Static<typeof stamped>;

const parseList = parserOf(list('', stamped));

/** The requests of a list that admission keeps; undefined for a text that admission has not written. */
export function parseRequests(listed: string): readonly StampedRequest[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(listed);
  } catch {
    return undefined;
  }
  const parsed = parseList(value);
  return parsed.ok ? parsed.value : undefined;
}

const pauseStamp = object('', { user: text('', { minLength: 1 }), time: time('') });

/** Who has paused something, and when. */
export type PauseStamp = Static<typeof pauseStamp>;

const parsePause = parserOf(pauseStamp);

/** The stamp of a pause; undefined for a text that admission has not written. */
export function parsePauseStamp(stamp: string | undefined): PauseStamp | undefined {
  try {
    const parsed = parsePause(JSON.parse(stamp ?? ''));
    return parsed.ok ? parsed.value : undefined;
  } catch {
    return undefined;
  }
}

const steeringRecord = object('What somebody asked for, and what became of it.', {
  id: shortText('Tells the request from all others.'),
  verb: oneOf('What was asked for.', steeringVerbs),
  user: optional(text('Who asked, as the API server states it.')),
  time: time('When it was asked for.'),
  value: optional(text('What is retried, or the reason that was given.')),
  for: optional(text('How long the release was asked for.')),
  attempt: optional(int32('The attempt it was carried out in or has opened.')),
  outcome: oneOf('Whether it was carried out.', ['Done', 'Refused']),
  reason: shortText('What became of it, as one word.'),
  message: text('What became of it, as a sentence.'),
});

/** A request that was carried out or refused. */
export type SteeringRecord = Static<typeof steeringRecord>;

const handRelease = object('The last release by hand.', {
  user: text('Who released it.'),
  time: time('When.'),
  reason: text('Why, in their words.'),
  until: time('When it ends. Pods that have started by then go on.'),
  appVersion: optional(
    text('The KeptnAppVersion that was released, if it was not this version itself.'),
  ),
});

/** Who let something start although its checks have not passed, why, and until when. */
export type HandRelease = Static<typeof handRelease>;

/** What the status of a version keeps of its steering. */
export const steeringStatus = {
  steering: optional(list('The last 20 requests by hand, oldest first.', steeringRecord)),
  releasedByHand: optional(handRelease),
};
