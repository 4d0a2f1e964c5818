import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { decideEvaluation, type EvaluationObservation, isOpen } from '../domain/evaluation.ts';
import { settingsFrom } from '../domain/keptn-config.ts';
import { findReference } from '../domain/reference.ts';
import { type Controller, watch } from './controller.ts';
import {
  evaluationsAwaitingFollowUp,
  followedKey,
  gatherFollowUps,
  versionMetadata,
} from './follow-ups.ts';
import type { IndexDefinition } from './indexes.ts';
import { isParentSuperseded, supersededParentWatches } from './superseded-parent.ts';
import type { Places } from './places.ts';
import { awaiting } from './version-checks.ts';

/** The evaluations that are not over, by the name of their definition. */
export const openEvaluationsByDefinition: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'open-by-definition',
  values: (evaluation) => (isOpen(evaluation) ? [evaluation.spec.evaluationDefinition] : []),
};

/** Judges KeptnEvaluations, whoever made them. */
export function evaluationController(places: Places): Controller<EvaluationObservation> {
  const { definitionsNamespace, operatorNamespace } = places;
  const index = evaluationsAwaitingFollowUp.name;
  const followed = { kind: KeptnEvaluation, index, definitionsNamespace };
  return {
    name: 'evaluation',
    watches: [
      watch(KeptnEvaluation, ({ metadata }) => [metadata]),
      watch(KeptnTask, (task, lookup) => followedKey(task, KeptnEvaluation, lookup)),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, followed)),
      watch(KeptnEvaluationDefinition, ({ metadata }, lookup) =>
        lookup
          .byIndex(KeptnEvaluation, openEvaluationsByDefinition.name, metadata.name)
          .map((evaluation) => evaluation.metadata)
          .filter(
            ({ namespace }) =>
              namespace === metadata.namespace || metadata.namespace === definitionsNamespace,
          ),
      ),
      // Read at each attempt, so it has to be cached. A new value neither adds nor hastens an attempt.
      watch(KeptnMetric, () => []),
      ...supersededParentWatches(KeptnEvaluation),
    ],
    gather({ namespace = '', name }, world) {
      const evaluation = world.get(KeptnEvaluation, namespace, name);
      if (evaluation === undefined) return undefined;
      const definition = findReference(world, KeptnEvaluationDefinition, {
        name: evaluation.spec.evaluationDefinition,
        namespaces: [namespace, definitionsNamespace],
      });
      const measurements = (definition.object?.spec.objectives ?? []).map((objective) => {
        const { name: metricName, namespace: stated = '' } = objective.keptnMetricRef ?? {
          name: '',
        };
        const namespaces = stated === '' ? [namespace, operatorNamespace] : [stated];
        return {
          objective,
          metric: findReference(world, KeptnMetric, { name: metricName, namespaces }),
        };
      });
      return {
        now: world.now,
        evaluation,
        definition,
        measurements,
        isSuperseded: isParentSuperseded(evaluation, world),
        followUps: {
          ...gatherFollowUps(evaluation, world, definitionsNamespace),
          limit: settingsFrom(world.list(KeptnConfig), operatorNamespace).maxFollowUpDepth,
          metadata: () => versionMetadata(evaluation, world),
        },
      };
    },
    decide: decideEvaluation,
  };
}
