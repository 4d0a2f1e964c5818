import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { FindDefinition } from './function-source.ts';

/** The answers of a `FindDefinition`, as data: by the name that was asked for and the namespace it was asked from. */
export type DefinitionsSeen = ReadonlyMap<string, KeptnTaskDefinition | undefined>;

/** A finder that asks each thing once and keeps the answers in `seen`. */
export function noting(find: FindDefinition): {
  readonly find: FindDefinition;
  readonly seen: DefinitionsSeen;
} {
  const seen = new Map<string, KeptnTaskDefinition | undefined>();
  return {
    seen,
    find(name, from) {
      const key = keyOf(name, from);
      if (!seen.has(key)) seen.set(key, find(name, from));
      return seen.get(key);
    },
  };
}

/** Answers from what was gathered. Throws on a question that gathering has not asked: that there is no answer is no absence. */
export function definitionsIn(seen: DefinitionsSeen): FindDefinition {
  return (name, from) => {
    const key = keyOf(name, from);
    if (!seen.has(key)) throw new Error(`KeptnTaskDefinition ${name} was not gathered`);
    return seen.get(key);
  };
}

function keyOf(name: string, from = ''): string {
  return `${from}/${name}`;
}
