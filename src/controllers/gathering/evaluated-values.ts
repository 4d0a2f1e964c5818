import type { IndexDefinition } from '../../ports/index-definition.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import {
  KeptnEvaluationDefinition,
  type Objective,
} from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf } from '../../api/object.ts';
import { objectivesAt } from '../../domain/evaluation/evaluation-objectives.ts';
import { isAsking, isMadeBy, metricNameOf } from '../../domain/evaluation/evaluation-queries.ts';
import {
  attemptsOf,
  isOpen,
  statusOf,
  timeToNextAttempt,
} from '../../domain/evaluation/evaluation-status.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import { type Lookup, type World } from '../../domain/lookup.ts';
import { metricNamespaces } from '../../domain/measurement/metric-namespaces.ts';
import { hasQuery } from '../../domain/measurement/own-query.ts';
import type { Measurement } from '../../domain/measurement/usable-value.ts';
import { boundsFor, type ValueBounds } from '../../domain/measurement/value-bounds.ts';
import { findReference, type Reference } from '../../domain/reference.ts';
import { parseTime } from '../../domain/time.ts';
import type { Places } from '../../domain/settings/places.ts';

/** The evaluations that are not over, by the name of their definition. */
export const openEvaluationsByDefinition: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'open-by-definition',
  values: (evaluation) => (isOpen(evaluation) ? [evaluation.spec.evaluationDefinition] : []),
};

/** The evaluation definitions by the names of the KeptnMetrics they judge, wherever these are. */
export const definitionsByMetric: IndexDefinition<KeptnEvaluationDefinition> = {
  kind: KeptnEvaluationDefinition,
  name: 'metric',
  values: ({ spec }) =>
    (spec.objectives ?? []).flatMap(({ keptnMetricRef }) =>
      keptnMetricRef?.name === undefined ? [] : [keptnMetricRef.name],
    ),
};

/** What values are found with. */
interface By<View> {
  readonly world: View;
  readonly places: Places;
}

type Reader = Pick<World, 'get' | 'live' | 'byOwner'>;

/** The metrics that an evaluation has made for the queries of its own. */
export function ownMetrics(
  evaluation: KeptnEvaluation,
  world: Pick<Lookup, 'byOwner'>,
): readonly KeptnMetric[] {
  return world
    .byOwner(KeptnMetric, evaluation.metadata.uid ?? '')
    .filter((metric) => isMadeBy(evaluation, metric));
}

/** The objectives of an evaluation in order, each with its metric and the provider of that. */
export function measurementsOf(
  evaluation: KeptnEvaluation,
  definition: KeptnEvaluationDefinition | undefined,
  { world, places }: By<Reader>,
): readonly Measurement[] {
  const own = ownMetrics(evaluation, world);
  return (definition?.spec.objectives ?? []).map((objective) => {
    const metric = hasQuery(objective)
      ? ownMetric(evaluation, objective, own)
      : referredMetric(evaluation, objective, { world, places });
    const { object } = metric;
    const provider =
      object &&
      world.get(KeptnMetricsProvider, object.metadata.namespace, object.spec.provider.name);
    return { objective, metric, provider };
  });
}

function referredMetric(
  evaluation: KeptnEvaluation,
  { keptnMetricRef }: Objective,
  { world, places }: By<Reader>,
): Reference<KeptnMetric> {
  const { namespace = '' } = evaluation.metadata;
  const { operatorNamespace } = places;
  return findReference(world, KeptnMetric, {
    name: keptnMetricRef?.name ?? '',
    namespaces: metricNamespaces(keptnMetricRef?.namespace, { own: namespace, operatorNamespace }),
  });
}

/** The metric by which the evaluation asks a query of its own; one that goes away is none. */
function ownMetric(
  evaluation: KeptnEvaluation,
  objective: Objective,
  metrics: readonly KeptnMetric[],
): Reference<KeptnMetric> {
  const name = metricNameOf(evaluation, objective);
  const object = metrics.find(
    (metric) =>
      metric.metadata.name === name &&
      metric.metadata.deletionTimestamp === undefined &&
      isAsking(metric, objective),
  );
  return { name, namespaces: [evaluation.metadata.namespace ?? ''], object, unread: [] };
}

/** Which values the evaluation takes. */
export function valueBounds(
  evaluation: KeptnEvaluation,
  definition: KeptnEvaluationDefinition | undefined,
  { world, places }: By<Lookup>,
): ValueBounds {
  return boundsFor(evaluation, definition, {
    settings: settingsFrom(world.list(KeptnConfig), places.operatorNamespace),
    deploymentStartedAtMs: deploymentStartedAt(evaluation, world),
  });
}

