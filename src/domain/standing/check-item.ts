import type { CheckPhase, StandingField } from '../phase/phases.ts';

/*
 * A check without a Job is an item of a phase beside its evaluations. The name of its definition stands there with the kind in
 * front, as kubectl writes it: a KeptnEvaluationDefinition of the same name is another check.
 */

const prefix = 'CheckDefinition/';

/** How the item of a check is called. */
export function standingItemName(definition: string): string {
  return `${prefix}${definition}`;
}

/** The definition of a check without a Job; undefined for the item of a task or evaluation. */
export function standingDefinition(itemName: string | undefined): string | undefined {
  return itemName?.startsWith(prefix) === true ? itemName.slice(prefix.length) : undefined;
}

/** The names of what is checked in a phase: its tasks or evaluations, and its checks without a Job. */
export function namesIn(
  phase: Pick<CheckPhase, 'definitions' | 'standing'>,
  spec: Readonly<Partial<Record<CheckPhase['definitions'] | StandingField, readonly string[]>>>,
): readonly string[] {
  const own = spec[phase.definitions] ?? [];
  const standing = phase.standing === undefined ? [] : (spec[phase.standing] ?? []);
  return standing.length === 0
    ? own
    : [...own, ...standing.filter((name) => name !== '').map(standingItemName)];
}
