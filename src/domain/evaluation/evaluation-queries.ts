import { type Answers, refusalOf } from '../answers.ts';
import type { Objective } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { isControlledBy, refOf, ownedBy } from '../../api/object.ts';
import { conditionOf, conditionTypes, type Progress } from '../conditions.ts';
import { objectiveKeys, type ObjectiveStatuses } from './evaluation-objectives.ts';
import { hasQuery } from '../measurement/own-query.ts';
import type { Measurement } from '../measurement/usable-value.ts';
import { queryMetricName } from '../names.ts';
import { deleting, type Effect, type Refusal } from '../plan.ts';
import { defined } from '../../api/json.ts';

/**
 * Objectives with a query of their own (KEP 93). Each open one is asked by a KeptnMetric that belongs to the evaluation, at
 * the interval of its attempts, and is judged like any other from then on. The metric is deleted as soon as it is not needed: the
 * objective is met, the evaluation has ended, the definition asks something else.
 */
export interface QueriesSeen extends Pick<Answers, 'refusals'> {
  /** The names of the KeptnMetricsProviders in the namespace of the evaluation. */
  readonly providers: readonly string[];
  /** Every KeptnMetric the evaluation has made. */
  readonly metrics: readonly KeptnMetric[];
}

/** An evaluation with its queries, as one decision sees them. */
export interface QueryingEvaluation {
  readonly evaluation: KeptnEvaluation;
  readonly measurements: readonly Measurement[];
  readonly queries: QueriesSeen;
}

/** What is still to be done before the next attempt can be made; waiting for it is no attempt. */
export interface QueryPreparation {
  readonly effects: readonly Effect[];
  readonly progress: Progress;
}

/** The name of the metric by which an objective of this evaluation asks; objectives that ask the same share it. */
export function metricNameOf(evaluation: KeptnEvaluation, objective: Objective): string {
  const { name, uid = '' } = evaluation.metadata;
  const provider = objective.provider?.name ?? '';
  return queryMetricName({ evaluation: name, uid, query: objective.query ?? '', provider });
}

/** Whether this metric was made by this very evaluation. */
export function isMadeBy(evaluation: KeptnEvaluation, metric: KeptnMetric): boolean {
  return isControlledBy(metric, evaluation);
}

/**
 * Whether a metric of the evaluation asks what the objective asks. Its name and owner can be computed by anybody, and its
 * query may have been changed since.
 */
export function isAsking(metric: KeptnMetric, objective: Objective): boolean {
  const provider = objective.provider?.name ?? '';
  return (
    metric.spec.query === objective.query &&
    (provider === '' || metric.spec.provider.name === provider) &&
    metric.spec.range === undefined
  );
}

/** The metrics of the evaluation that are not needed any more; of an evaluation that has ended, all of them. */
export function discarded(
  { evaluation, measurements, queries }: QueryingEvaluation,
  { isOpen, statuses }: { readonly isOpen: boolean; readonly statuses: ObjectiveStatuses },
): readonly Effect[] {
  const needed = new Set(
    isOpen
      ? openQueries({ evaluation, measurements, queries }, statuses).map(
          ({ metric }) => metric.name,
        )
      : [],
  );
  return queries.metrics
    .filter(
      ({ metadata }) => !needed.has(metadata.name) && metadata.deletionTimestamp === undefined,
    )
    .map((metric) => deleting(KeptnMetric, metric));
}

/** What an attempt is to be prepared for. */
export interface NextAttempt {
  readonly statuses: ObjectiveStatuses;
  readonly fetchIntervalSeconds: number;
}

