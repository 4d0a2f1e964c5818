import { ClusterError } from '../api/cluster-error.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { KeptnMetric, type KeptnMetricStatus } from '../api/keptn/metric.ts';
import { controllerOf, type KubernetesObject, refOf } from '../api/object.ts';
import { queryRange, type QueryRange, readingOf } from '../domain/metric-value.ts';
import {
  fetchIntervalMs,
  firstDueAt,
  isWorthWriting,
  type MetricOutcome,
  metricStatus,
} from '../domain/metric.ts';
import { type Backoff, backoffMs } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { WorkQueue } from '../runtime/work-queue.ts';
import type { Caches, Cluster, ClusterConnection } from './cluster.ts';
import type { EngineLog } from './controller-run.ts';
import { Fenced, fencedCluster } from './fenced-cluster.ts';
import type { IndexDefinition } from './indexes.ts';
import { inNamespace } from './lifecycle-indexes.ts';

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

/** The metrics that ask a provider. */
export const metricsByProvider: IndexDefinition<KeptnMetric> = {
  kind: KeptnMetric,
  name: 'provider',
  values: ({ metadata, spec }) => [inNamespace(metadata.namespace, spec.provider.name)],
};

export interface MetricLoopParts {
  readonly cluster: ClusterConnection;
  readonly caches: Caches;
  readonly source: MetricSource;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly mayWrite?: () => boolean;
  readonly random: () => number;
}

/** What the loop remembers of a metric: when it was asked for, and for which spec of metric and provider. */
interface Asked {
  readonly at: number;
  readonly as: string;
}

// Queries wait for other machines most of the time; one that hangs must not keep the others waiting.
const queriesAtOnce = 50;
// A status is written to what is there; more than a few changes in between are somebody fighting over it.
const mostTries = 3;
const backoff: Backoff = { baseMs: 1_000, capMs: 60_000 };

/**
 * Asks for every KeptnMetric at its interval and keeps its status. It stands beside the engine, because what it decides on
 * is not in the cluster: a query is made between looking and writing. Runs on the leader only.
 */
export class MetricLoop {
  readonly #parts: MetricLoopParts;
  readonly #cluster: Cluster;
  readonly #queue: WorkQueue;
  readonly #asked = new Map<string, Asked>();
  readonly #stop = new AbortController();
  #unsubscribe: (() => void)[] = [];

