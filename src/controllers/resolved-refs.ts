import { ruleContextOf } from '../lint/base/rule-context.ts';
import { ConfigMapMetadataKind, ServiceAccountMetadataKind } from '../api/builtin.ts';
import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../api/object.ts';
import { conditionOf, conditionTypes } from '../domain/conditions.ts';
import type { Lookup, World } from '../domain/lookup.ts';
import { isRetired } from '../domain/owner/retired-workload.ts';
import {
  decideReferrer,
  type Flaw,
  type Referrer,
  type ReferrerObservation,
} from '../domain/resolved-refs.ts';
import { chainRules } from '../lint/rules/chain-rules.ts';
import { referenceRules } from '../lint/rules/reference-rules.ts';
import { referencesOf } from '../lint/base/references.ts';
import type { Problem } from '../lint/base/rule.ts';
import { problemsOf } from '../lint/rules.ts';
import { unusableReferences } from '../lint/unusable-references.ts';
import { type Controller, type Key, type Watch, watch } from './engine/controller.ts';
import { inNamespace, workloadsByApp } from './gathering/lifecycle-indexes.ts';
import type { Places } from '../domain/settings/places.ts';
import { leadingTo, referenceIndexes, referrersOf } from './gathering/reference-index.ts';

/** A kind whose objects get the condition ResolvedRefs. */
interface ReferringKind {
  readonly name: string;
  readonly kind: Kind<Referrer>;
  /** No other controller states Ready and observedGeneration. */
  readonly saysReady: boolean;
  /**
   * When it is said that references resolve: with Ready, which costs no write; where there are some; or only where one did
   * not resolve before, because each new version of a workload would have one write more.
   */
  readonly saysResolved: 'always' | 'withReferences' | 'afterTrouble' | 'never';
  /** It belongs to the application of its own name. */
  readonly isOfApp?: boolean;
  /** The kinds of what it names, and of what is taken for that. Task definitions count with all that they lead to. */
  readonly names: readonly Kind[];
}

const table: readonly ReferringKind[] = [
  {
    name: 'task-definition-references',
    kind: KeptnTaskDefinition,
    saysReady: false,
    saysResolved: 'withReferences',
    names: [
      KeptnTaskDefinition,
      KeptnEvaluationDefinition,
      ConfigMapMetadataKind,
      ServiceAccountMetadataKind,
    ],
  },
  {
    name: 'evaluation-definition',
    kind: KeptnEvaluationDefinition,
    saysReady: true,
    saysResolved: 'always',
    names: [KeptnTaskDefinition, KeptnEvaluationDefinition, KeptnMetric, KeptnMetricsProvider],
  },
  {
    name: 'app-context',
    kind: KeptnAppContext,
    isOfApp: true,
    saysReady: true,
    saysResolved: 'always',
    names: [KeptnTaskDefinition, KeptnEvaluationDefinition, CheckDefinition],
  },
  {
    name: 'workload-references',
    kind: KeptnWorkload,
    saysReady: false,
    saysResolved: 'afterTrouble',
    names: [KeptnTaskDefinition, KeptnEvaluationDefinition, CheckDefinition],
  },
  {
    name: 'metric-references',
    kind: KeptnMetric,
    saysReady: false,
    saysResolved: 'withReferences',
    names: [KeptnMetric, KeptnMetricsProvider],
  },
  {
    name: 'check-definition',
    kind: CheckDefinition,
    saysReady: true,
    saysResolved: 'never',
    names: [],
  },
  {
    name: 'metrics-provider',
    kind: KeptnMetricsProvider,
    saysReady: true,
    saysResolved: 'never',
    names: [],
  },
];

/**
 * Tell on each definition, context, metric and provider whether what it names is there, by the rules that admission warns by:
 * objects arrive in any order, and two that are fine each can lead in a circle together. What changes wakes the objects that name
 * it, and no others.
 */
export function referenceControllers(places: Places): readonly Controller<ReferrerObservation>[] {
  return table.map((entry) => ({
    name: entry.name,
    startingPoints: [watch(entry.kind, ({ metadata }) => [metadata])],
    indexes: [
      ...referenceIndexes.filter(({ kind }) => kind === entry.kind),
      ...(entry.isOfApp === true ? [workloadsByApp] : []),
    ],
    watches: watchesOf(entry, places),
    gather: (key, world) => observationOf(entry, { key, world, places }),
    decide: decideReferrer,
  }));
}

const appWatches: readonly Watch[] = [
  watch(KeptnApp, ({ metadata }) => [metadata], 'existence'),
  watch(
    KeptnWorkload,
    ({ metadata: { namespace = '' }, spec }) => [{ namespace, name: spec.app }],
    'existence',
  ),
];

