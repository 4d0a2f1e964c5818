import type { VersionAttempt } from '../../api/keptn/item-status.ts';
import type { KeptnState } from '../../api/keptn/states.ts';
import type { SpanEvent, SpanLink, SpanRecord } from '../../api/span.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { completedPhase, type Phase } from '../phase/phases.ts';
import { parseTime } from '../time.ts';
import { errorType, phaseAttributes, resultOf, versionAttributes } from './trace-attributes.ts';
import {
  type OwningVersion,
  parentOfVersion,
  phaseSpan,
  phasesOf,
  versionSpan,
} from './trace-context.ts';
import { spanOf } from './traceparent.ts';
import { attemptOf } from '../phase/version-status.ts';
import { defined } from '../../api/json.ts';

/** Keptn's tracers; the instrumentation scopes of a version's spans and those of its tasks and evaluations. */
export const versionScopes = {
  app: 'keptn/lifecycle-operator/appversion',
  workload: 'keptn/lifecycle-operator/workloadversion',
} as const;

/**
 * The spans of an attempt of a version that is over: one for the attempt, one for each phase it went through. They follow from
 * what the end has fixed: a version that is superseded after its end keeps the spans it had.
 */
export function versionSpans(owning: OwningVersion, attempt: number): readonly SpanRecord[] {
  const seen = { owning, attempt, over: attemptSeen(owning, attempt) };
  const root = rootSpan(seen);
  return [root, ...phaseSpans(seen, root)];
}

/** An attempt of a version and what is stored of it. */
interface Seen {
  readonly owning: OwningVersion;
  readonly attempt: number;
  readonly over: AttemptSeen;
}

function rootSpan({ owning, attempt, over }: Seen): SpanRecord {
  const { version, type } = owning;
  const { name } = version.metadata;
  const parent = parentOfVersion(version, attempt);
  const startMs = startOf({ owning, attempt, over });
  const endMs = Math.max(startMs, parseTime(over.endTime) ?? startMs);
  const { state, reason } = endOf(over);
  const result = resultOf(state, reason);
  return {
    ...versionSpan(version, attempt),
    ...defined({ parent }),
    scope: versionScopes[type],
    name,
    startMs,
    endMs,
    attributes: {
      ...versionAttributes(owning),
      'cicd.pipeline.result': result,
      ...errorType(result, reason),
    },
    events: [
      { name: firstEvents[type], atMs: startMs },
      { name: `${name} ${endWords[outcomeOf(state)]}`, atMs: endMs },
    ],
    links: linksOf(owning),
    ...ending(state),
  };
}

/**
 * When an attempt began. Its first phase may be recorded to have begun a moment before it, as its checks are created first; a
 * further attempt waits for its app before it begins.
 */
function startOf({ owning, attempt, over }: Seen): number {
  const { creationTimestamp } = owning.version.metadata;
  const opened = parseTime(over.startTime) ?? parseTime(creationTimestamp) ?? 0;
  const phases = Object.values(over.phaseRecords ?? {});
  const starts = phases.flatMap(({ startTime }) => parseTime(startTime) ?? []);
  const first = Math.min(...starts);
  if (starts.length === 0) return opened;
  return attempt > 1 ? first : Math.min(opened, first);
}

function phaseSpans({ owning, attempt, over }: Seen, root: SpanRecord): readonly SpanRecord[] {
  const { version } = owning;
  const common = versionAttributes(owning);
  let behind = root.startMs;
  return phasesOf(version).flatMap((phase): SpanRecord[] => {
    const record = over.phaseRecords?.[phase.short];
    if (record === undefined) return [];
    const { status: state, reason } = record;
    // A phase that began before phases were recorded began, at the earliest, where the one before it ended.
    const startMs = parseTime(record.startTime) ?? behind;
    const endMs = Math.max(startMs, parseTime(record.endTime) ?? root.endMs);
    behind = endMs;
    const result = resultOf(state, reason);
    return [
      {
        ...phaseSpan(version, phase.short, attempt),
        parent: { traceId: root.traceId, spanId: root.spanId },
        scope: root.scope,
        name: phaseName(owning, phase),
        startMs,
        endMs,
        attributes: {
          ...common,
          ...phaseAttributes(owning, phase, { attempt, result }),
          ...errorType(result, reason),
        },
        events: [phaseEnded(phase, state, endMs)],
        links: [],
        ...ending(state),
      },
    ];
  });
}

type Outcome = SpanRecord['outcome'];

/** Keptn's words for how an object ended, and one for what Keptn's spans never say. */
export const endWords: Readonly<Record<Outcome, string>> = {
  ok: 'has finished',
  error: 'has failed',
  unset: 'was superseded',
};

/** How the span of something in this final state ends. OpenTelemetry describes errors only. */
export function ending(state: KeptnState | undefined): Pick<SpanRecord, 'outcome' | 'description'> {
  const outcome = outcomeOf(state);
  return outcome === 'error' ? { outcome, description: 'Failed' } : { outcome };
}

/** A Warning is reported as a success, as in Keptn's non-blocking mode. */
export function outcomeOf(state: KeptnState | undefined): Outcome {
  if (state === 'Failed') return 'error';
  return state === 'Succeeded' || state === 'Warning' ? 'ok' : 'unset';
}

const firstEvents = {
  app: 'App Version Pre-Deployment Tasks started',
  workload: 'WorkloadVersion Pre-Deployment Tasks started',
} as const;

function phaseEnded(phase: Phase, state: KeptnState | undefined, atMs: number): SpanEvent {
  const outcome = outcomeOf(state);
  return { name: `${phase.long} ${outcome === 'ok' ? 'has succeeded' : endWords[outcome]}`, atMs };
}

function phaseName(owning: OwningVersion, { short }: Phase): string {
  return owning.type === 'app' ? short : `${owning.version.spec.workloadName}/${short}`;
}

type AttemptSeen = Pick<
  VersionAttempt,
  'phase' | 'status' | 'reason' | 'startTime' | 'endTime' | 'phaseRecords'
>;

function attemptSeen({ version }: OwningVersion, attempt: number): AttemptSeen {
  const { status = {} } = version;
  if (attemptOf(status) !== attempt) {
    return status.attempts?.find((over) => over.attempt === attempt) ?? {};
  }
  const { currentPhase: phase } = status;
  const reason = conditionOf(version, conditionTypes.succeeded)?.reason;
  return {
    ...status,
    ...defined({ phase, reason }),
  };
}

/** How the attempt ended at first: a raised revision makes Deprecated of what had completed or failed before. */
function endOf(over: AttemptSeen): { state: KeptnState | undefined; reason: string | undefined } {
  if (over.phase === completedPhase) return { state: 'Succeeded', reason: undefined };
  const records = Object.values(over.phaseRecords ?? {});
  const failed = records.find(({ status }) => status === 'Failed');
  if (failed !== undefined) return { state: 'Failed', reason: failed.reason };
  const { status: state, reason } = over;
  return { state, reason };
}

/** What Keptn's span links say: the spans of earlier stages that this one follows. What is no traceparent is left out. */
function linksOf(owning: OwningVersion): readonly SpanLink[] {
  if (owning.type !== 'app') return [];
  const attributes = { 'opentracing.ref_type': 'follows-from' };
  return (owning.version.spec.spanLinks ?? []).flatMap((link) => {
    const span = spanOf(link);
    return span === undefined ? [] : [{ ...span, attributes }];
  });
}