  constructor(parts: MetricLoopParts) {
    this.#parts = parts;
    this.#cluster = fencedCluster(parts.cluster, {
      mayWrite: parts.mayWrite ?? (() => true),
      signal: this.#stop.signal,
    });
    this.#queue = new WorkQueue({
      clock: parts.clock,
      concurrency: queriesAtOnce,
      work: (key) => this.#work(key),
      retryAfterMs: (key, failures, error) => {
        this.#asked.delete(key); // asked again with the next try, since the answer was not kept
        parts.log.warn({ metric: key, err: error }, 'the status of a KeptnMetric was not written');
        return backoffMs(failures, backoff, parts.random);
      },
    });
  }

  /** Begins with what is cached; the caches must be filled. A loop that was stopped cannot be started again. */
  start(): void {
    const { caches } = this.#parts;
    this.#unsubscribe = [
      caches.subscribe(KeptnMetric, ({ object }) => this.#queue.add(keyOf(object))),
      caches.subscribe(KeptnMetricsProvider, ({ object: { metadata } }) => {
        const place = inNamespace(metadata.namespace, metadata.name);
        for (const metric of caches.byIndex(KeptnMetric, metricsByProvider.name, place)) {
          this.#queue.add(keyOf(metric));
        }
      }),
    ];
    for (const metric of caches.list(KeptnMetric)) this.#queue.add(keyOf(metric), 'initial');
    this.#queue.start();
  }

  /** Ends the queries in flight and resolves when nothing is left of the loop. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stop.abort(new Error('stopping'));
    await this.#queue.shutdown();
  }

  async #work(key: string): Promise<void> {
    await Promise.resolve(); // never inside the very change that woke the key
    const { clock } = this.#parts;
    const metric = this.#metric(key);
    if (metric === undefined || metric.metadata.deletionTimestamp !== undefined) {
      this.#asked.delete(key);
      return;
    }
    const provider = this.#providerOf(metric);
    const as = `${identityOf(metric)} ${identityOf(provider)}`;
    const dueAt = this.#dueAt(key, metric, as);
    const now = clock.now();
    if (dueAt > now) {
      this.#queue.addAfter(key, dueAt - now);
      return;
    }
    // Remembered before asking: whatever comes of it, the next query is an interval away.
    this.#asked.set(key, { at: now, as });
    this.#queue.addAfter(key, fetchIntervalMs(metric));
    const outcome = await this.#measure(metric, provider, now);
    if (!this.#stop.signal.aborted) await this.#keep(key, metric, outcome);
  }

  #metric(key: string): KeptnMetric | undefined {
    const [namespace, name = ''] = key.split('/');
    return this.#parts.caches.get(KeptnMetric, namespace, name);
  }

  #providerOf({ metadata, spec }: KeptnMetric): KeptnMetricsProvider | undefined {
    return this.#parts.caches.get(KeptnMetricsProvider, metadata.namespace, spec.provider.name);
  }

  #dueAt(key: string, metric: KeptnMetric, as: string): number {
    const asked = this.#asked.get(key);
    if (asked === undefined) return firstDueAt(metric, this.#parts.clock.now());
    return asked.as === as ? asked.at + fetchIntervalMs(metric) : asked.at;
  }

  async #measure(
    { spec, metadata }: KeptnMetric,
    provider: KeptnMetricsProvider | undefined,
    now: number,
  ): Promise<MetricOutcome> {
    if (provider === undefined) {
      const message = `KeptnMetricsProvider ${spec.provider.name} not found in namespace ${metadata.namespace ?? ''}`;
      return { type: 'failed', reason: 'ProviderNotFound', message, stalled: true };
    }
    const range = queryRange(spec);
    if (range !== undefined && 'error' in range) {
      return { type: 'failed', reason: 'RangeInvalid', message: range.error, stalled: true };
    }
    try {
      const samples = await this.#parts.source.query(
        { provider, query: spec.query, now, ...(range && { range }) },
        this.#stop.signal,
      );
      const reading = readingOf(spec, samples);
      return 'error' in reading
        ? { type: 'failed', reason: 'QueryFailed', message: reading.error }
        : { type: 'measured', ...reading };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Writes the status if it says anything new. The metric may have changed while the provider was asked. */
  async #keep(key: string, asked: KeptnMetric, outcome: MetricOutcome): Promise<void> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const metric = this.#metric(key);
      if (metric === undefined || identityOf(metric) !== identityOf(asked)) return;
      const now = this.#parts.clock.now();
      const status = metricStatus(metric, outcome, now);
      if (!isAwaited(metric) && !isWorthWriting(metric.status, status, now)) return;
      if (await this.#write(metric, status)) return;
    }
  }

  /** Whether that was the end of it; if not, the caches know what is there now. */
  async #write(metric: KeptnMetric, status: KeptnMetricStatus): Promise<boolean> {
    const { caches } = this.#parts;
    const ref = refOf(KeptnMetric, metric);
    const { resourceVersion = '' } = metric.metadata;
    try {
      caches.observe(KeptnMetric, await this.#cluster.writeStatus(ref, resourceVersion, status));
      return true;
    } catch (error) {
      if (error instanceof Fenced) return true;
      if (!(error instanceof ClusterError) || ![404, 409].includes(error.code)) throw error;
      const live = await this.#cluster.get(ref);
      if (live === undefined) caches.forget(ref);
      else caches.observe(KeptnMetric, live);
      return false;
    }
  }
}

/** Whether an evaluation has made the metric: it waits for each answer, also for one that says the same as the last. */
function isAwaited(metric: KeptnMetric): boolean {
  return controllerOf(metric)?.kind === KeptnEvaluation.kind;
}

function keyOf({ metadata }: KeptnMetric): string {
  return inNamespace(metadata.namespace, metadata.name);
}

/** Changes when the spec does, and when another object takes the name. */
function identityOf(object: KubernetesObject | undefined): string {
  return object === undefined
    ? 'none'
    : `${object.metadata.uid ?? ''}/${object.metadata.generation ?? 0}`;
}

/** The kinds of trouble by the names of their errors, as condition reasons; anything else is a QueryFailed. */
const reasons: ReadonlyMap<string, { readonly stalled: boolean }> = new Map([
  ['ProviderUnsupported', { stalled: true }],
  ['AddressRefused', { stalled: true }],
  ['CredentialsMissing', { stalled: true }],
  ['ProviderUnreachable', { stalled: false }],
]);

function outcomeOf(error: unknown): MetricOutcome {
  const message = error instanceof Error ? error.message : String(error);
  const reason = error instanceof Error ? error.name : '';
  const known = reasons.get(reason);
  return known === undefined
    ? { type: 'failed', reason: 'QueryFailed', message }
    : { type: 'failed', reason, message, stalled: known.stalled };
}