function lacksApp({ namespace = '', name }: Key, world: World): boolean {
  if (world.get(KeptnApp, namespace, name) !== undefined) return false;
  return world.byIndex(workloadsByApp, inNamespace(namespace, name)).every(isRetired);
}

function watchesOf({ kind, names, isOfApp }: ReferringKind, places: Places): readonly Watch[] {
  const ofObject = (to: KubernetesObject, lookup: Lookup): readonly Key[] =>
    referrersOf(kind, to, { lookup, places }).map(({ metadata }) => metadata);
  return [
    watch(kind, ({ metadata }) => [metadata], 'spec'),
    ...(isOfApp === true ? appWatches : []),
    ...names
      .filter((named) => named !== KeptnMetricsProvider)
      .map((named) =>
        named === KeptnTaskDefinition
          ? watch(
              KeptnTaskDefinition,
              (definition, lookup) =>
                leadingTo(definition, { lookup, places }).flatMap((each) => ofObject(each, lookup)),
              'spec',
            )
          : watch(named, ofObject, named === KeptnMetric ? 'spec' : 'existence'),
      ),
    ...(names.includes(KeptnMetricsProvider) ? [behindMetrics(kind, places)] : []),
    // How deep chains may be is said there.
    watch(
      KeptnConfig,
      (_config, lookup) => lookup.list(kind).map(({ metadata }) => metadata),
      'spec',
    ),
  ];
}

/** Objects that name a provider, and objects that name a metric that does: both say what is wrong with the provider. */
function behindMetrics(kind: Kind<Referrer>, places: Places): Watch {
  return watch(
    KeptnMetricsProvider,
    (provider, lookup) => {
      const metrics = referrersOf(KeptnMetric, provider, { lookup, places });
      return [provider, ...metrics]
        .flatMap((each) => referrersOf(kind, each, { lookup, places }))
        .map(({ metadata }) => metadata);
    },
    'spec',
  );
}

function observationOf(
  { kind, saysReady, saysResolved, isOfApp }: ReferringKind,
  by: { readonly key: Key; readonly world: World; readonly places: Places },
): ReferrerObservation | undefined {
  const { key, world, places } = by;
  const object = world.get(kind, key.namespace, key.name);
  if (object === undefined) return undefined;
  // Controllers run without what their service account may not list, and nothing is claimed of it.
  const context = ruleContextOf(world, places);
  const problems = problemsOf(object, context, {
    severities: hindering,
    hindering: true,
    without: toldElsewhere,
  });
  const flaws = [
    ...problems.map(flawOf),
    ...unusableReferences(object, context).map((found) => ({
      ...found,
      reason: 'ReferenceUnusable',
      isOfReference: true,
      // The one that is named may be put right, without a change of this object.
      mayPass: true,
    })),
  ];
  const isSaid = (): boolean => {
    const references = referencesOf(object, context);
    if (!references.every((reference) => context.isComplete(reference.kind))) return false;
    if (saysResolved === 'withReferences') return references.length > 0;
    const wasSaid = conditionOf(object, conditionTypes.resolvedRefs) !== undefined;
    return saysResolved === 'always' || (saysResolved === 'afterTrouble' && wasSaid);
  };
  return {
    now: world.now,
    kind,
    object,
    flaws,
    saysResolved: flaws.some(({ isOfReference }) => isOfReference) || isSaid(),
    unread: problems.flatMap((problem) => unreadOf(problem, world)),
    saysReady,
    ...(isOfApp === true && { lacksApp: lacksApp(key, world) }),
  };
}

/** What Keptn took and ran is for admission to warn of. */
const hindering = new Set(['error', 'missing'] as const);

/** It stands on the definition at whose end the chain is cut off, as `follow-up-too-deep`, and goes through all there are. */
const toldElsewhere: ReadonlySet<string> = new Set(['follow-up-makes-too-deep']);

const ofReferences: ReadonlySet<string> = new Set(
  [...referenceRules, ...chainRules].map(({ id }) => id),
);

function flawOf({ rule, path, message }: Problem): Flaw {
  const mayPass = rule.severity === 'missing';
  return {
    path,
    message,
    // follow-up-cycle: FollowUpCycle
    reason: rule.id.replaceAll(/(?:^|-)([a-z])/g, (_dash, letter: string) => letter.toUpperCase()),
    isOfReference: mayPass || ofReferences.has(rule.id) || rule.id.startsWith('function-ref-'),
    mayPass,
  };
}

function unreadOf({ reference }: Problem, world: World): readonly ObjectRef[] {
  if (reference === undefined) return [];
  const { kind, name, namespaces } = reference;
  return namespaces
    .map((namespace) => ({ kind, namespace, name }))
    .filter((ref) => world.live(ref) === 'unread');
}
