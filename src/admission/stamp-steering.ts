import { sluiceKeys } from '../api/keptn/annotations.ts';
import {
  longestValue,
  mostPending,
  parseRequests,
  type StampedRequest,
  steeringKeys,
  type SteeringVerb,
  steeringVerbs,
} from '../api/keptn/steering.ts';
import type { FieldError } from '../api/parse.ts';
import type { AdmissionRequest } from '../api/review.ts';
import { formatDuration, parseDuration } from '../domain/go/duration.ts';
import type { Lookup } from '../domain/lookup.ts';
import { rfc3339 } from '../domain/time.ts';
import { type Annotations, annotationOperations, parseSteered } from './steering-shape.ts';
import { allow, allowWith, deny, type Verdict } from './verdict.ts';

/** The keys by which a version is steered, and those that admission keeps. */
export const requestKeys: readonly string[] = [
  ...Object.values(steeringKeys).flatMap(({ asked, stamped }) => [asked, stamped]),
  sluiceKeys.releaseFor,
];

/** How long a release by hand holds if it does not say. */
const defaultReleaseMs = 3_600_000;
/** A release that outlives a month is no exception any more. */
const longestReleaseMs = 720 * 3_600_000;

/** An object before and after the request, and who made it. */
interface Steered {
  readonly before: Annotations;
  readonly after: Annotations;
  /** The ids of the requests that were carried out or refused. */
  readonly handled: ReadonlySet<string>;
  readonly stamp: Pick<StampedRequest, 'id' | 'user' | 'time'>;
}

/**
 * Stamps what somebody asks of a version with their name and the time, as the API server states them: the annotation is taken
 * off and put on the list of its verb. A list that came along with the request counts for nothing.
 */
export function stampRequests(request: AdmissionRequest, _lookup: Lookup, now: number): Verdict {
  const subject = `${request.kind.kind} "${request.name ?? ''}"`;
  const parsed = parseSteered(request.object);
  if (!parsed.ok) return deny(subject, parsed.errors);
  const old = parseSteered(request.oldObject);
  const records = old.ok ? (old.value.status?.steering ?? []) : [];
  const { annotations } = parsed.value.metadata;
  const steered: Steered = {
    before: (old.ok ? old.value.metadata.annotations : undefined) ?? {},
    after: annotations ?? {},
    handled: new Set(records.flatMap(({ id }) => id ?? [])),
    stamp: stampOf(request, now),
  };
  const problems = problemsOf(steered);
  if (problems.length > 0) return deny(subject, problems);
  const stamped = steeringVerbs.reduce((next, verb) => withList(next, verb, steered), {
    ...steered.after,
  });
  return allowWith(annotationOperations(annotations, stamped));
}

function stampOf({ uid, userInfo }: AdmissionRequest, now: number) {
  // A user without a name is anonymous to the API server, too.
  return { id: uid, user: userInfo.username ?? 'system:anonymous', time: rfc3339(now) };
}

/** Whether this request asks for it: an annotation that was there before is somebody else's. */
function isAsked(verb: SteeringVerb, { before, after }: Steered): boolean {
  const { asked } = steeringKeys[verb];
  return after[asked] !== undefined && after[asked] !== before[asked];
}

function withList(next: Annotations, verb: SteeringVerb, steered: Steered): Annotations {
  const { asked, stamped } = steeringKeys[verb];
  const { before, stamp } = steered;
  const { [stamped]: _brought, ...others } = next;
  if (!isAsked(verb, steered)) {
    return before[stamped] === undefined ? others : { ...others, [stamped]: before[stamped] };
  }
  const { [asked]: value = '', ...rest } = others;
  const { [sluiceKeys.releaseFor]: duration, ...withoutDuration } = rest;
  const isRelease = verb === 'release';
  const request: StampedRequest = {
    ...stamp,
    value: value.trim(),
    ...(isRelease && { for: duration ?? formatDuration(defaultReleaseMs) }),
  };
  const waiting = waitingOf(verb, steered);
  return {
    ...(isRelease ? withoutDuration : rest),
    [stamped]: JSON.stringify([...waiting, request]),
  };
}

/** What is on the list and was not carried out yet. */
function waitingOf(verb: SteeringVerb, { before, handled }: Steered): readonly StampedRequest[] {
  const listed = parseRequests(before[steeringKeys[verb].stamped] ?? '[]') ?? [];
  return listed.filter(({ id }) => !handled.has(id));
}

