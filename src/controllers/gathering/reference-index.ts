import type { IndexDefinition } from '../../ports/index-definition.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { referencesOf } from '../../lint/base/references.ts';
import { inNamespace } from './lifecycle-indexes.ts';
import type { Places } from '../../domain/settings/places.ts';

const index = 'references';

/** Stands for the namespaces of shared objects, which an index cannot know. */
const shared = '';
/** Stands for whatever object of a namespace: what a query without a provider asks. */
const any = '';

/**
 * Objects by the names they state, whatever the kind: that there is something else of a name is worth knowing, too. A name
 * that is also looked for among the shared objects has a second value for that.
 */
function referencesFrom<T extends KubernetesObject>(
  kind: Kind<T>,
  unnamed: (object: T) => boolean = () => false,
): IndexDefinition<T> {
  return {
    kind,
    name: index,
    values: (object) => {
      const places = { operatorNamespace: shared, definitionsNamespace: shared };
      const stated = referencesOf(object, places).flatMap(({ name, namespaces }) =>
        namespaces.map((namespace) => inNamespace(namespace, name)),
      );
      return unnamed(object) ? [...stated, inNamespace(object.metadata.namespace, any)] : stated;
    },
  };
}

/** Finds out whose references an object answers, at the cost of those there are. */
export const referenceIndexes: readonly IndexDefinition[] = [
  referencesFrom(KeptnTaskDefinition),
  referencesFrom(KeptnEvaluationDefinition, ({ spec }) =>
    (spec.objectives ?? []).some(
      ({ query = '', provider }) => query !== '' && provider === undefined,
    ),
  ),
  referencesFrom(KeptnAppContext),
  referencesFrom(KeptnWorkload),
  referencesFrom(KeptnMetric),
];

/** The objects of a kind that name this one, or something else that would be found under its address. */
export function referrersOf<T extends KubernetesObject>(
  kind: Kind<T>,
  to: KubernetesObject,
  by: { readonly lookup: Lookup; readonly places: Places },
): readonly T[] {
  const { name, namespace = '' } = to.metadata;
  const { operatorNamespace, definitionsNamespace } = by.places;
  const isShared = namespace === operatorNamespace || namespace === definitionsNamespace;
  const values = [
    inNamespace(namespace, name),
    ...(isShared ? [inNamespace(shared, name)] : []),
    ...(to.kind === KeptnMetricsProvider.kind ? [inNamespace(namespace, any)] : []),
  ];
  return values.flatMap((value) => by.lookup.byIndex({ kind, name: index }, value));
}

/** The definition and all that lead to it through functionRef and follow-ups: what becomes of their chains, it decides. */
export function leadingTo(
  definition: KeptnTaskDefinition,
  by: { readonly lookup: Lookup; readonly places: Places },
): readonly KeptnTaskDefinition[] {
  const found = new Map([[addressOf(definition), definition]]);
  // A map hands out what is added while it is walked.
  for (const each of found.values()) {
    for (const referrer of referrersOf(KeptnTaskDefinition, each, by)) {
      const address = addressOf(referrer);
      if (!found.has(address)) found.set(address, referrer);
    }
  }
  return [...found.values()];
}

function addressOf({ metadata }: KubernetesObject): string {
  return inNamespace(metadata.namespace, metadata.name);
}
