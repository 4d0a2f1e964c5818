import { kindKey } from '../api/object.ts';
import type { Config } from '../config/config.ts';
import type { BypassedPods } from '../controllers/loops/bypassed-pods.ts';
import type { Engine } from '../controllers/engine/engine.ts';
import type { GateMetrics, GateWatch } from '../controllers/loops/gate-watch.ts';
import type { EngineMetrics } from '../controllers/engine/engine-metrics.ts';
import { heldReasons } from '../domain/gate/held-reason.ts';
import type { ObjectCaches } from '../kubernetes/cache/caches.ts';
import type { Connection } from '../kubernetes/connect.ts';
import type { EventRecorder } from '../kubernetes/events/events.ts';
import type { TransportOptions } from '../kubernetes/transport/transport.ts';
import type { WatchReport } from '../kubernetes/watch/watch-all.ts';
import type { ReviewMetrics } from '../server/review-metrics.ts';
import {
  activeWorkers,
  leaderStatus,
  maxConcurrentReconciles,
  queueDepth,
  queueLongest,
  queueUnfinished,
} from '../telemetry/metrics/controller-runtime-series.ts';
import { KeptnObjects } from '../telemetry/metrics/keptn-objects.ts';
import { lifecycleActive } from '../telemetry/metrics/keptn-series.ts';
import { LifecycleRecorder } from '../telemetry/metrics/lifecycle-recorder.ts';
import {
  engineRecorder,
  gateRecorder,
  requestRecorder,
  reviewRecorder,
} from '../telemetry/metrics/recorders.ts';
import type { Recording } from '../telemetry/metrics/recording.ts';
import { oneSample, type Sample } from '../telemetry/metrics/series.ts';
import {
  apiConnections,
  buildInfo,
  bypassedPods,
  cacheAge,
  cacheObjects,
  certificateExpiry,
  certificateProblems,
  controllersBlocked,
  controllersRunning,
  eventsDropped,
  eventsWritten,
  heldPods,
  heldPodsOldest,
  leaderInfo,
  missingKinds,
  unreadableObjects,
  watchRestarts,
} from '../telemetry/metrics/sluice-series.ts';
import { version } from './version.ts';

/** How the election stands, as metrics tell it. */
export interface ElectionStanding {
  readonly isLeader: boolean;
  /** Who leads, as far as is known. */
  readonly leader: string | undefined;
  /** Why controllers cannot start on this replica. */
  readonly blocked: 'KindsMissing' | 'LeaseUnavailable' | undefined;
}

/** What runs while this process leads. */
export interface Term {
  readonly engine: Pick<Engine, 'queues'>;
  readonly gates: Pick<GateWatch, 'held'>;
  readonly bypassed: Pick<BypassedPods, 'found'>;
}

/** What each part of a process has to do with its metrics. Without a registry nothing is recorded, at no cost. */
export class ProcessMetrics {
  readonly reviews: ReviewMetrics;
  readonly engine: EngineMetrics;
  readonly gates: GateMetrics;
  readonly lifecycle: LifecycleRecorder;
  readonly onAnswer: NonNullable<TransportOptions['onAnswer']>;
  readonly #registry: Recording;
  #host = '';
  #term: Term | undefined;
  #authorityEnds: number | undefined;
  #certificateProblems: number | undefined;

  constructor(registry: Recording, { keptnMetrics }: Pick<Config, 'keptnMetrics'>) {
    this.#registry = registry;
    this.reviews = reviewRecorder(registry);
    this.engine = engineRecorder(registry);
    this.gates = gateRecorder(registry);
    this.onAnswer = requestRecorder(registry, () => this.#host);
    this.lifecycle = new LifecycleRecorder(
      registry,
      keptnMetrics ? new KeptnObjects(registry) : undefined,
    );
    registry.set(buildInfo, { version }, 1);
    if (keptnMetrics) registry.add(lifecycleActive);
    this.#ofTerm();
  }

  /** While a term runs, what only the leader knows is measured. */
  leads(term: Term): void {
    this.#term = term;
  }

  /** The term is over. */
  leadsNoMore(): void {
    this.#term = undefined;
    this.#certificateProblems = undefined;
    this.lifecycle.clear();
  }

  ofConnection({ server, transport }: Pick<Connection, 'server' | 'transport'>): void {
    this.#host = server.host;
    this.#registry.collect(apiConnections, () => oneSample(transport.counts.connections));
  }

  ofCaches(caches: ObjectCaches, reports: () => readonly WatchReport[]): void {
    const registry = this.#registry;
    registry.collect(cacheObjects, () => samplesOf(caches.sizes(), 'kind'));
    registry.collect(unreadableObjects, () => samplesOf(caches.leftOut.counts(), 'kind'));
    registry.collect(cacheAge, () =>
      samplesOf(
        byKind(reports(), ({ silentMs }) => silentMs && seconds(silentMs), Math.max),
        'kind',
      ),
    );
    registry.collect(watchRestarts, () =>
      samplesOf(
        byKind(
          reports(),
          ({ restarts }) => restarts,
          (a, b) => a + b,
        ),
        'kind',
      ),
    );
    registry.collect(missingKinds, () => {
      const isMissing = ({ state, optional }: WatchReport): number =>
        state.at === 'kindAbsent' && optional !== true ? 1 : 0;
      return samplesOf(byKind(reports(), isMissing, Math.max), 'kind');
    });
  }

  ofEvents(events: Pick<EventRecorder, 'counts'>): void {
    this.#registry.collect(eventsWritten, () => oneSample(events.counts.written));
    this.#registry.collect(eventsDropped, () =>
      samplesOf(new Map(Object.entries(events.counts.dropped)), 'reason'),
    );
  }

