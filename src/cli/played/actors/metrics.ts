import { KeptnMetric } from '../../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../../api/keptn/metrics-provider.ts';
import { refOf } from '../../../api/object.ts';
import { measuredWith } from '../../../domain/measurement/measured-with.ts';
import {
  fetchIntervalMs,
  type MetricOutcome,
  metricStatus,
} from '../../../domain/measurement/metric.ts';
import type { Actor } from './actor.ts';

/**
 * What Sluice's own loop does for KeptnMetrics, reduced to what others see of it: each is asked as soon as it and its provider
 * are there, and then at its interval. `answer` says what comes; undefined is an answer without a value. `asked` grows with
 * every question.
 */
export function metricsActor(
  answer: (metric: KeptnMetric) => string | undefined,
  asked: string[] = [],
): Actor {
  const lastAsked = new Map<string, number>();
  return {
    name: 'metrics',
    step(stage) {
      const { store, now } = stage;
      for (const metric of store.list(KeptnMetric)) {
        const { uid = '', namespace } = metric.metadata;
        const { provider, query } = metric.spec;
        const asking = store.get(KeptnMetricsProvider, namespace, provider.name);
        if (asking === undefined) continue;
        const dueAt = (lastAsked.get(uid) ?? -Infinity) + fetchIntervalMs(metric);
        if (dueAt > now) {
          stage.wakeAfter(dueAt - now);
          continue;
        }
        lastAsked.set(uid, now);
        asked.push(`${provider.name} ${query}`);
        const as = measuredWith(metric.spec, asking);
        const status = metricStatus(metric, outcomeOf(answer(metric)), { askedAt: now, as });
        store.writeStatus(refOf(KeptnMetric, metric), undefined, status);
        stage.wakeAfter(fetchIntervalMs(metric));
      }
    },
  };
}

function outcomeOf(value: string | undefined): MetricOutcome {
  return value === undefined
    ? { type: 'failed', reason: 'QueryFailed', message: 'no values in query result' }
    : { type: 'measured', value, rawValue: btoa(`"${value}"`) };
}
