import type { IndexDefinition } from '../ports/index-definition.ts';
import { ConfigMapKind } from '../api/builtin.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { controllerOf } from '../api/object.ts';
import { blueprintOf, functionRefOf } from '../domain/job/function-source.ts';
import type { Lookup } from '../domain/lookup.ts';
import {
  configMapRefOf,
  decideTaskDefinition,
  type TaskDefinitionObservation,
} from '../domain/job/task-definition.ts';
import { type Controller, watch } from './engine/controller.ts';
import { findDefinitions } from './gathering/find-definitions.ts';
import type { Places } from '../domain/settings/places.ts';

/** The definitions that take code or parameters from another one, by its name. */
export const taskDefinitionsByFunctionRef: IndexDefinition<KeptnTaskDefinition> = {
  kind: KeptnTaskDefinition,
  name: 'function-ref',
  values: (definition) => {
    const name = functionRefOf(definition);
    return name === undefined ? [] : [name];
  },
};

/** The definition's name and those of all that reach it by functionRef, in whatever namespace. Total on cycles. */
export function dependentNames(name: string, lookup: Lookup): ReadonlySet<string> {
  const names = new Set([name]);
  // A set hands out what is added while it is walked.
  for (const each of names) {
    for (const { metadata } of lookup.byIndex(taskDefinitionsByFunctionRef, each)) {
      names.add(metadata.name);
    }
  }
  return names;
}

/** Keeps the ConfigMaps of inline functions, and says of every KeptnTaskDefinition whether it can be run. */
export function taskDefinitionController(
  places: Pick<Places, 'definitionsNamespace'>,
): Controller<TaskDefinitionObservation> {
  return {
    name: 'task-definition',
    stepsToGate: 4,
    startingPoints: [watch(KeptnTaskDefinition, ({ metadata }) => [metadata])],
    indexes: [taskDefinitionsByFunctionRef],
    watches: [
      watch(KeptnTaskDefinition, ({ metadata }, lookup) => [
        metadata,
        ...affected(metadata.name, lookup),
      ]),
      watch(ConfigMapKind, (configMap) => {
        const owner = controllerOf(configMap);
        const { namespace = '' } = configMap.metadata;
        return owner?.kind === KeptnTaskDefinition.kind ? [{ namespace, name: owner.name }] : [];
      }),
    ],
    gather({ namespace = '', name }, world) {
      const definition = world.get(KeptnTaskDefinition, namespace, name);
      if (definition === undefined) return undefined;
      const { find, unread } = findDefinitions(world, [namespace, places.definitionsNamespace]);
      const blueprint = blueprintOf(name, find);
      const ref = configMapRefOf(definition);
      return {
        now: world.now,
        definition,
        blueprint,
        unread,
        configMap: world.get(ConfigMapKind, namespace, ref.name),
        configMapLive: world.live(ref),
        refusal: world.refusal(ref),
      };
    },
    decide: decideTaskDefinition,
  };
}

function affected(name: string, lookup: Lookup) {
  return [...dependentNames(name, lookup)]
    .flatMap((each) => lookup.byIndex(taskDefinitionsByFunctionRef, each))
    .map(({ metadata }) => metadata);
}
