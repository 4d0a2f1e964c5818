import type { IndexDefinition } from '../../ports/index-definition.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import {
  controllerOf,
  isControlledBy,
  type Kind,
  type KubernetesObject,
} from '../../api/object.ts';
import {
  awaitedFollowUps,
  type FollowUpsSeen,
  hasOpenFollowUps,
} from '../../domain/follow-up/follow-ups.ts';
import type { Lookup, World } from '../../domain/lookup.ts';
import { followUpNames } from '../../domain/follow-up/definition-chain.ts';
import { findReference, type Reference } from '../../domain/reference.ts';
import type { Key } from '../engine/controller.ts';

/** What can have follow-ups: a task, an evaluation, a version. */
export type Followed = KubernetesObject & { status?: { followUps?: FollowUpStatus[] } };

/** The tasks that have ended and wait for the definition of a follow-up, by its name. */
export const tasksAwaitingFollowUp: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'awaiting-follow-up',
  values: ({ status }) => awaitedFollowUps(status?.followUps),
};

/** The evaluations that have ended and wait for the definition of a follow-up, by its name. */
export const evaluationsAwaitingFollowUp: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'awaiting-follow-up',
  values: ({ status }) => awaitedFollowUps(status?.followUps),
};

/** What decisions on the follow-ups of an object may ask. Of an object that waits for none, nothing is looked up. */
export function gatherFollowUps(
  parent: Followed,
  world: World,
  definitionsNamespace: string,
): FollowUpsSeen {
  const { namespace = '', uid = '' } = parent.metadata;
  const followUps = parent.status?.followUps;
  const owned = hasOpenFollowUps(followUps)
    ? world.byOwner(KeptnTask, uid).filter((task) => isControlledBy(task, parent))
    : [];
  return {
    tasks: new Map(owned.map((task) => [task.metadata.name, task])),
    definitions: followingDefinitions(awaitedFollowUps(followUps), world, [
      namespace,
      definitionsNamespace,
    ]),
    ...world.answers(),
  };
}

/** The definitions of these names and of all that follows them, each looked up once. */
function followingDefinitions(
  names: readonly string[],
  world: World,
  namespaces: readonly string[],
): ReadonlyMap<string, Reference<KeptnTaskDefinition>> {
  const found = new Map<string, Reference<KeptnTaskDefinition>>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const reference = findReference(world, KeptnTaskDefinition, { name, namespaces });
    found.set(name, reference);
    open.push(...followUpNames(reference.object?.spec ?? {}));
  }
  return found;
}

/**
 * The key of the task's parent, if that is of this kind and waits for follow-ups. A parent whose follow-ups are over, or
 * that has none, is not woken by anything its tasks do.
 */
export function followedKey(task: KeptnTask, kind: Kind<Followed>, lookup: Lookup): readonly Key[] {
  const owner = controllerOf(task);
  if (owner?.kind !== kind.kind || owner.apiVersion !== kind.apiVersion) return [];
  const parent = lookup.get(kind, task.metadata.namespace, owner.name);
  return hasOpenFollowUps(parent?.status?.followUps) && parent !== undefined
    ? [parent.metadata]
    : [];
}

const prefixes = new Map([[KeptnEvaluation.kind, KeptnEvaluationDefinition.kind]]);

/** Tasks written by hand can follow each other in a circle. */
export const longestAncestry = 32;

/** The definitions of what a task follows, first to last, as far as the cache knows; named as in `ChainStart`. */
export function chainBefore(task: KeptnTask, lookup: Lookup): readonly string[] {
  const { namespace } = task.metadata;
  const chain: string[] = [];
  let child = task;
  while (chain.length < longestAncestry) {
    const { parent, context } = child.spec;
    if (parent === undefined) break;
    const { kind, name } = parent;
    const definition = context?.trigger?.definition ?? name;
    chain.unshift(
      kind === KeptnTask.kind ? definition : `${prefixes.get(kind) ?? kind} ${definition}`,
    );
    const next = kind === KeptnTask.kind ? lookup.get(KeptnTask, namespace, name) : undefined;
    if (next === undefined) break;
    child = next;
  }
  return chain;
}

/** The metadata that the version tells the tasks it is checked by. An evaluation has none of its own. */
export function versionMetadata(
  evaluation: KeptnEvaluation,
  lookup: Lookup,
): Readonly<Record<string, string>> {
  const { namespace } = evaluation.metadata;
  const owner = controllerOf(evaluation);
  if (owner?.kind === KeptnAppVersion.kind) {
    return lookup.get(KeptnAppVersion, namespace, owner.name)?.spec.metadata ?? {};
  }
  if (owner?.kind !== KeptnWorkloadVersion.kind) return {};
  const version = lookup.get(KeptnWorkloadVersion, namespace, owner.name);
  return { ...version?.status?.appContextMetadata, ...version?.spec.metadata };
}
