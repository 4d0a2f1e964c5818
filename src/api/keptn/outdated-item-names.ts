import { isJsonObject, type JsonObject } from '../json.ts';
import type { PartMapping } from '../resource.ts';
import { list, object, optional } from '../schema.ts';
import { followUpStatuses, itemFields } from './follow-up.ts';

/**
 * The tasks and evaluations of a phase as v1alpha1 records them: an item names its definition and its object by what they
 * are. From v1alpha2 on they are `definitionName` and `name` for both.
 */

const taskNames = { definitionName: 'taskDefinitionName', name: 'taskName' } as const;
const evaluationNames = {
  definitionName: 'evaluationDefinitionName',
  name: 'evaluationName',
} as const;

/** What is renamed in which list of a status. */
const renamed = {
  preDeploymentTaskStatus: taskNames,
  postDeploymentTaskStatus: taskNames,
  preDeploymentEvaluationTaskStatus: evaluationNames,
  postDeploymentEvaluationTaskStatus: evaluationNames,
} as const;

const { definitionName, name, ...unchanged } = itemFields;

const tasks = optional(
  list(
    'The tasks of a phase.',
    object('One task of a phase.', {
      ...unchanged,
      taskDefinitionName: definitionName,
      taskName: name,
      followUps: followUpStatuses,
    }),
  ),
);

const evaluations = optional(
  list(
    'The evaluations of a phase.',
    object('One evaluation of a phase.', {
      ...unchanged,
      evaluationDefinitionName: definitionName,
      evaluationName: name,
      followUps: followUpStatuses,
    }),
  ),
);

/** The four lists in the status of a version of an application or a workload in v1alpha1. */
export const outdatedItemLists = {
  preDeploymentTaskStatus: tasks,
  postDeploymentTaskStatus: tasks,
  preDeploymentEvaluationTaskStatus: evaluations,
  postDeploymentEvaluationTaskStatus: evaluations,
};

/** Between a status of v1alpha1 and one of any later version. Nothing is lost: each name has exactly one counterpart. */
export const outdatedItemNames: PartMapping = {
  toStored: (status) =>
    withItems(status, (item, names) =>
      withNames(item, [
        [names.definitionName, 'definitionName'],
        [names.name, 'name'],
      ]),
    ),
  fromStored: (status) =>
    withItems(status, (item, names) =>
      withNames(item, [
        ['definitionName', names.definitionName],
        ['name', names.name],
      ]),
    ),
};

type Names = (typeof renamed)[keyof typeof renamed];

function withItems(
  status: JsonObject,
  change: (item: JsonObject, names: Names) => JsonObject,
): JsonObject {
  const changed = Object.entries(renamed).flatMap(([field, names]) => {
    const items = status[field];
    if (!Array.isArray(items)) return [];
    return [
      [field, items.map((item: unknown) => (isJsonObject(item) ? change(item, names) : item))],
    ];
  });
  return { ...status, ...Object.fromEntries(changed) };
}

function withNames(item: JsonObject, pairs: readonly (readonly [string, string])[]): JsonObject {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [
      pairs.find(([from]) => from === key)?.[1] ?? key,
      value,
    ]),
  );
}
