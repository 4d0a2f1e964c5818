import type { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { defined } from '../../api/json.ts';
import type { Condition, KubernetesObject } from '../../api/object.ts';
import { conditionOf, conditionTypes, isTrue } from '../conditions.ts';
import type { Lookup } from '../lookup.ts';
import { type Finding, findingAbout, type Mark } from './finding.ts';

type Conditioned = KubernetesObject & { status?: { conditions?: Condition[] } };

/** How a metric stands: its latest value and how old it is, what its last query answered, and its provider. */
export function whyMetric(metric: KeptnMetric, lookup: Lookup): Finding {
  const { spec, status = {}, metadata } = metric;
  const ready = conditionOf(metric, conditionTypes.ready);
  const provider = lookup.get(KeptnMetricsProvider, metadata.namespace, spec.provider.name);
  const { value, errMsg, lastUpdated } = status;
  const hasError = errMsg !== undefined && errMsg !== '';
  return findingAbout(metric, {
    mark: hasError && !isTrue(metric, conditionTypes.stalled) ? 'warning' : conditionMark(metric),
    says: hasError
      ? `its last query gave no value: ${errMsg}`
      : `query ${spec.query}${value === undefined || value === '' ? ' has no value yet' : ''}`,
    facts: defined({
      value: value === '' ? undefined : value,
      measuredAt: lastUpdated,
      reason: ready?.reason,
      message: ready?.message,
    }),
    because: [provider === undefined ? absentProvider(metric) : whyProvider(provider)],
  });
}

function absentProvider({ spec, metadata }: KeptnMetric): Finding {
  const { name } = spec.provider;
  return {
    kind: KeptnMetricsProvider.kind,
    name,
    namespace: metadata.namespace,
    mark: 'failed',
    says: `does not exist in namespace ${metadata.namespace ?? ''}; create it, or correct spec.provider.name of the metric`,
    facts: { reason: 'ProviderNotFound' },
    because: [],
  };
}

/** Where a provider is, and what is wrong with it, if something is. */
export function whyProvider(provider: KeptnMetricsProvider): Finding {
  const { type, targetServer } = provider.spec;
  const ready = conditionOf(provider, conditionTypes.ready);
  const refs = conditionOf(provider, conditionTypes.resolvedRefs);
  const wrong = [ready, refs].find((one) => one?.status === 'False');
  return findingAbout(provider, {
    mark: wrong === undefined ? conditionMark(provider) : 'failed',
    says: wrong?.message ?? `${type ?? provider.metadata.name} at ${targetServer}`,
    facts: defined({ reason: (wrong ?? ready)?.reason, message: (wrong ?? ready)?.message }),
  });
}

function conditionMark(object: Conditioned): Mark {
  if (isTrue(object, conditionTypes.stalled)) return 'failed';
  const ready = conditionOf(object, conditionTypes.ready);
  return ready === undefined || ready.status === 'True' ? 'done' : 'waiting';
}
