import type { KeptnMetricSpec } from '../../api/keptn/metric.ts';
import type { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { hexDigest } from '../hash.ts';

const digits = 16;

/**
 * A digest of everything that decides which value a query gives: the query, its range, and the provider with its address and
 * credentials. It is stored with each value: a value with another digest was measured with something else and counts for
 * nothing. How often the query is asked, and how many results are kept, is not part of it.
 */
export function measuredWith(spec: KeptnMetricSpec, provider: KeptnMetricsProvider): string {
  const { interval = '', step = '', aggregation = '' } = spec.range ?? {};
  const { type = '', targetServer, secretKeyRef, insecureSkipTlsVerify = false } = provider.spec;
  return hexDigest(
    [
      spec.query,
      spec.range === undefined ? '' : 'range',
      interval,
      step,
      aggregation,
      spec.provider.name,
      type,
      targetServer,
      secretKeyRef?.name ?? '',
      secretKeyRef?.key ?? '',
      String(insecureSkipTlsVerify),
    ],
    digits,
  );
}