/** What the open queries need before they can be asked; undefined when each of them has its metric. */
export function preparation(
  querying: QueryingEvaluation,
  { statuses, fetchIntervalSeconds }: NextAttempt,
): QueryPreparation | undefined {
  const effects: Effect[] = [];
  const problems: Progress[] = [];
  for (const { objective, metric } of openQueries(querying, statuses)) {
    if (metric.object !== undefined) continue;
    const provider = providerFor(objective, querying);
    if (typeof provider !== 'string') {
      problems.push(provider);
      continue;
    }
    const spec = { provider: { name: provider }, query: objective.query, fetchIntervalSeconds };
    const object = metricFor(querying.evaluation, metric.name, spec);
    // Under its name and owner, but not asking the same: put there or changed by something else.
    const other = querying.queries.metrics.find(({ metadata }) => metadata.name === metric.name);
    effects.push(
      other === undefined
        ? { type: 'create', kind: KeptnMetric, object }
        : deleting(KeptnMetric, other),
    );
    const refusal = refusalOf(refOf(KeptnMetric, object), querying.queries);
    problems.push(refusal === undefined ? waitingFor(objective) : refused(metric.name, refusal));
  }
  const worst = problems.find(({ kind }) => kind === 'stalled') ?? problems[0];
  return worst === undefined ? undefined : { effects, progress: worst };
}

/** Whether the evaluation waits for a provider to appear, or to be the only one. */
export function awaitsProvider(evaluation: KeptnEvaluation): boolean {
  const reason = conditionOf(evaluation, conditionTypes.stalled)?.reason;
  return reason === 'ProviderNotFound' || reason === 'ProviderAmbiguous';
}

function openQueries(
  { evaluation, measurements }: QueryingEvaluation,
  statuses: ObjectiveStatuses,
) {
  const keys = objectiveKeys(
    measurements.map(({ objective }) => objective),
    evaluation.metadata.namespace ?? '',
  );
  return measurements.flatMap(({ objective, metric }, index) => {
    const isMet = statuses[keys[index] ?? '']?.status === 'Succeeded';
    return hasQuery(objective) && !isMet ? [{ objective, metric }] : [];
  });
}

/** The provider that is asked: the one that is named, or the only one there is. */
function providerFor(
  objective: Objective,
  { evaluation, queries }: QueryingEvaluation,
): string | Progress {
  const { providers } = queries;
  const named = objective.provider?.name ?? '';
  const place = `namespace ${evaluation.metadata.namespace ?? ''}`;
  const stalled = (reason: string, message: string): Progress => ({
    kind: 'stalled',
    reason,
    message: `${titleOf(objective)}: ${message}`,
  });
  if (named !== '') {
    if (providers.includes(named)) return named;
    const there = providers.length === 0 ? 'there is none' : `there are ${listed(providers)}`;
    return stalled(
      'ProviderNotFound',
      `KeptnMetricsProvider ${named} not found in ${place}; ${there}`,
    );
  }
  const [only, ...others] = providers;
  if (only === undefined) {
    return stalled('ProviderNotFound', `there is no KeptnMetricsProvider in ${place}`);
  }
  if (others.length === 0) return only;
  return stalled(
    'ProviderAmbiguous',
    `it names no provider, and ${place} has several: ${listed(providers)}; name one in provider.name (source in v1alpha2)`,
  );
}

const longestList = 10;

function listed(names: readonly string[]): string {
  const shown = names.toSorted().slice(0, longestList).join(', ');
  const rest = names.length - longestList;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function metricFor(
  evaluation: KeptnEvaluation,
  name: string,
  spec: KeptnMetric['spec'],
): KeptnMetric {
  const { namespace } = evaluation.metadata;
  return {
    apiVersion: KeptnMetric.apiVersion,
    kind: KeptnMetric.kind,
    metadata: {
      name,
      ...defined({ namespace }),
      ownerReferences: [ownedBy(KeptnEvaluation, evaluation)],
    },
    spec,
  };
}

function waitingFor(objective: Objective): Progress {
  const message = `${titleOf(objective)}: the provider has not answered the query yet`;
  return { kind: 'waiting', reason: 'QueryPending', message };
}

function refused(name: string, { reason, message }: Refusal): Progress {
  const passes = reason === 'Terminating' || reason === 'Unavailable';
  return {
    kind: passes ? 'waiting' : 'stalled',
    reason: reason === 'NameTaken' ? 'NameTaken' : 'MetricNotCreated',
    message: `KeptnMetric ${name} could not be created: ${message}`,
  };
}

function titleOf({ name = '' }: Objective): string {
  return name === '' ? 'an objective without a name' : `objective ${name}`;
}
