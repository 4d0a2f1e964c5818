import type { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import type { KeptnMetric } from '../../api/keptn/metric.ts';
import { queryRange, type QueryRange, readingOf } from '../../domain/measurement/metric-value.ts';
import type { MetricOutcome } from '../../domain/measurement/metric.ts';
import { shortened } from '../../domain/shortened.ts';
import { parseTime } from '../../domain/time.ts';

/** Asks providers for values; `src/metrics-providers` implements it. */
export interface MetricSource {
  /**
   * The samples of the query's one series as text, oldest first, at least one. Rejects with an error whose message is fit
   * for `status.errMsg` and whose name says what kind of trouble it is.
   */
  query(
    query: {
      readonly provider: KeptnMetricsProvider;
      readonly query: string;
      readonly now: number;
      readonly range?: QueryRange;
    },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

// What a provider says is not Sluice's text: a status holds a part of it.
const longestMessage = 1024;

/** Asks a provider for a metric's value as of `now`. Never rejects. */
export async function askProvider(
  { spec }: KeptnMetric,
  by: {
    readonly provider: KeptnMetricsProvider;
    readonly source: MetricSource;
    readonly now: number;
    readonly signal: AbortSignal;
  },
): Promise<MetricOutcome> {
  const { provider, source, now, signal } = by;
  const range = queryRange(spec);
  if (range !== undefined && 'error' in range) {
    return { type: 'failed', reason: 'RangeInvalid', message: range.error, stalled: true };
  }
  try {
    const samples = await source.query(
      { provider, query: spec.query, now, ...(range && { range }) },
      signal,
    );
    const reading = readingOf(spec, samples);
    return 'error' in reading
      ? { type: 'failed', reason: 'QueryFailed', message: shortened(reading.error, longestMessage) }
      : { type: 'measured', ...reading };
  } catch (error) {
    return outcomeOf(error);
  }
}

/** In the first moments of a metric its provider may be on its way, in the same file for example. */
const providerGraceMs = 30_000;

/** How long a missing provider of this metric is nothing to be alarmed at, in milliseconds from now; 0 or less: no longer. */
export function providerGrace({ metadata }: KeptnMetric, now: number): number {
  const createdAt = parseTime(metadata.creationTimestamp);
  // A creation that is still to come is another clock's word.
  return createdAt === undefined || createdAt > now ? 0 : createdAt + providerGraceMs - now;
}

/** What comes of a metric whose provider is not there. */
export function providerMissing(metric: KeptnMetric, now: number): MetricOutcome {
  const { spec, metadata } = metric;
  return {
    type: 'failed',
    reason: 'ProviderNotFound',
    message: `KeptnMetricsProvider ${spec.provider.name} not found in namespace ${metadata.namespace ?? ''}`,
    stalled: providerGrace(metric, now) <= 0,
  };
}

/** The kinds of trouble by the names of their errors, as condition reasons; anything else is a QueryFailed. */
const reasons: ReadonlyMap<string, { readonly stalled: boolean }> = new Map([
  ['ProviderUnsupported', { stalled: true }],
  ['AddressRefused', { stalled: true }],
  ['CredentialsMissing', { stalled: true }],
  ['ProviderUnreachable', { stalled: false }],
  ['PartialAnswer', { stalled: false }],
]);

function outcomeOf(error: unknown): MetricOutcome {
  const text = error instanceof Error ? error.message : String(error);
  const message = shortened(text, longestMessage);
  const reason = error instanceof Error ? error.name : '';
  const known = reasons.get(reason);
  return known === undefined
    ? { type: 'failed', reason: 'QueryFailed', message }
    : { type: 'failed', reason, message, stalled: known.stalled };
}
