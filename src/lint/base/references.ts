import type { Places } from '../../domain/settings/places.ts';
import { ServiceAccountMetadataKind } from '../../api/builtin.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { type Trigger, triggers } from '../../api/keptn/follow-up.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import {
  type FollowUpFields,
  followUpList,
  spellingInProposal,
} from '../../domain/follow-up/follow-up-lists.ts';
import type { DefinitionsField, StandingField } from '../../domain/phase/phases.ts';
import { metricNamespaces } from '../../domain/measurement/metric-namespaces.ts';
import { configMapReferences } from './config-map-references.ts';

/** A name in a spec that stands for another object. */
export interface StatedReference {
  /** Field path of the name. */
  readonly path: string;
  readonly kind: Kind;
  readonly name: string;
  /**
   * Where the object is looked for, in order. Empty when that depends on who uses the definition: a shared one finds its
   * metrics, providers and ServiceAccounts where its task or evaluation runs.
   */
  readonly namespaces: readonly string[];
}

/** An object that names more than this is an attack or a mistake; the rest is not looked at. */
const mostReferences = 1_000;

/**
 * Everything an object names, in the order of its fields. Secrets are never looked up and not among it. Empty for kinds that
 * name nothing.
 */
export function referencesOf(object: KubernetesObject, places: Places): readonly StatedReference[] {
  const entry = table.find(({ kind }) => kind.kind === object.kind);
  return entry === undefined
    ? []
    : entry.of(object, scopesOf(object, places)).slice(0, mostReferences);
}

/** Where names of each kind are looked for. */
interface Scopes {
  readonly own: readonly string[];
  readonly definitions: readonly string[];
  /** Of the metrics of objectives, by the namespace that they state. */
  metrics(stated: string | undefined): readonly string[];
  /** Where tasks and evaluations of a definition run; unknown for a shared one. */
  readonly use: readonly string[];
}

function scopesOf({ metadata }: KubernetesObject, places: Places): Scopes {
  const { namespace = '' } = metadata;
  const use = namespace === places.definitionsNamespace ? [] : [namespace];
  return {
    own: [namespace],
    definitions: [...new Set([namespace, places.definitionsNamespace])],
    metrics: (stated) => {
      const { operatorNamespace } = places;
      if (use.length > 0) return metricNamespaces(stated, { own: namespace, operatorNamespace });
      // Where a shared definition is used is not known.
      return stated === operatorNamespace ? [operatorNamespace] : [];
    },
    use,
  };
}

interface Entry<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  of(object: T, scopes: Scopes): readonly StatedReference[];
}

const entry = <T extends KubernetesObject>(kind: Kind<T>, of: Entry<T>['of']): Entry<T> => ({
  kind,
  of,
});

const runners = ['deno', 'python', 'bash'] as const;

const ofTaskDefinition = entry(KeptnTaskDefinition, ({ spec }, scopes) => [
  ...runners.flatMap((runner) =>
    notEmpty({
      path: `spec.${runner}.functionRef.name`,
      kind: KeptnTaskDefinition,
      name: spec[runner]?.functionRef?.name,
      namespaces: scopes.definitions,
    }),
  ),
  ...configMapReferences(spec, { code: scopes.own, job: scopes.use }),
  ...notEmpty({
    path: 'spec.serviceAccount.name',
    kind: ServiceAccountMetadataKind,
    name: spec.serviceAccount?.name,
    namespaces: scopes.use,
  }),
  ...followUps(spec, scopes),
]);

const ofEvaluationDefinition = entry(KeptnEvaluationDefinition, ({ spec }, scopes) => [
  ...(spec.objectives ?? [])
    .slice(0, mostReferences)
    .flatMap(({ keptnMetricRef, provider }, index) => {
      const path = `spec.objectives[${index}]`;
      return [
        // Without a name it is wrong, and not nothing.
        ...(keptnMetricRef === undefined
          ? []
          : [
              {
                path: `${path}.keptnMetricRef.name`,
                kind: KeptnMetric,
                name: keptnMetricRef.name,
                namespaces: scopes.metrics(keptnMetricRef.namespace),
              },
            ]),
        ...notEmpty({
          path: `${path}.provider.name`,
          kind: KeptnMetricsProvider,
          name: provider?.name,
          namespaces: scopes.use,
        }),
      ];
    }),
  ...followUps(spec, scopes),
]);

