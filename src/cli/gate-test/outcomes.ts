import type { Pod } from '../../api/builtin.ts';
import { JobKind } from '../../api/builtin.ts';
import type { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { controllerOf } from '../../api/object.ts';
import { compareWithTarget } from '../../domain/evaluation/evaluation-target.ts';
import type { Outcome } from '../played/actors/kubelet.ts';
import type { MemoryStore } from '../played/memory-store.ts';
import { BadInput } from '../../process/terminal.ts';
import type { Given } from './test-file.ts';

/** The definition that the Pod of a Job is a task of. */
function taskDefinitionOf({ metadata, ...pod }: Pod, store: MemoryStore): string | undefined {
  const job = controllerOf({ ...pod, metadata });
  const owner = job && store.get(JobKind, metadata.namespace, job.name);
  const task = owner && controllerOf(owner);
  return task && store.get(KeptnTask, metadata.namespace, task.name)?.spec.taskDefinition;
}

/** How the Pod of a task ends. */
export function taskOutcome(pod: Pod, given: Given, store: MemoryStore): Outcome {
  const definition = taskDefinitionOf(pod, store);
  const outcome = definition === undefined ? 'succeed' : given.tasks?.[definition];
  return outcome === 'hang' ? 'run' : (outcome ?? 'succeed');
}

/**
 * The value of a metric: the one that is given, or one by which each evaluation that looks at it ends as the case says. Throws
 * `BadInput` where no value does that.
 */
export function metricValue(
  { metadata, spec }: KeptnMetric,
  given: Given,
  store: MemoryStore,
): string {
  const { name } = metadata;
  const value = given.metrics?.[name] ?? given.metrics?.[spec.query];
  if (value !== undefined) return value;
  const wanted = store.list(KeptnEvaluationDefinition).flatMap((definition) => {
    const isPass = (given.evaluations?.[definition.metadata.name] ?? 'pass') === 'pass';
    return (
      definition.spec.objectives
        // An objective that asks a query of its own has a metric of its own.
        .filter(
          ({ keptnMetricRef, query }) => keptnMetricRef?.name === name || query === spec.query,
        )
        .map(({ evaluationTarget }) => ({ evaluationTarget, isPass }))
    );
  });
  const bounds = wanted.map(({ evaluationTarget }) => Number(evaluationTarget.slice(1)));
  const candidates = [0, ...bounds.flatMap((bound) => [bound - 1, bound + 1, bound])].map(String);
  const fitting = candidates.find((candidate) =>
    wanted.every(({ evaluationTarget, isPass }) => {
      const compared = compareWithTarget(candidate, evaluationTarget);
      return ('met' in compared && compared.met) === isPass;
    }),
  );
  if (fitting === undefined)
    throw new BadInput(
      `no value of KeptnMetric ${name} lets its evaluations end as the case says; give one under given.metrics`,
    );
  return fitting;
}
