import { ClockWatch } from '../../runtime/clock-watch.ts';
import { errorOf } from '../../runtime/error-of.ts';
import type { IndexDefinition } from '../../ports/index-definition.ts';
import type { Log } from '../../ports/log.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnMetric, type KeptnMetricStatus } from '../../api/keptn/metric.ts';
import { controllerOf, type KubernetesObject, refOf } from '../../api/object.ts';
import { isOpen } from '../../domain/evaluation/evaluation-status.ts';
import { measuredWith } from '../../domain/measurement/measured-with.ts';
import {
  type Asking,
  confirmedStatus,
  fetchIntervalMs,
  firstDueAt,
  isWorthWriting,
  leastFetchIntervalMs,
  type MetricOutcome,
  metricStatus,
  outdatedStatus,
} from '../../domain/measurement/metric.ts';
import { type Backoff, backoffMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { FairSlots } from '../../runtime/fair-slots.ts';
import { Slices } from '../../runtime/slices.ts';
import { WorkQueue } from '../../runtime/work-queue.ts';
import type { Caches, Cluster, ClusterConnection, EventSink } from '../engine/cluster.ts';
import type { Turns } from '../engine/controller-run.ts';
import { awaitedFrom, definitionOf, measurementsOf } from '../gathering/evaluated-values.ts';
import { tellFailedDecision } from '../engine/failed-decision.ts';
import { Fenced, fencedCluster } from '../engine/fenced-cluster.ts';
import { inNamespace } from '../gathering/lifecycle-indexes.ts';
import { askProvider, type MetricSource, providerGrace, providerMissing } from './metric-query.ts';
import type { Places } from '../../domain/settings/places.ts';
import { defined } from '../../api/json.ts';

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
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly places: Places;
  readonly mayWrite?: () => boolean;
  readonly random: () => number;
  /** What the event loop gets its turns by at the start. Default: slices of five milliseconds. */
  readonly turns?: Turns;
}

/** What the loop remembers of a metric. */
interface Asked {
  /** When it was asked for last, in elapsed milliseconds. */
  readonly atMs: number;
  /** The spec of metric and provider it was asked for. */
  readonly of: string;
  /** How many queries in a row have failed. */
  readonly failures: number;
  /** When the value that stands in the status was confirmed last. */
  readonly confirmedAt?: number;
}

// Queries wait for other machines most of the time. A namespace whose provider hangs keeps only its own metrics waiting.
const slots = { total: 50, perGroup: 5 } as const;
// A status is written to what is there; more than a few changes in between are somebody fighting over it.
const mostTries = 3;
const backoff: Backoff = { baseMs: 1_000, capMs: 60_000 };

/**
 * Asks for every KeptnMetric at its interval, and sooner where an open evaluation waits for a measurement, and keeps its
 * status. It stands beside the engine, because what it decides on is not in the cluster: a query is made between looking and
 * writing. Runs on the leader only.
 */
export class MetricLoop {
  readonly #parts: MetricLoopParts;
  readonly #cluster: Cluster;
  readonly #clockWatch: ClockWatch;
  readonly #queue: WorkQueue;
  readonly #slots = new FairSlots(slots);
  readonly #asked = new Map<string, Asked>();
  readonly #stop = new AbortController();
  #unsubscribe: (() => void)[] = [];

