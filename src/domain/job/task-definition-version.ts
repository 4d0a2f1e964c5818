import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { mostBehind, withBehind } from '../check/definition-version.ts';
import { type FindDefinition, functionRefOf } from './function-source.ts';

/** The state of a task definition and of those that its functionRef leads to. */
export function taskDefinitionVersion(
  definition: KeptnTaskDefinition,
  find: FindDefinition,
): string {
  const behind: (KeptnTaskDefinition | undefined)[] = [];
  let at: KeptnTaskDefinition | undefined = definition;
  for (let name = functionRefOf(at); name !== undefined && behind.length < mostBehind;) {
    at = find(name, at.metadata.namespace);
    behind.push(at);
    if (at === undefined) break;
    name = functionRefOf(at);
  }
  return withBehind(definition, behind);
}
