import { isJsonObject, type JsonObject, isEqualJson } from '../../api/json.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { isCompleted, stateOf } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { SpanContext } from '../../api/span.ts';
import type { Effect, EventNote, Plan, StatusChange } from '../plan.ts';
import { rfc3339 } from '../time.ts';
import {
  appDeployPhase,
  isTask,
  phaseSpan,
  phasesOf,
  spanOfCheckType,
  type TracedCheck,
  type TracedVersion,
  versionSpan,
} from './trace-context.ts';
import { exportPending } from './trace-export.ts';
import { carrierOf, traceparentKey, traceparentOf } from './traceparent.ts';
import { attemptOf } from '../phase/version-status.ts';

/**
 * What tracing adds to a plan while it is on, and to nothing else: trace context on the children that are created and on the
 * Events that are recorded, and in the status, together with what is written anyway, the trace context of the phases and the
 * mark of an end whose spans are to be exported. It never asks for a write of its own.
 */

/** The plan of a task or evaluation, with `span` its own. */
export function tracedCheckPlan(plan: Plan, span: SpanContext | undefined, now: number): Plan {
  if (span === undefined) return withStatus(plan, (change) => withEnd(change, now));
  return withStatus(
    {
      ...plan,
      ...withEffects(plan, () => span),
      ...withEvents(plan, () => span),
    },
    (change) => withEnd(change, now),
  );
}

/** A version whose plan is traced. */
export interface VersionTracing {
  readonly version: TracedVersion;
  readonly now: number;
  /** The span that the version hangs on if it begins now; undefined for the root of a trace. */
  readonly parent: SpanContext | undefined;
}

/** The plan of a version. Where the attempt begins, what it hangs on is decided, and recorded with that. */
export function tracedVersionPlan(plan: Plan, { version, now, parent }: VersionTracing): Plan {
  const next = recordIn(plan.status?.to);
  const attempt = attemptIn(next) ?? attemptOf(version.status);
  const seen = attemptBegun(version, attempt) ? version : hungOn(version, attempt, parent);
  const spanOfEvent = ({ annotations }: EventNote): SpanContext => {
    const phase = phasesOf(version).find(({ short }) => short === annotations?.['phase']);
    return phase === undefined ? versionSpan(seen, attempt) : phaseSpan(seen, phase.short, attempt);
  };
  return withStatus(
    {
      ...plan,
      ...withEffects(plan, ({ spec }) => spanOfCheckType(seen, spec.checkType, attempt)),
      ...withEvents(plan, spanOfEvent),
    },
    (change) => withEnd(withPhaseTraces(change, seen, attempt), now),
  );
}

/** Whether the stored status says that this attempt has begun: what it hangs on is decided then. */
function attemptBegun({ status }: TracedVersion, attempt: number): boolean {
  return attemptOf(status) === attempt && (status?.currentPhase ?? '') !== '';
}

/** The version as it will be stored when this attempt has begun below `parent`. */
function hungOn(
  version: TracedVersion,
  attempt: number,
  parent: SpanContext | undefined,
): TracedVersion {
  const phaseTraceIDs = parent === undefined ? {} : { [appDeployPhase]: carrierOf(parent) };
  return { ...version, status: { ...version.status, attempt, phaseTraceIDs } };
}

/** Keptn's `phaseTraceIDs`; of a workload version it also says what it hangs on, and lasts as long as the attempt. */
function withPhaseTraces(change: StatusChange, seen: TracedVersion, attempt: number): StatusChange {
  const next = recordIn(change.to);
  const phases = Object.keys(recordIn(next['phaseRecords']));
  if (phases.length === 0) return change;
  const phaseTraceIDs = {
    ...seen.status?.phaseTraceIDs,
    ...recordIn(next['phaseTraceIDs']),
    ...Object.fromEntries(
      phases.map((phase) => [phase, carrierOf(phaseSpan(seen, phase, attempt))]),
    ),
  };
  return { ...change, to: { ...next, phaseTraceIDs } };
}

/** An object that has just come to its end is marked: its spans are to be exported. */
function withEnd(change: StatusChange, now: number): StatusChange {
  const next = recordIn(change.to);
  // One attempt may be opened and come to its end in one decision.
  const isSameAttempt = attemptIn(recordIn(change.from)) === attemptIn(next);
  if (!hasEnded(change.to) || (hasEnded(change.from) && isSameAttempt)) return change;
  const stated: readonly unknown[] = Array.isArray(next['conditions']) ? next['conditions'] : [];
  const others = stated.filter((condition) => recordIn(condition)['type'] !== exportPending.type);
  const pending = { ...exportPending, lastTransitionTime: rfc3339(now) };
  return { ...change, to: { ...next, conditions: [...others, pending] } };
}

function attemptIn({ attempt }: JsonObject): number | undefined {
  return typeof attempt === 'number' ? attempt : undefined;
}

function hasEnded(status: unknown): boolean {
  const { status: state, overallStatus } = recordIn(status);
  const word = overallStatus ?? state;
  return typeof word === 'string' && isCompleted(stateOf(word));
}

function withStatus(plan: Plan, add: (change: StatusChange) => StatusChange): Plan {
  const { status } = plan;
  if (status === undefined || isEqualJson(status.from, status.to)) return plan;
  return { ...plan, status: add(status) };
}

function withEffects(
  { effects, afterwards }: Plan,
  spanAbove: (child: TracedCheck) => SpanContext,
): Pick<Plan, 'effects' | 'afterwards'> {
  const traced = (effect: Effect): Effect => {
    if (effect.type !== 'create' || !isCheck(effect.object)) return effect;
    return { ...effect, object: carrying(effect.object, spanAbove(effect.object)) };
  };
  return {
    ...(effects && { effects: effects.map(traced) }),
    ...(afterwards && { afterwards: afterwards.map(traced) }),
  };
}

/** A new task or evaluation that carries the span above it: the one as Keptn does it, the other in an annotation. */
function carrying(child: TracedCheck, above: SpanContext): TracedCheck {
  if (!isTask(child)) {
    const annotations = { ...child.metadata.annotations, ...carrierOf(above) };
    return { ...child, metadata: { ...child.metadata, annotations } };
  }
  const { context } = child.spec;
  const metadata = { ...context?.metadata, ...carrierOf(above) };
  return { ...child, spec: { ...child.spec, context: { ...context, metadata } } };
}

function withEvents(
  { events }: Plan,
  spanOf: (note: EventNote) => SpanContext,
): Pick<Plan, 'events'> {
  if (events === undefined) return {};
  return {
    events: events.map((note) => {
      // Events without Keptn's annotations are not Keptn's.
      if (note.annotations === undefined) return note;
      const traceparent = traceparentOf(spanOf(note));
      return { ...note, annotations: { ...note.annotations, [traceparentKey]: traceparent } };
    }),
  };
}

function isCheck(object: KubernetesObject): object is TracedCheck {
  return object.kind === KeptnTask.kind || object.kind === KeptnEvaluation.kind;
}

function recordIn(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