const ofAppContext = entry(KeptnAppContext, checksAndFollowUps);

const ofWorkload = entry(KeptnWorkload, checksAndFollowUps);

const ofMetric = entry(KeptnMetric, ({ spec }, scopes) => [
  {
    path: 'spec.provider.name',
    kind: KeptnMetricsProvider,
    name: spec.provider.name,
    namespaces: scopes.own,
  },
]);

const ofTask = entry(KeptnTask, ({ spec }, scopes) => [
  {
    path: 'spec.taskDefinition',
    kind: KeptnTaskDefinition,
    name: spec.taskDefinition,
    namespaces: scopes.definitions,
  },
]);

const ofEvaluation = entry(KeptnEvaluation, ({ spec }, scopes) => [
  {
    path: 'spec.evaluationDefinition',
    kind: KeptnEvaluationDefinition,
    name: spec.evaluationDefinition,
    namespaces: scopes.definitions,
  },
]);

const table: readonly Entry[] = [
  ofTaskDefinition,
  ofEvaluationDefinition,
  ofAppContext,
  ofWorkload,
  ofMetric,
  ofTask,
  ofEvaluation,
];

/** The kinds whose objects name others. */
export const referringKinds: readonly Kind[] = table.map(({ kind }) => kind);

/** What an application context or a version names: its checks and follow-ups. */
interface WithChecks extends KubernetesObject {
  readonly spec: FollowUpFields &
    Partial<Record<DefinitionsField | StandingField, readonly string[]>>;
}

/** The definitions that a version names, as `referencesOf` gives those of a KeptnAppContext. */
export function checkReferences(version: WithChecks, places: Places): readonly StatedReference[] {
  return checksAndFollowUps(version, scopesOf(version, places));
}

const checkFields: readonly (readonly [DefinitionsField | StandingField, Kind])[] = [
  ['preDeploymentTasks', KeptnTaskDefinition],
  ['postDeploymentTasks', KeptnTaskDefinition],
  ['preDeploymentEvaluations', KeptnEvaluationDefinition],
  ['postDeploymentEvaluations', KeptnEvaluationDefinition],
  ['promotionTasks', KeptnTaskDefinition],
  ['preDeploymentChecks', CheckDefinition],
  ['postDeploymentChecks', CheckDefinition],
];

function checksAndFollowUps({ spec }: WithChecks, scopes: Scopes): readonly StatedReference[] {
  const checks = checkFields.flatMap(([field, kind]) =>
    (spec[field] ?? []).slice(0, mostReferences).map((name, index) => ({
      path: `spec.${field}[${index}]`,
      kind,
      name,
      namespaces: scopes.definitions,
    })),
  );
  return [...checks, ...followUps(spec, scopes)];
}

/** Keptn writes `functionRef: {}` and the like where nothing is meant: an optional name that is empty is none. */
function notEmpty(
  reference: Omit<StatedReference, 'name'> & { readonly name: string | undefined },
): readonly StatedReference[] {
  const { name = '' } = reference;
  return name === '' ? [] : [{ ...reference, name }];
}

/** The field that names the follow-ups of an end, in the spelling that is used. */
function followUpField(
  spec: FollowUpFields,
  trigger: Trigger,
): Trigger | (typeof spellingInProposal)[Trigger] {
  const isCanonical = spec[trigger] !== undefined && spec[trigger] !== null;
  return isCanonical ? trigger : spellingInProposal[trigger];
}

/** What follows, by the field and place it is written at. What cannot be read is another rule's concern. */
function followUps(spec: FollowUpFields, scopes: Scopes): readonly StatedReference[] {
  return triggers.flatMap((trigger) => {
    const field = followUpField(spec, trigger);
    const written: unknown = spec[field];
    return followUpList(spec, trigger).names.map((name) => ({
      path: Array.isArray(written) ? `spec.${field}[${written.indexOf(name)}]` : `spec.${field}`,
      kind: KeptnTaskDefinition,
      name,
      namespaces: scopes.definitions,
    }));
  });
}
