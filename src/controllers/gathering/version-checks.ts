import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { ChecksSeen } from '../../domain/check/checks.ts';
import { awaitedFollowUps } from '../../domain/follow-up/follow-ups.ts';
import { type Lookup, ownerIndex, type World } from '../../domain/lookup.ts';
import type { DefinitionsField } from '../../domain/phase/phases.ts';
import { findReference } from '../../domain/reference.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import type { Key } from '../engine/controller.ts';

/** An app version or workload version, as far as its checks go. */
export interface CheckedVersion extends KubernetesObject {
  spec: Partial<Record<DefinitionsField, string[]>>;
  status?: VersionStatus;
}

const taskLists = ['preDeploymentTasks', 'postDeploymentTasks', 'promotionTasks'] as const;
const evaluationLists = ['preDeploymentEvaluations', 'postDeploymentEvaluations'] as const;

/** Gathers what the decision on the checks of a version needs: its children, and the definitions it names. */
export function gatherChecks(
  version: CheckedVersion,
  world: World,
  definitionsNamespace: string,
): ChecksSeen {
  const { namespace = '', uid = '' } = version.metadata;
  const namespaces = [namespace, definitionsNamespace];
  return {
    tasks: byName(world.byIndex(KeptnTask, ownerIndex, uid)),
    evaluations: byName(world.byIndex(KeptnEvaluation, ownerIndex, uid)),
    taskDefinitions: found(world, KeptnTaskDefinition, {
      names: named(version, taskLists),
      namespaces,
    }),
    evaluationDefinitions: found(world, KeptnEvaluationDefinition, {
      names: named(version, evaluationLists),
      namespaces,
    }),
    live: (ref) => world.live(ref),
    refusal: (ref) => world.refusal(ref),
    made: world.made,
  };
}

/**
 * The definitions that a version names and may wait for, of its checks or, once it is over, of its follow-ups: what an
 * arriving definition finds its waiting versions by.
 */
export function awaitedDefinitions(version: CheckedVersion): readonly string[] {
  if (isCompleted(version.status?.status)) return awaitedFollowUps(version.status?.followUps);
  return [...named(version, taskLists), ...named(version, evaluationLists)];
}

/** The versions of a kind that wait for a definition: in its namespace, or anywhere if it is a shared one. */
export function awaiting(
  definition: KubernetesObject,
  lookup: Lookup,
  where: { readonly kind: Kind; readonly index: string; readonly definitionsNamespace: string },
): readonly Key[] {
  const { name, namespace } = definition.metadata;
  return lookup
    .byIndex(where.kind, where.index, name)
    .map(({ metadata }) => metadata)
    .filter((key) => key.namespace === namespace || namespace === where.definitionsNamespace);
}

/** The key of the object that controls this one, if it is of this kind. */
export function controllerKey(child: KubernetesObject, kind: Kind): readonly Key[] {
  const { namespace, ownerReferences = [] } = child.metadata;
  return ownerReferences
    .filter((owner) => owner.kind === kind.kind && owner.apiVersion.startsWith(groupOf(kind)))
    .map(({ name }) => (namespace === undefined ? { name } : { namespace, name }));
}

function groupOf({ apiVersion }: Kind): string {
  return apiVersion.slice(0, apiVersion.indexOf('/') + 1);
}

function named(version: CheckedVersion, fields: readonly DefinitionsField[]): readonly string[] {
  return fields.flatMap((field) => version.spec[field] ?? []);
}

/** The objects by their names. */
export function byName<T extends KubernetesObject>(objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

function found<T extends KubernetesObject>(
  world: World,
  kind: Kind<T>,
  wanted: { names: readonly string[]; namespaces: readonly string[] },
): ReadonlyMap<string, T> {
  const definitions = new Map<string, T>();
  for (const name of wanted.names) {
    const { object } = findReference(world, kind, { name, namespaces: wanted.namespaces });
    if (object !== undefined) definitions.set(name, object);
  }
  return definitions;
}
