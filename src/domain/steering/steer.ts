import { isCompleted } from '../../api/keptn/states.ts';
import type { HandRelease, StampedRequest, SteeringRecord } from '../../api/keptn/steering.ts';
import { stated } from '../phase/advance.ts';
import { conditionTypes, isTrue, withCondition, observed } from '../conditions.ts';
import type { PhaseSubject } from '../phase-event.ts';
import { isPassed, type Phase } from '../phase/phases.ts';
import { type EventNote } from '../plan.ts';
import { isSuperseded } from '../phase/superseded.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { durationOr } from '../go/duration.ts';
import { attemptOf, type VersionStatus } from '../phase/version-status.ts';
import { aborted } from '../phase/aborted.ts';
import {
  byHand,
  describeRelease,
  goingOn,
  handReleaseOf,
  untilOf,
  withHandRelease,
} from '../phase/hand-release.ts';
import {
  idOf,
  openRequests,
  requestsOn,
  type SteeredVersion,
  type SteeringRequest,
} from './requests.ts';
import { retried } from './retry.ts';
import { defined } from '../../api/json.ts';

/** What steering works with. */
export interface Steering {
  readonly version: SteeredVersion;
  readonly phases: readonly Phase[];
  readonly subject: PhaseSubject;
  readonly now: number;
  /** An application is not Released: its own checks hold its workloads, as long as they have not passed. */
  readonly isHeld: boolean;
  /** False where another version is known to be current: this one is not started any more. It may still be stopped. */
  readonly isCurrent: boolean;
}

/** A status that was steered, and what is worth an Event. */
export interface Steered<S extends VersionStatus> {
  readonly status: S;
  readonly events: readonly EventNote[];
}

/** So many records are kept, and all of requests that the annotations still show. */
const mostRecords = 20;

/**
 * The status after everything that was asked for by hand and not carried out yet; undefined when there is nothing. Each request
 * is carried out once: what became of it is recorded in the same status. Nothing else is done before that is stored.
 */
export function steered<S extends VersionStatus>(status: S, of: Steering): Steered<S> | undefined {
  const requests = openRequests({ metadata: of.version.metadata, status });
  if (requests.length === 0) return undefined;
  return requests.reduce<Steered<S>>(
    (before, request) => {
      const after = carriedOut(before.status, request, of);
      return { status: after.status, events: [...before.events, ...after.events] };
    },
    { status, events: [] },
  );
}

/**
 * Whether something is asked for that only the current version is given. A refusal is final, so that what tells which version is
 * current is read live before one for that reason.
 */
export function asksForCurrent(
  status: VersionStatus,
  { metadata }: Pick<SteeredVersion, 'metadata'>,
): boolean {
  const open = openRequests({ metadata, status });
  return (
    !isSuperseded(status) && open.some(({ type, verb }) => type === 'stamped' && verb !== 'abort')
  );
}

/** What became of one request: the next status, or why there is none. */
type Outcome<S extends VersionStatus> =
  | { readonly type: 'done'; readonly status: S; readonly reason: string; readonly message: string }
  | { readonly type: 'refused'; readonly reason: string; readonly message: string };

function carriedOut<S extends VersionStatus>(
  status: S,
  one: SteeringRequest,
  of: Steering,
): Steered<S> {
  const outcome = outcomeOf(status, one, of);
  const isDone = outcome.type === 'done';
  const { reason, message } = outcome;
  const next = isDone ? outcome.status : status;
  const condition = {
    type: conditionTypes.steered,
    status: isDone ? 'True' : 'False',
    reason,
    message,
    ...observed(of.version),
  } as const;
  const record: SteeringRecord = {
    id: idOf(one),
    verb: one.verb,
    ...askedBy(one, of.now),
    attempt: attemptOf(next),
    outcome: isDone ? 'Done' : 'Refused',
    reason,
    message,
  };
  return {
    status: {
      ...next,
      steering: recent([...(next.steering ?? []), record], of.version),
      conditions: withCondition(next.conditions, condition, of.now),
    },
    events: [
      {
        about: of.subject.object,
        type: isDone && one.verb === 'retry' ? 'Normal' : 'Warning',
        reason: isDone ? reason : 'SteeringRefused',
        message,
        reportedBy: of.subject.reportedBy,
      },
    ],
  };
}

function askedBy(
  one: SteeringRequest,
  now: number,
): Pick<SteeringRecord, 'time' | 'user' | 'value' | 'for'> {
  if (one.type === 'unstamped') return { time: rfc3339(now), value: one.value };
  const { user, time, value, for: duration } = one.request;
  return { user, time, value, ...defined({ for: duration }) };
}

/** A record that goes while its request is still written on the version would have it carried out once more. */
function recent(records: readonly SteeringRecord[], version: SteeredVersion): SteeringRecord[] {
  const written = new Set(requestsOn(version).map(idOf));
  const first = records.length - mostRecords;
  return records.filter(({ id }, index) => index >= first || written.has(id));
}

