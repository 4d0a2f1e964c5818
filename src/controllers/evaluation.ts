import { hasOpenFollowUps } from '../domain/follow-up/follow-ups.ts';
import type { IndexDefinition } from '../ports/index-definition.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { stateOf } from '../api/keptn/states.ts';
import { controllerOf } from '../api/object.ts';
import { decideEvaluation, type EvaluationObservation } from '../domain/evaluation/evaluation.ts';
import { awaitsProvider } from '../domain/evaluation/evaluation-queries.ts';
import { isOpen } from '../domain/evaluation/evaluation-status.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { findReference } from '../domain/reference.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import {
  definitionsByMetric,
  evaluationsOn,
  measurementsOf,
  openEvaluationsByDefinition,
  ownMetrics,
  valueBounds,
} from './gathering/evaluated-values.ts';
import {
  evaluationsAwaitingFollowUp,
  followedKey,
  gatherFollowUps,
  versionMetadata,
} from './gathering/follow-ups.ts';
import { isOver } from './gathering/history.ts';
import {
  isParentAborted,
  isParentSuperseded,
  supersededParentWatches,
} from './gathering/superseded-parent.ts';
import { deadlineWatches, waitingEvaluations } from './gathering/deadline-watches.ts';
import { deadlinesOfCheck } from './gathering/nearest-deadlines.ts';
import type { Places } from '../domain/settings/places.ts';
import { awaiting } from './gathering/version-checks.ts';

/** The evaluations that wait for a provider to appear, or to be the only one, by namespace. */
const evaluationsAwaitingProvider: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'awaiting-provider',
  values: (evaluation) =>
    isOpen(evaluation) && awaitsProvider(evaluation) ? [evaluation.metadata.namespace ?? ''] : [],
};

/** Judges KeptnEvaluations, made by Sluice or by hand. */
export function evaluationController(places: Places): Controller<EvaluationObservation> {
  const { definitionsNamespace, operatorNamespace } = places;
  const followed = { index: evaluationsAwaitingFollowUp, definitionsNamespace };
  const ofMetric = (metric: KeptnMetric): readonly Key[] => {
    const owner = controllerOf(metric);
    const { namespace = '' } = metric.metadata;
    return owner?.kind === KeptnEvaluation.kind ? [{ namespace, name: owner.name }] : [];
  };
  return {
    name: 'evaluation',
    stepsToGate: 3,
    startingPoints: [
      watch(KeptnEvaluation, ({ metadata, status }) =>
        isOver(stateOf(status?.overallStatus), status) ? [] : [metadata],
      ),
      // Metrics that an evaluation made go when it has ended.
      watch(KeptnMetric, ofMetric),
    ],
    indexes: [
      waitingEvaluations,
      openEvaluationsByDefinition,
      evaluationsAwaitingProvider,
      evaluationsAwaitingFollowUp,
      definitionsByMetric,
    ],
    watches: [
      watch(KeptnEvaluation, ({ metadata }) => [metadata]),
      watch(KeptnTask, (task, lookup) => followedKey(task, KeptnEvaluation, lookup)),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, followed)),
      watch(KeptnEvaluationDefinition, ({ metadata }, lookup) =>
        lookup
          .byIndex(openEvaluationsByDefinition, metadata.name)
          .map((evaluation) => evaluation.metadata)
          .filter(
            ({ namespace }) =>
              namespace === metadata.namespace || metadata.namespace === definitionsNamespace,
          ),
      ),
      // A new value neither adds nor hastens an attempt, but one that is due may wait for it.
      watch(KeptnMetric, (metric, lookup) => {
        const made = ofMetric(metric);
        if (made.length > 0) return made;
        return evaluationsOn(metric, { world: lookup, places }).map(({ metadata }) => metadata);
      }),
      watch(KeptnMetricsProvider, ({ metadata }, lookup) =>
        lookup
          .byIndex(evaluationsAwaitingProvider, metadata.namespace ?? '')
          .map((evaluation) => evaluation.metadata),
      ),
      ...deadlineWatches(waitingEvaluations, definitionsNamespace),
      ...supersededParentWatches(KeptnEvaluation),
    ],
    gather({ namespace = '', name }, world) {
      const evaluation = world.get(KeptnEvaluation, namespace, name);
      if (evaluation === undefined) return undefined;
      const definition = findReference(world, KeptnEvaluationDefinition, {
        name: evaluation.spec.evaluationDefinition,
        namespaces: [namespace, definitionsNamespace],
      });
      const {
        maxFollowUpDepth,
        maxFollowUps,
        deadlines: ofCluster,
      } = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      return {
        now: world.now,
        clockSteps: world.clockSteps,
        evaluation,
        definition,
        measurements: measurementsOf(evaluation, definition.object, { world, places }),
        deadlines: deadlinesOfCheck(evaluation, definition.object, { lookup: world, ofCluster }),
        bounds: valueBounds(evaluation, definition.object, { world, places }),
        queries: {
          providers: world
            .list(KeptnMetricsProvider, namespace)
            .map(({ metadata }) => metadata.name),
          metrics: ownMetrics(evaluation, world),
          refusals: world.answers().refusals,
        },
        isSuperseded: isParentSuperseded(evaluation, world),
        isAborted: isParentAborted(evaluation, world),
        followUps: {
          ...gatherFollowUps(evaluation, world, definitionsNamespace),
          limit: maxFollowUpDepth,
          total: maxFollowUps,
          metadata: hasOpenFollowUps(evaluation.status?.followUps)
            ? versionMetadata(evaluation, world)
            : {},
        },
      };
    },
    decide: decideEvaluation,
  };
}