  ofElection(lease: string, standing: () => ElectionStanding): void {
    const registry = this.#registry;
    registry.collect(leaderStatus, () => [
      { labels: { name: lease }, value: standing().isLeader ? 1 : 0 },
    ]);
    registry.collect(leaderInfo, () => {
      const { leader } = standing();
      return leader === undefined ? [] : [{ labels: { identity: leader }, value: 1 }];
    });
    registry.collect(controllersBlocked, () =>
      ['KindsMissing', 'LeaseUnavailable'].map((reason) => ({
        labels: { reason },
        value: standing().blocked === reason ? 1 : 0,
      })),
    );
    registry.collect(controllersRunning, () => oneSample(this.#term === undefined ? 0 : 1));
  }

  /**
   * `validUntil` is in milliseconds since the epoch. The process that keeps the certificates also tells when the authority
   * ends (`authorityEnds`).
   */
  ofCertificate(serving: () => { readonly validUntil: number } | undefined): void {
    this.#registry.collect(certificateExpiry, () => {
      const ends = { serving: serving()?.validUntil, authority: this.#authorityEnds };
      return Object.entries(ends).flatMap(([certificate, at]) =>
        at === undefined ? [] : [{ labels: { certificate }, value: at / 1000 }],
      );
    });
    this.#registry.collect(certificateProblems, () => oneSample(this.#certificateProblems));
  }

  /** Told how many caBundles and Secrets could not be read or written. */
  problems(count: number): void {
    this.#certificateProblems = count;
  }

  /** Told when the authority of the own certificates ends, in milliseconds since the epoch. */
  authorityEnds(at: number): void {
    this.#authorityEnds = at;
  }

  #ofTerm(): void {
    const registry = this.#registry;
    const queues = () => this.#term?.engine.queues ?? [];
    const held = () => this.#term?.gates.held();
    registry.collect(queueDepth, () => queues().map((one) => ofQueue(one, one.waiting)));
    registry.collect(queueUnfinished, () =>
      queues().map((one) => ofQueue(one, seconds(one.runningForMs.reduce((a, b) => a + b, 0)))),
    );
    registry.collect(queueLongest, () =>
      queues().map((one) => ofQueue(one, seconds(Math.max(0, ...one.runningForMs)))),
    );
    registry.collect(activeWorkers, () =>
      queues().map((one) => ofController(one, one.runningForMs.length)),
    );
    registry.collect(maxConcurrentReconciles, () =>
      queues().map((one) => ofController(one, one.workers)),
    );
    registry.collect(heldPods, () => ofReasons(held(), ({ count }) => count));
    registry.collect(heldPodsOldest, () => ofReasons(held(), ({ oldestMs }) => seconds(oldestMs)));
    registry.collect(bypassedPods, () => oneSample(this.#term?.bypassed.found));
  }
}

/** One sample for each reason, 0 where no Pod is held for it; none on a replica that does not lead. */
function ofReasons(
  held: ReturnType<GateWatch['held']> | undefined,
  valueOf: (held: { readonly count: number; readonly oldestMs: number }) => number,
): readonly Sample[] {
  if (held === undefined) return [];
  return heldReasons.map((reason) => {
    const found = held.get(reason) ?? { count: 0, oldestMs: 0 };
    return { labels: { reason }, value: valueOf(found) };
  });
}

interface Named {
  readonly controller: string;
}

function ofQueue({ controller }: Named, value: number): Sample {
  return { labels: { name: controller, controller }, value };
}

function ofController({ controller }: Named, value: number): Sample {
  return { labels: { controller }, value };
}

function seconds(ms: number): number {
  return ms / 1000;
}

/** One value per kind, of the rows of the table of watches that there are of it. */
function byKind(
  reports: readonly WatchReport[],
  valueOf: (report: WatchReport) => number | undefined,
  together: (one: number, other: number) => number,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const report of reports) {
    const key = kindKey(report.kind);
    const value = valueOf(report);
    if (value !== undefined) values.set(key, together(values.get(key) ?? 0, value));
  }
  return values;
}

function* samplesOf(values: ReadonlyMap<string, number>, label: string): Generator<Sample> {
  for (const [key, value] of values) yield { labels: { [label]: key }, value };
}
