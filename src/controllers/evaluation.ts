import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { decideEvaluation, type EvaluationObservation, isOpen } from '../domain/evaluation.ts';
import { findReference } from '../domain/reference.ts';
import { type Controller, watch } from './controller.ts';
import type { IndexDefinition } from './indexes.ts';
import { isParentSuperseded, supersededParentWatches } from './superseded-parent.ts';
import type { Places } from './places.ts';

/** The evaluations that are not over, by the name of their definition. */
export const openEvaluationsByDefinition: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'open-by-definition',
  values: (evaluation) => (isOpen(evaluation) ? [evaluation.spec.evaluationDefinition] : []),
};

/** Judges KeptnEvaluations, whoever made them. */
export function evaluationController(places: Places): Controller<EvaluationObservation> {
  return {
    name: 'evaluation',
    watches: [
      watch(KeptnEvaluation, ({ metadata }) => [metadata]),
      watch(KeptnEvaluationDefinition, ({ metadata }, lookup) =>
        lookup
          .byIndex(KeptnEvaluation, openEvaluationsByDefinition.name, metadata.name)
          .map((evaluation) => evaluation.metadata)
          .filter(
            ({ namespace }) =>
              namespace === metadata.namespace ||
              metadata.namespace === places.definitionsNamespace,
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
        namespaces: [namespace, places.definitionsNamespace],
      });
      const measurements = (definition.object?.spec.objectives ?? []).map((objective) => {
        const { name: metricName, namespace: stated = '' } = objective.keptnMetricRef ?? {
          name: '',
        };
        const namespaces = stated === '' ? [namespace, places.operatorNamespace] : [stated];
        return {
          objective,
          metric: findReference(world, KeptnMetric, { name: metricName, namespaces }),
        };
      });
      const isSuperseded = isParentSuperseded(evaluation, world);
      return { now: world.now, evaluation, definition, measurements, isSuperseded };
    },
    decide: decideEvaluation,
  };
}