function problemsOf(steered: Steered): readonly FieldError[] {
  const { before, after } = steered;
  const asked = steeringVerbs.filter((verb) => isAsked(verb, steered));
  const problems = asked.flatMap((verb) => problemsOfVerb(verb, steered));
  const duration = after[sluiceKeys.releaseFor];
  const isAlone =
    duration !== undefined &&
    duration !== before[sluiceKeys.releaseFor] &&
    !asked.includes('release');
  const alone = problem(
    sluiceKeys.releaseFor,
    `releases nothing by itself: write ${sluiceKeys.release} with your reason beside it, or, to prolong a release, write both`,
  );
  return isAlone ? [...problems, alone] : problems;
}

function problemsOfVerb(verb: SteeringVerb, steered: Steered): readonly FieldError[] {
  const { asked } = steeringKeys[verb];
  const value = (steered.after[asked] ?? '').trim();
  const waiting = waitingOf(verb, steered).length;
  return [
    ...(verb !== 'abort' && value === '' ? [problem(asked, whatIsMissing[verb])] : []),
    ...(value.length > longestValue
      ? [problem(asked, `is longer than ${longestValue} characters`)]
      : []),
    ...(waiting >= mostPending
      ? [
          problem(
            asked,
            `${waiting} requests wait to be carried out; look whether Sluice runs: kubectl get lease -A`,
          ),
        ]
      : []),
    ...(verb === 'release' ? durationProblems(steered.after[sluiceKeys.releaseFor]) : []),
  ];
}

const whatIsMissing = {
  retry:
    'is empty: write "failed" for all that has failed, "everything", or the name of a phase, a definition, a task or an evaluation',
  release: 'is empty: write why the Pods are to start although their checks have not passed',
} as const;

function durationProblems(duration: string | undefined): readonly FieldError[] {
  if (duration === undefined) return [];
  const key = sluiceKeys.releaseFor;
  try {
    const ms = parseDuration(duration);
    if (ms > 0 && ms <= longestReleaseMs) return [];
    const longest = formatDuration(longestReleaseMs);
    return [problem(key, `"${duration}" must be more than 0 and at most ${longest}`)];
  } catch (error) {
    return [problem(key, error instanceof Error ? error.message : String(error))];
  }
}

function problem(key: string, message: string): FieldError {
  return { path: `metadata.annotations[${key}]`, message };
}

/** The keys of a pause. */
export const pauseKeys: readonly string[] = [sluiceKeys.paused, sluiceKeys.pausedBy];

/** Stamps a pause with the user and the time; the stamp goes with it, and one that came along counts for nothing. */
export function stampPause(request: AdmissionRequest, _lookup: Lookup, now: number): Verdict {
  const misplaced = misplacedProblems(
    request,
    'its version (KeptnAppVersion, KeptnWorkloadVersion)',
  );
  const subject = `${request.kind.kind} "${request.name ?? ''}"`;
  if (misplaced.length > 0) return deny(subject, misplaced);
  const parsed = parseSteered(request.object);
  if (!parsed.ok) return deny(subject, parsed.errors);
  const old = parseSteered(request.oldObject);
  const before = (old.ok ? old.value.metadata.annotations : undefined) ?? {};
  const { annotations } = parsed.value.metadata;
  const { [sluiceKeys.pausedBy]: _brought, ...others } = annotations ?? {};
  const paused = others[sluiceKeys.paused];
  if (paused === undefined) return allowWith(annotationOperations(annotations, others));
  const isNew = paused !== before[sluiceKeys.paused];
  const { user, time } = stampOf(request, now);
  const stamp = isNew ? JSON.stringify({ user, time }) : before[sluiceKeys.pausedBy];
  const stamped = stamp === undefined ? others : { ...others, [sluiceKeys.pausedBy]: stamp };
  return allowWith(annotationOperations(annotations, stamped));
}

/** Refuses to steer a task or evaluation, which would do nothing, and says what to steer in its place. */
export function refuseSteering(request: AdmissionRequest): Verdict {
  const parsed = parseSteered(request.object);
  const owner = parsed.ok ? parsed.value.metadata.ownerReferences?.[0] : undefined;
  const place = owner === undefined ? 'the version it belongs to' : `${owner.kind} ${owner.name}`;
  const problems = misplacedProblems(request, place);
  return problems.length === 0
    ? allow()
    : deny(`${request.kind.kind} "${request.name ?? ''}"`, problems);
}

/** Steering annotations that this request writes on an object of which they are not read. */
function misplacedProblems(request: AdmissionRequest, place: string): readonly FieldError[] {
  const parsed = parseSteered(request.object);
  const old = parseSteered(request.oldObject);
  const after = (parsed.ok ? parsed.value.metadata.annotations : undefined) ?? {};
  const before = (old.ok ? old.value.metadata.annotations : undefined) ?? {};
  return requestKeys
    .filter((key) => after[key] !== undefined && after[key] !== before[key])
    .map((key) => problem(key, `is read on versions only: write it on ${place}`));
}
