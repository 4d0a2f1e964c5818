import { NamespaceKind } from '../../api/builtin.ts';
import { defined } from '../../api/json.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Answers } from '../../domain/answers.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { ChecksSeen } from '../../domain/check/checks.ts';
import { awaitedFollowUps } from '../../domain/follow-up/follow-ups.ts';
import type { IndexOf, Lookup, World } from '../../domain/lookup.ts';
import type { DefinitionsField, StandingField } from '../../domain/phase/phases.ts';
import { findReference } from '../../domain/reference.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import type { Key } from '../engine/controller.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import type { StandingSeen } from '../../domain/check/standing-checks.ts';
import { standingItemName } from '../../domain/standing/check-item.ts';
import {
  evaluationDefinitionVersion,
  versionOfObject,
} from '../../domain/check/definition-version.ts';
import { taskDefinitionVersion } from '../../domain/job/task-definition-version.ts';
import { metricNamespaces } from '../../domain/measurement/metric-namespaces.ts';
import { definitionsByMetric } from './evaluated-values.ts';
import { findDefinitions } from './find-definitions.ts';
import type { Places } from '../../domain/settings/places.ts';
import { dependentNames } from '../task-definition.ts';

/** An app version or workload version, as far as its checks go. */
export interface CheckedVersion extends KubernetesObject {
  spec: Partial<Record<DefinitionsField | StandingField, string[]>>;
  status?: VersionStatus;
}

const taskLists = ['preDeploymentTasks', 'postDeploymentTasks', 'promotionTasks'] as const;
const standingLists = ['preDeploymentChecks', 'postDeploymentChecks'] as const;
const evaluationLists = ['preDeploymentEvaluations', 'postDeploymentEvaluations'] as const;

/** Gathers what the decision on the checks of a version needs: its children, and the definitions it names. */
export function gatherChecks(
  version: CheckedVersion,
  world: World,
  { definitionsNamespace, operatorNamespace }: Places,
): Omit<ChecksSeen, keyof Answers> {
  const { namespace = '', uid = '' } = version.metadata;
  const namespaces = [namespace, definitionsNamespace];
  const taskDefinitions = found(world, KeptnTaskDefinition, {
    names: named(version, taskLists),
    namespaces,
  });
  const evaluationDefinitions = found(world, KeptnEvaluationDefinition, {
    names: named(version, evaluationLists),
    namespaces,
  });
  const standing = standingSeen(version, world, namespaces);
  const { find } = findDefinitions(world, namespaces);
  const metric = (name: string, stated: string | undefined): KeptnMetric | undefined =>
    metricNamespaces(stated, { own: namespace, operatorNamespace })
      .map((each) => world.get(KeptnMetric, each, name))
      .find((one) => one !== undefined);
  return {
    tasks: byName(world.byOwner(KeptnTask, uid)),
    evaluations: byName(world.byOwner(KeptnEvaluation, uid)),
    taskDefinitions,
    evaluationDefinitions,
    taskDefinitionVersions: mapped(taskDefinitions, (one) => taskDefinitionVersion(one, find)),
    evaluationDefinitionVersions: new Map([
      ...mapped(evaluationDefinitions, (one) => evaluationDefinitionVersion(one, metric)),
      ...[...(standing?.definitions ?? [])].map(
        ([name, one]) => [standingItemName(name), versionOfObject(one)] as const,
      ),
    ]),
    ...defined({ standing }),
  };
}

/** What its checks without a Job are judged by; undefined where it names none. */
function standingSeen(
  version: CheckedVersion,
  world: World,
  namespaces: readonly string[],
): StandingSeen | undefined {
  const names = named(version, standingLists);
  if (names.length === 0) return undefined;
  const home = world.get(NamespaceKind, undefined, version.metadata.namespace ?? '');
  return {
    definitions: found(world, CheckDefinition, { names, namespaces }),
    namespaceLabels: home?.metadata.labels ?? {},
  };
}

/**
 * The definitions that a version names and may wait for, of its checks or, once it is over, of its follow-ups: what an
 * arriving definition finds its waiting versions by.
 */
export function awaitedDefinitions(version: CheckedVersion): readonly string[] {
  if (isCompleted(version.status?.status)) return awaitedFollowUps(version.status?.followUps);
  return [
    ...named(version, taskLists),
    ...named(version, evaluationLists),
    ...named(version, standingLists).map(standingItemName),
  ];
}

/** Objects by the names of definitions, and where shared definitions are. */
interface Where {
  readonly index: IndexOf<KubernetesObject>;
  readonly definitionsNamespace: string;
}

/** The versions of a kind that wait for a definition: in its namespace, or anywhere if it is a shared one. */
export function awaiting(
  { metadata: { name, namespace } }: Pick<KubernetesObject, 'metadata'>,
  lookup: Lookup,
  where: Where,
): readonly Key[] {
  return namedIn(lookup, where, name).filter(
    (key) => key.namespace === namespace || namespace === where.definitionsNamespace,
  );
}

/** The same for a check without a Job, whose versions may also wait for what it says to change. */
export function awaitingCheck(
  { metadata }: CheckDefinition,
  lookup: Lookup,
  where: Where,
): readonly Key[] {
  return awaiting(
    { metadata: { ...metadata, name: standingItemName(metadata.name) } },
    lookup,
    where,
  );
}

/** The versions of a kind that wait for a task definition, or have failed by one that leads to it by functionRef. */
export function awaitingTaskDefinition(
  definition: KeptnTaskDefinition,
  lookup: Lookup,
  where: Where,
): readonly Key[] {
  const { namespace } = definition.metadata;
  return [...dependentNames(definition.metadata.name, lookup)]
    .flatMap((name) => namedIn(lookup, where, name))
    .filter((key) => key.namespace === namespace || namespace === where.definitionsNamespace);
}

/** The versions of a kind that may have failed by a value of this metric. */
export function judgedBy(
  { metadata: { name } }: KeptnMetric,
  lookup: Lookup,
  where: Where,
): readonly Key[] {
  const definitions = lookup
    .byIndex(definitionsByMetric, name)
    .map(({ metadata }) => metadata.name);
  return [...new Set(definitions)].flatMap((definition) => namedIn(lookup, where, definition));
}

function namedIn(lookup: Lookup, { index }: Where, name: string): readonly Key[] {
  return lookup.byIndex(index, name).map(({ metadata }) => metadata);
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

function named(
  version: CheckedVersion,
  fields: readonly (DefinitionsField | StandingField)[],
): readonly string[] {
  return fields.flatMap((field) => version.spec[field] ?? []);
}

/** The objects by their names. */
export function byName<T extends KubernetesObject>(objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

function mapped<A, B>(from: ReadonlyMap<string, A>, to: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...from].map(([name, value]) => [name, to(value)]));
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