/** When the deployment that is evaluated began; for an evaluation of none, when it was made itself. */
function deploymentStartedAt(evaluation: KeptnEvaluation, lookup: Pick<Lookup, 'get'>): number {
  const { namespace, creationTimestamp } = evaluation.metadata;
  const owner = controllerOf(evaluation);
  const startOf = (): string | undefined => {
    if (owner?.kind === KeptnWorkloadVersion.kind) {
      const status = lookup.get(KeptnWorkloadVersion, namespace, owner.name)?.status;
      return status?.deploymentStartTime ?? status?.phaseRecords?.['WorkloadDeploy']?.startTime;
    }
    if (owner?.kind !== KeptnAppVersion.kind) return undefined;
    return lookup.get(KeptnAppVersion, namespace, owner.name)?.status?.phaseRecords?.['AppDeploy']
      ?.startTime;
  };
  return parseTime(startOf()) ?? parseTime(creationTimestamp) ?? 0;
}

/** The open evaluations that may judge this metric. */
export function evaluationsOn(
  metric: KeptnMetric,
  { world, places }: By<Pick<Lookup, 'get' | 'byIndex'>>,
): readonly KeptnEvaluation[] {
  const { name, namespace = '' } = metric.metadata;
  const owner = controllerOf(metric);
  if (owner?.kind === KeptnEvaluation.kind) {
    const maker = world.get(KeptnEvaluation, namespace, owner.name);
    return maker !== undefined && isOpen(maker) && isMadeBy(maker, metric) ? [maker] : [];
  }
  const names = new Set(
    world.byIndex(definitionsByMetric, name).map(({ metadata }) => metadata.name),
  );
  return [...names]
    .flatMap((definition) => world.byIndex(openEvaluationsByDefinition, definition))
    .filter((evaluation) => {
      const definition = definitionOf(evaluation, { world, places });
      return definition?.spec.objectives?.some(({ keptnMetricRef }) => {
        if (keptnMetricRef?.name !== name) return false;
        const { operatorNamespace } = places;
        const { namespace: own = '' } = evaluation.metadata;
        return metricNamespaces(keptnMetricRef.namespace, { own, operatorNamespace }).includes(
          namespace,
        );
      });
    });
}

/** The definition of an evaluation as the caches know it. */
export function definitionOf(
  { metadata, spec }: KeptnEvaluation,
  { world, places }: By<Pick<Lookup, 'get'>>,
): KeptnEvaluationDefinition | undefined {
  return [metadata.namespace, places.definitionsNamespace]
    .map((namespace) => world.get(KeptnEvaluationDefinition, namespace, spec.evaluationDefinition))
    .find((definition) => definition !== undefined);
}

/**
 * The earliest moment, in milliseconds since the Unix epoch, at which a new measurement of the metric would help an open
 * evaluation on; undefined when none waits for one. An evaluation that cannot be made for other reasons (another metric is
 * missing or fails) asks for nothing beyond these.
 */
export function awaitedFrom(
  metric: KeptnMetric,
  { world, places, now }: By<Lookup> & { readonly now: number },
): number | undefined {
  const moments = evaluationsOn(metric, { world, places }).flatMap((evaluation) =>
    awaitedBy(evaluation, { metric, world, places, now }),
  );
  return moments.length === 0 ? undefined : Math.min(...moments);
}

function awaitedBy(
  evaluation: KeptnEvaluation,
  { metric, world, places, now }: By<Lookup> & { metric: KeptnMetric; now: number },
): readonly number[] {
  const status = statusOf(evaluation);
  if (status.retryCount >= attemptsOf(evaluation)) return [];
  const definition = definitionOf(evaluation, { world, places });
  const reader: Reader = {
    get: (kind, namespace, name) => world.get(kind, namespace, name),
    byOwner: (kind, uid) => world.byOwner(kind, uid),
    live: () => 'present',
  };
  const measurements = measurementsOf(evaluation, definition, { world: reader, places });
  const objectives = objectivesAt(measurements, status.evaluationStatus, {
    namespace: evaluation.metadata.namespace ?? '',
    bounds: valueBounds(evaluation, definition, { world, places }),
    now: now + Math.max(0, timeToNextAttempt(evaluation, status, { now })),
  });
  const missing = objectives.flatMap(({ usable }, index) =>
    usable?.type === 'none' ? [{ usable, metric: measurements[index]?.metric.object }] : [],
  );
  const obstacles = missing.filter(({ usable }) => usable.failed || absences.has(usable.reason));
  return (obstacles.length > 0 ? obstacles : missing)
    .filter(({ metric: missed }) => missed?.metadata.uid === metric.metadata.uid)
    .map(({ usable }) => usable.fromMs);
}

const absences: ReadonlySet<string> = new Set([
  'MetricForbidden',
  'MetricNotFound',
  'ProviderNotFound',
  'ValuePending',
  'QueryFailed',
]);
