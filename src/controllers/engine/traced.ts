import type { SpanContext } from '../../api/span.ts';
import type { AppVersionSeen } from '../../domain/app/app-version-run.ts';
import type { EvaluationObservation } from '../../domain/evaluation/evaluation.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { newestListing } from '../../domain/phase/newest-app-version.ts';
import type { TaskObservation } from '../../domain/task/task-observation.ts';
import {
  appDeployPhase,
  checkSpan,
  phaseSpan,
  placeOf,
  type TracedCheck,
} from '../../domain/trace/trace-context.ts';
import { tracedCheckPlan, tracedVersionPlan } from '../../domain/trace/trace-plan.ts';
import { traceparentOf } from '../../domain/trace/traceparent.ts';
import { attemptOf } from '../../domain/phase/version-status.ts';
import type { WorkloadVersionSeen } from '../../domain/workload/workload-version-run.ts';
import type { Controller } from './controller.ts';

/*
 * Controllers whose plans are traced while tracing is on: what they decide is the same, and carries trace context.
 */

/** Whether tracing is on. Asked at each decision, so that a changed KeptnConfig counts at once. */
export type IsTraced = (lookup: Lookup) => boolean;

interface Traced<Observation> {
  readonly seen: Observation;
  /** Undefined while tracing is off. */
  readonly span: { readonly own: SpanContext | undefined } | undefined;
}

/** Tasks tell their function and their follow-ups which span is theirs. */
export function tracedTasks(
  controller: Controller<TaskObservation>,
  isTraced: IsTraced,
): Controller<Traced<TaskObservation>> {
  return {
    ...controller,
    gather(key, world) {
      const seen = controller.gather(key, world);
      return seen && { seen, span: isTraced(world) ? ownSpan(seen.task, world) : undefined };
    },
    decide({ seen, span }) {
      if (span === undefined) return controller.decide(seen);
      const traceparent = span.own && traceparentOf(span.own);
      return tracedCheckPlan(controller.decide({ ...seen, traceparent }), span.own, seen.now);
    },
  };
}

/** Evaluations tell their follow-ups which span is theirs. */
export function tracedEvaluations(
  controller: Controller<EvaluationObservation>,
  isTraced: IsTraced,
): Controller<Traced<EvaluationObservation>> {
  return {
    ...controller,
    gather(key, world) {
      const seen = controller.gather(key, world);
      return seen && { seen, span: isTraced(world) ? ownSpan(seen.evaluation, world) : undefined };
    },
    decide({ seen, span }) {
      const plan = controller.decide(seen);
      return span === undefined ? plan : tracedCheckPlan(plan, span.own, seen.now);
    },
  };
}

/** App versions tell their tasks and evaluations which phase they hang on. */
export function tracedAppVersions(
  controller: Controller<AppVersionSeen>,
  isTraced: IsTraced,
): Controller<TracedVersion<AppVersionSeen>> {
  return tracedVersions(controller, isTraced, (plan, { version, now }) =>
    tracedVersionPlan(plan, { version, now, parent: undefined }),
  );
}

/** Workload versions do the same, and hang on the deployment of the app version that lets them begin. */
export function tracedWorkloadVersions(
  controller: Controller<WorkloadVersionSeen>,
  isTraced: IsTraced,
): Controller<TracedVersion<WorkloadVersionSeen>> {
  return tracedVersions(controller, isTraced, (plan, seen) => {
    const { version, now } = seen;
    // The app version that lets it begin; a version that has begun keeps the one it began with.
    const app = newestListing(version, seen);
    const parent = app && phaseSpan(app, appDeployPhase, attemptOf(app.status));
    return tracedVersionPlan(plan, { version, now, parent });
  });
}

/** What the decision on a version sees, and whether tracing is on. */
interface TracedVersion<Seen> {
  readonly seen: Seen;
  readonly isOn: boolean;
}

function tracedVersions<Seen>(
  controller: Controller<Seen>,
  isTraced: IsTraced,
  traced: (plan: Plan, seen: Seen) => Plan,
): Controller<TracedVersion<Seen>> {
  return {
    ...controller,
    gather(key, world) {
      const seen = controller.gather(key, world);
      return seen && { seen, isOn: isTraced(world) };
    },
    decide({ seen, isOn }) {
      const plan = controller.decide(seen);
      return isOn ? traced(plan, seen) : plan;
    },
  };
}

function ownSpan(check: TracedCheck, lookup: Lookup): { own: SpanContext | undefined } {
  const place = placeOf(check, lookup);
  return { own: place && checkSpan(check, place) };
}
