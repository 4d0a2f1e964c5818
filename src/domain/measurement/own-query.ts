import type { Objective } from '../../api/keptn/evaluation-definition.ts';

/** Whether an objective asks a provider itself, and not for the value of a KeptnMetric. */
export function hasQuery(
  objective: Objective,
): objective is Objective & { readonly query: string } {
  return objective.keptnMetricRef === undefined && (objective.query ?? '') !== '';
}