function outcomeOf<S extends VersionStatus>(
  status: S,
  one: SteeringRequest,
  of: Steering,
): Outcome<S> {
  if (one.type === 'unstamped') {
    return { type: 'refused', reason: 'RequestUnstamped', message: one.message };
  }
  if (isSuperseded(status) || (!of.isCurrent && one.verb !== 'abort')) {
    return refused(one.verb, one.request, {
      reason: 'Superseded',
      message: 'another version is current; steer that one',
    });
  }
  switch (one.verb) {
    case 'retry':
      return retry(status, one.request, of);
    case 'abort':
      return abort(status, one.request, of);
    case 'release':
      return release(status, one.request, of);
  }
}

function retry<S extends VersionStatus>(
  status: S,
  request: StampedRequest,
  of: Steering,
): Outcome<S> {
  if (!isCompleted(status.status) && !isHeldAfterRelease(status, of.phases)) {
    const condition = status.conditions?.find(({ type }) => type === conditionTypes.succeeded);
    const why = condition === undefined ? '' : ` (${condition.message})`;
    return refused('retry', request, {
      reason: 'NothingFailed',
      message: `it has not failed, but is on its way${why}; wait for its end, or abort it first`,
    });
  }
  const result = retried(status, request.value, of);
  if (result.type === 'nothing') {
    return refused('retry', request, { reason: 'NothingToRetry', message: result.message });
  }
  const message = `${request.user} has it try again: ${result.what}`;
  const { status: next } = result;
  return {
    type: 'done',
    reason: 'Retried',
    message,
    status: {
      ...next,
      conditions: stated(next, { kind: 'waiting', reason: 'Retried', message }, of),
    },
  };
}

/** Whether the version came as far as its deployment by a hand whose time is over: nothing of it runs, and nothing goes on. */
function isHeldAfterRelease(status: VersionStatus, phases: readonly Phase[]): boolean {
  const deployment = phases.find(({ type }) => type === 'deploy');
  return (
    status.releasedByHand !== undefined &&
    !isTrue({ status }, conditionTypes.released) &&
    status.currentPhase === deployment?.short
  );
}

function abort<S extends VersionStatus>(
  status: S,
  { user, value }: StampedRequest,
  of: Steering,
): Outcome<S> {
  if (isCompleted(status.status)) {
    return refused(
      'abort',
      { user },
      {
        reason: 'NothingRuns',
        message: `it is over (${status.status}), so that nothing of it runs`,
      },
    );
  }
  const why = value === '' || value === 'true' ? '' : `: ${value}`;
  const message = `${user} has aborted it${why}`;
  return { type: 'done', reason: 'Aborted', message, status: aborted(status, { ...of, message }) };
}

function release<S extends VersionStatus>(
  status: S,
  request: StampedRequest,
  of: Steering,
): Outcome<S> {
  const no = (reason: string, message: string): Outcome<S> =>
    refused('release', request, { reason, message });
  const asked = releaseAskedFor(request);
  if (asked.reason.trim() === '') return no('ReasonMissing', 'no reason was given; say why');
  if (untilOf(asked) <= of.now) {
    return no('ReleaseExpired', `the time asked for (${request.for ?? 'none'}) is over already`);
  }
  const isHeldNow =
    handReleaseOf(status) !== undefined || !isTrue({ status }, conditionTypes.released);
  if (!isHeldNow || !of.isHeld) {
    return no('NothingHeld', 'its checks do not hold anything, so that nothing is to be released');
  }
  const at = { now: of.now, of: of.version };
  const isFailedBefore =
    status.status === 'Failed' &&
    of.phases.some((phase) => phase.type === 'deploy' && !isPassed(status[phase.state]));
  const next = isFailedBefore ? goingOn(status, of) : status;
  const message = describeRelease(asked);
  const going = isFailedBefore
    ? { ...next, conditions: stated(next, { kind: 'waiting', reason: byHand, message }, of) }
    : next;
  return { type: 'done', reason: byHand, message, status: withHandRelease(going, asked, at) };
}

function refused(
  verb: SteeringRequest['verb'],
  { user }: Pick<StampedRequest, 'user'>,
  why: { readonly reason: string; readonly message: string },
): { readonly type: 'refused'; readonly reason: string; readonly message: string } {
  const { reason, message } = why;
  return { type: 'refused', reason, message: `${verb} by ${user} was refused: ${message}` };
}

/** The release that a request asks for. Its time runs from the moment it was asked for. */
function releaseAskedFor({ user, time, value, for: duration }: StampedRequest): HandRelease {
  const ms = Math.max(0, durationOr(duration, 0));
  return { user, time, reason: value, until: rfc3339((parseTime(time) ?? 0) + ms) };
}
