import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { ObjectRef } from '../../api/object.ts';
import type { FindDefinition } from '../../domain/job/function-source.ts';
import type { World } from '../../domain/lookup.ts';
import { findReference } from '../../domain/reference.ts';

/**
 * Finds task definitions in these namespaces, in order. `unread` grows with every question: the places that come before the
 * answer and of which only a cache said that there is nothing.
 */
export function findDefinitions(
  world: Pick<World, 'get' | 'live'>,
  namespaces: readonly string[],
): { find: FindDefinition; unread: readonly ObjectRef[] } {
  const unread: ObjectRef[] = [];
  return {
    unread,
    find: (name, from) => {
      const first = from === undefined ? 0 : Math.max(0, namespaces.indexOf(from));
      const found = findReference(world, KeptnTaskDefinition, {
        name,
        namespaces: namespaces.slice(first),
      });
      unread.push(...found.unread);
      return found.object;
    },
  };
}
