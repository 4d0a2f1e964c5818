import type { Moment } from '../clock-steps.ts';
import type { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation, type KeptnEvaluationStatus } from '../../api/keptn/evaluation.ts';
import { ownedBy } from '../../api/object.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { evaluationSubject } from './evaluation-events.ts';
import {
  type FollowUpParent,
  followUpPlan,
  type FollowUpsSeen,
  hasOpenFollowUps,
} from '../follow-up/follow-ups.ts';
import {
  endFor,
  type FollowedEnd,
  triggerOf,
  withFollowUps,
} from '../follow-up/follow-ups-at-end.ts';
import { type EventNote, nothing, type Plan } from '../plan.ts';
import type { Reference } from '../reference.ts';

/** What the decision on an evaluation may know of what follows it. */
export interface EvaluationFollowUpsSeen extends FollowUpsSeen {
  /** KeptnConfig `maxFollowUpDepth`. */
  readonly limit: number;
  /** KeptnConfig `maxFollowUps`. */
  readonly total: number;
  /** What the version that is evaluated tells its tasks; empty if there is none in the cache. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** An evaluation, its definition as it is now, and what follows. */
export interface FollowedEvaluation extends Moment {
  readonly evaluation: KeptnEvaluation;
  readonly definition: Reference<KeptnEvaluationDefinition>;
  readonly followUps: EvaluationFollowUpsSeen;
}

/** The status of an evaluation that has ended, with the follow-ups that its definition names at this moment. */
export function withWhatFollows(
  { now, evaluation, definition, followUps }: FollowedEvaluation,
  status: KeptnEvaluationStatus,
): { readonly status: KeptnEvaluationStatus; readonly events: readonly EventNote[] } {
  const trigger = triggerOf(status.overallStatus);
  if (trigger === undefined) return { status, events: [] };
  const end: FollowedEnd = {
    trigger,
    attempt: status.attempt ?? 1,
    depth: 0,
    chain: chainOf(evaluation),
    limit: followUps.limit,
    total: followUps.total,
  };
  const subject = evaluationSubject(evaluation);
  return withFollowUps(status, definition.object, { end, subject, now });
}

/** What is still to be done for the follow-ups of an evaluation that has ended. */
export function followingUp(observation: FollowedEvaluation): Plan {
  const { evaluation, followUps } = observation;
  if (!hasOpenFollowUps(evaluation.status?.followUps)) return nothing;
  const stored = { kind: KeptnEvaluation, object: evaluation };
  return followUpPlan(parentOf(observation), followUps, stored);
}

function parentOf({ evaluation, followUps }: FollowedEvaluation): FollowUpParent {
  const { spec, metadata, status } = evaluation;
  const { appName = '', appVersion = '', workload = '', workloadVersion } = spec;
  const summary = conditionOf(evaluation, conditionTypes.succeeded);
  const told = followUps.metadata;
  return {
    namespace: metadata.namespace ?? '',
    owner: ownedBy(KeptnEvaluation, evaluation),
    subject: evaluationSubject(evaluation),
    attempt: spec.attempt ?? 1,
    depth: 0,
    chain: chainOf(evaluation),
    context: {
      workloadName: workload,
      appName,
      appVersion,
      workloadVersion,
      objectType: workload === '' ? 'App' : 'Workload',
      ...(Object.keys(told).length > 0 && { metadata: { ...told } }),
    },
    end: endFor({
      kind: KeptnEvaluation.kind,
      name: metadata.name,
      definition: spec.evaluationDefinition,
      status: status?.overallStatus,
      reason: summary?.reason,
      message: summary?.message,
      attempts: status?.retryCount,
      result: undefined,
    }),
  };
}

function chainOf({ spec }: KeptnEvaluation): readonly string[] {
  return [`KeptnEvaluationDefinition ${spec.evaluationDefinition}`];
}
