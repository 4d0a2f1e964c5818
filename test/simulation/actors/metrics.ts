import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { refOf } from '../../../src/api/object.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import type { Actor } from '../simulation.ts';

/**
 * What Sluice's own loop does for KeptnMetrics, reduced to what others see of it: each is asked as soon as it is there and
 * then at its interval. `answer` says what comes; undefined is an answer without a value. `asked` grows with every question.
 */
export function metricsActor(answer: () => string | undefined, asked: string[] = []): Actor {
  const lastAsked = new Map<string, number>();
  return {
    name: 'metrics',
    step(stage) {
      const { store, now } = stage;
      for (const metric of store.list(KeptnMetric)) {
        const { uid = '' } = metric.metadata;
        const { provider, query, fetchIntervalSeconds } = metric.spec;
        const dueAt = (lastAsked.get(uid) ?? -Infinity) + fetchIntervalSeconds * 1_000;
        if (dueAt > now) {
          stage.wakeAfter(dueAt - now);
          continue;
        }
        lastAsked.set(uid, now);
        asked.push(`${provider.name} ${query}`);
        const value = answer();
        const { value: last, rawValue: lastRaw } = metric.status ?? {};
        store.writeStatus(refOf(KeptnMetric, metric), undefined, {
          lastUpdated: rfc3339(now),
          ...(value === undefined
            ? { value: last, rawValue: lastRaw, errMsg: 'no values in query result' }
            : { value, rawValue: btoa(`"${value}"`) }),
        });
        stage.wakeAfter(fetchIntervalSeconds * 1_000);
      }
    },
  };
}