  constructor(parts: MetricLoopParts) {
    this.#parts = parts;
    this.#clockWatch = new ClockWatch(parts.clock);
    this.#cluster = fencedCluster(parts.cluster, {
      mayWrite: parts.mayWrite ?? (() => true),
      signal: this.#stop.signal,
    });
    this.#queue = new WorkQueue({
      clock: parts.clock,
      // What costs something waits for a slot.
      concurrency: Number.POSITIVE_INFINITY,
      work: (key) => this.#work(key),
      retryAfterMs: (key, failures, error) => {
        this.#asked.delete(key); // asked again with the next try, since the answer was not kept
        parts.log.warn(
          { metric: key, err: errorOf(error) },
          'the status of a KeptnMetric was not written',
        );
        const isFault = !(error instanceof ClusterError) && !(error instanceof Fenced);
        const object = this.#metric(key);
        if (isFault) tellFailedDecision(parts.events, { object, controller: 'metric', error });
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
        for (const metric of caches.byIndex(metricsByProvider, place)) {
          this.#queue.add(keyOf(metric));
        }
      }),
      caches.subscribe(KeptnEvaluation, ({ object, type }) => {
        if (type !== 'deleted' && isOpen(object)) this.#wakeMetricsOf(object);
      }),
    ];
    this.#queue.start();
    void this.#wakeAll();
  }

  /** In slices, so that neither admission nor the renewal of the Lease waits for it. */
  async #wakeAll(): Promise<void> {
    const { caches, turns = new Slices() } = this.#parts;
    for (const metric of caches.walk(KeptnMetric)) {
      this.#queue.add(keyOf(metric), 'initial');
      if (turns.isOver) await turns.turn();
      if (this.#stop.signal.aborted) return;
    }
  }

  /** Ends the queries in flight and resolves when nothing is left of the loop. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stop.abort(new Error('stopping'));
    await this.#queue.shutdown();
  }

  #wakeMetricsOf(evaluation: KeptnEvaluation): void {
    const { caches, places } = this.#parts;
    const definition = definitionOf(evaluation, { world: caches, places });
    const world = {
      get: caches.get.bind(caches),
      byOwner: caches.byOwner.bind(caches),
      live: () => 'present' as const,
    };
    for (const { metric } of measurementsOf(evaluation, definition, { world, places })) {
      if (metric.object !== undefined) this.#queue.add(keyOf(metric.object));
    }
  }

  async #work(key: string): Promise<void> {
    await Promise.resolve(); // never inside the very change that woke the key
    await this.#refresh(key);
    const metric = this.#metric(key);
    if (metric === undefined) return;
    const dueInMs = this.#dueInMs(key, metric, this.#awaitedFrom(metric));
    if (dueInMs > 0) return this.#queue.addAfter(key, dueInMs);
    await this.#slots.run(metric.metadata.namespace ?? '', () => this.#ask(key));
  }

  /** Asks for the metric as it is now: it may have waited for its slot. */
  async #ask(key: string): Promise<void> {
    const metric = this.#metric(key);
    if (metric === undefined || this.#stop.signal.aborted) return;
    const provider = this.#providerOf(metric);
    const as = this.#measuredWith(metric);
    const askedAt = this.#parts.clock.now();
    const before = this.#asked.get(key);
    const of = identityOf(metric, provider);
    // Remembered before asking: whatever comes of it, the next query is an interval away.
    const stands = before?.of === of ? before : undefined;
    this.#asked.set(key, {
      failures: 0,
      ...stands,
      atMs: this.#parts.clock.elapsed(),
      of,
    });
    const pauseMs = provider === undefined ? providerGrace(metric, askedAt) : 0;
    this.#queue.addAfter(key, pauseMs > 0 ? pauseMs : fetchIntervalMs(metric));
    const outcome =
      provider === undefined
        ? providerMissing(metric, askedAt)
        : await askProvider(metric, {
            provider,
            source: this.#parts.source,
            now: askedAt,
            signal: this.#stop.signal,
          });
    if (this.#stop.signal.aborted) return;
    await this.#keep(key, { metric, provider }, { outcome, askedAt, as });
    this.#askSoonerIfAwaited(key);
  }

  /** The next query is an interval away, unless an evaluation waits for an answer that this one did not give. */
  #askSoonerIfAwaited(key: string): void {
    const metric = this.#metric(key);
    const awaitedAt = metric && this.#awaitedFrom(metric);
    if (metric === undefined || awaitedAt === undefined || !this.#providerOf(metric)) return;
    const afterMs = this.#dueInMs(key, metric, awaitedAt);
    if (afterMs > 0) this.#queue.addAfter(key, afterMs);
  }

  /** The metric, if there is one to be asked for; what is remembered of one that is gone is forgotten. */
  #metric(key: string): KeptnMetric | undefined {
    const [namespace, name = ''] = key.split('/');
    const metric = this.#parts.caches.get(KeptnMetric, namespace, name);
    if (metric !== undefined && metric.metadata.deletionTimestamp === undefined) return metric;
    this.#asked.delete(key);
    return undefined;
  }

  #providerOf({ metadata, spec }: KeptnMetric): KeptnMetricsProvider | undefined {
    return this.#parts.caches.get(KeptnMetricsProvider, metadata.namespace, spec.provider.name);
  }

  #measuredWith(metric: KeptnMetric): string | undefined {
    const provider = this.#providerOf(metric);
    return provider && measuredWith(metric.spec, provider);
  }

  #awaitedFrom(metric: KeptnMetric): number | undefined {
    const { caches, places, clock } = this.#parts;
    return awaitedFrom(metric, { world: caches, places, now: clock.now() });
  }

  /** How long until the metric is to be asked for; 0 or less when it is now. */
  #dueInMs(key: string, metric: KeptnMetric, awaitedAt: number | undefined): number {
    const { clock } = this.#parts;
    const provider = this.#providerOf(metric);
    if (provider === undefined) return 0;
    const asked = this.#asked.get(key);
    if (asked !== undefined && asked.of !== identityOf(metric, provider)) return 0;
    const now = clock.now();
    const sinceMs = asked === undefined ? Infinity : clock.elapsed() - asked.atMs;
    const regularMs =
      asked === undefined
        ? firstDueAt(metric, this.#measuredWith(metric), {
            now,
            clockSteps: this.#clockWatch.steps(),
          }) - now
        : fetchIntervalMs(metric) - sinceMs;
    if (awaitedAt === undefined) return regularMs;
    // What fails is not asked again and again for one that waits.
    const pauseMs = Math.min(leastFetchIntervalMs * 2 ** (asked?.failures ?? 0), backoff.capMs);
    return Math.min(regularMs, Math.max(awaitedAt - now, pauseMs - sinceMs));
  }

  /**
   * Takes away a value that belongs to an earlier spec or provider; and where the value is awaited, writes when it was
   * confirmed last, which is written into the status once a minute only.
   */
  async #refresh(key: string): Promise<void> {
    const metric = this.#metric(key);
    const as = metric && this.#measuredWith(metric);
    if (metric === undefined || as === undefined) return;
    const outdated = outdatedStatus(metric, as, this.#parts.clock.now());
    if (outdated !== undefined) {
      await this.#write(metric, outdated);
      return;
    }
    const { confirmedAt } = this.#asked.get(key) ?? {};
    const confirmed = confirmedStatus(metric, { as, confirmedAt });
    if (confirmed === undefined || this.#awaitedFrom(metric) === undefined) return;
    await this.#write(metric, confirmed);
  }

  /** Writes the status if it says anything new. The metric or its provider may have changed while it was asked. */
  async #keep(
    key: string,
    asked: { readonly metric: KeptnMetric; readonly provider: KeptnMetricsProvider | undefined },
    { outcome, ...asking }: Asking & { readonly outcome: MetricOutcome },
  ): Promise<void> {
    const of = identityOf(asked.metric, asked.provider);
    const { confirmedAt } = this.#asked.get(key) ?? {};
    for (let tries = 0; tries < mostTries; tries += 1) {
      const metric = this.#metric(key);
      if (metric === undefined || identityOf(metric, this.#providerOf(metric)) !== of) return;
      if (tries === 0) this.#remember(key, outcome, asking.askedAt);
      const status = metricStatus(metric, outcome, {
        ...asking,
        ...defined({ confirmedAt }),
      });
      const isNews = isWorthWriting(metric.status, status, this.#parts.clock.now());
      const isWanted = outcome.type === 'measured' && this.#isAwaited(metric);
      if (!isNews && !isWanted) return;
      if (await this.#write(metric, status)) return;
    }
  }

  #remember(key: string, outcome: MetricOutcome, askedAt: number): void {
    const asked = this.#asked.get(key);
    if (asked === undefined) return;
    this.#asked.set(
      key,
      outcome.type === 'measured'
        ? { ...asked, failures: 0, confirmedAt: askedAt }
        : { ...asked, failures: asked.failures + 1 },
    );
  }

  /** Whether somebody waits for each answer, also for one that says the same as the last. */
  #isAwaited(metric: KeptnMetric): boolean {
    return (
      controllerOf(metric)?.kind === KeptnEvaluation.kind || this.#awaitedFrom(metric) !== undefined
    );
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

function keyOf({ metadata }: KeptnMetric): string {
  return inNamespace(metadata.namespace, metadata.name);
}

/** Changes when the spec of metric or provider does, and when another object takes a name. */
function identityOf(metric: KubernetesObject, provider: KubernetesObject | undefined): string {
  const of = (object: KubernetesObject | undefined): string =>
    object === undefined
      ? 'none'
      : `${object.metadata.uid ?? ''}/${object.metadata.generation ?? 0}`;
  return `${of(metric)} ${of(provider)}`;
}
