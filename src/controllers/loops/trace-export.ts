import { errorOf } from '../../runtime/error-of.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import type { SpanExporter } from '../../ports/span-exporter.ts';
import type { IndexedBy, IndexDefinition } from '../../ports/index-definition.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { type KubernetesObject, refKey, refOf } from '../../api/object.ts';
import { SpansRejected } from '../../api/span.ts';
import type { CollectorAddress } from '../../domain/settings/collector-address.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { type Delivery, type Exportable, exportables } from '../../domain/trace/trace-export.ts';
import { type Backoff, backoffMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { RetryTimes } from '../../runtime/retry-times.ts';
import { Slices } from '../../runtime/slices.ts';
import { Slots } from '../../runtime/slots.ts';
import { WorkQueue } from '../../runtime/work-queue.ts';
import type { Caches, Cluster, ClusterConnection } from '../engine/cluster.ts';
import type { Turns } from '../engine/controller-run.ts';
import { Fenced, fencedCluster } from '../engine/fenced-cluster.ts';
import { PendingSpans, type Sendable } from './pending-spans.ts';

export interface TraceExportParts {
  readonly cluster: ClusterConnection;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly mayWrite?: () => boolean;
  /** Where spans go now; undefined while tracing is off. */
  readonly collector: (lookup: Lookup) => CollectorAddress | undefined;
  /** Opens the way to a collector. Nothing is loaded for it before. */
  readonly open: (collector: CollectorAddress) => Promise<SpanExporter>;
  /** What the event loop gets its turns by at the start. Default: slices of five milliseconds. */
  readonly turns?: Turns;
}

const pendingOnes: IndexedBy = { index: 'awaiting-export', value: 'pending' };

/** The objects whose spans are still to be exported. */
export const awaitingExport: readonly IndexDefinition[] = exportables.map((exportable) => ({
  kind: exportable.kind,
  name: pendingOnes.index,
  values: (object) => (exportable.isPending(object) ? [pendingOnes.value] : []),
}));

// Spans that end together travel together, and a person who looks at a trace does not wait for longer.
const gatherMs = 1_000;
// What a span hangs on may be missing from the caches: it is on its way, or being deleted with it.
const orphanMs = 30_000;
/** How long a stop may wait for a collector: the Lease is held until then. */
const flushMs = 5_000;
const logAgainMs = 10 * 60_000;
const writesAtOnce = 8;
const mostTries = 3;
/** Objects that were sent and are not marked yet; with more of them nothing further is sent, or it would all be sent again. */
const mostUnmarked = 1_000;
// Conflicts and short absences of the API server pass; what fails as often as this is worth a word.
const toldFailures = 3;
const markBackoff: Backoff = { baseMs: 2_000, capMs: 60 * 60_000 };
const backoff: Backoff = { baseMs: 1_000, capMs: 60_000 };
const key = 'spans';

/**
 * Exports the spans of everything that has come to its end, and marks it as exported. It stands beside the engine, as a slow
 * or unreachable collector must hold nothing up. What is to be sent is known from the objects alone, so that nothing is lost
 * with the process: spans that were sent and not marked are sent again, the same ones. Runs on the leader only.
 */
export class TraceExport {
  readonly #parts: TraceExportParts;
  readonly #cluster: Cluster;
  readonly #pending: PendingSpans;
  /** Accepted or refused, and not marked yet. */
  #settled: { readonly one: Sendable; readonly delivery: Delivery }[] = [];
  /** An object whose mark is refused is tried again by itself, and holds up no other. */
  readonly #marks: RetryTimes;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  #exporter: { readonly to: CollectorAddress; readonly exporter: SpanExporter } | undefined;
  #unsubscribe: (() => void)[] = [];
  #isStopping = false;
  #failures = 0;
  #notBeforeMs = 0;
  #toldAtMs: number | undefined;

  constructor(parts: TraceExportParts) {
    this.#parts = parts;
    this.#cluster = fencedCluster(parts.cluster, {
      mayWrite: parts.mayWrite ?? (() => true),
      signal: this.#stop.signal,
    });
    this.#marks = new RetryTimes(markBackoff, parts.random);
    this.#pending = new PendingSpans(parts.caches, (object, error) => {
      const { namespace, name } = object.metadata;
      const err = errorOf(error);
      parts.log.warn(
        { kind: object.kind, namespace, name, err },
        'the spans of an object cannot be built, and are left out',
      );
    });
    this.#queue = new WorkQueue({
      clock: parts.clock,
      concurrency: 1,
      work: () => this.#work(),
      retryAfterMs: (_key, _failures, error) => this.#putOff(error),
    });
  }

  /** Begins with what is cached; the caches must be filled. An export that was stopped cannot be started again. */
  start(): void {
    const { caches } = this.#parts;
    for (const exportable of exportables) {
      this.#unsubscribe.push(
        caches.subscribe(exportable.kind, ({ object }) => this.#see(exportable, object)),
      );
    }
    this.#unsubscribe.push(caches.subscribe(KeptnConfig, () => this.#reconsider()));
    this.#queue.start();
    void this.#seeAll();
  }

  /** In slices, so that neither admission nor the renewal of the Lease waits for it. */
  async #seeAll(): Promise<void> {
    const { caches, turns = new Slices() } = this.#parts;
    for (const exportable of exportables) {
      for (const object of caches.walk(exportable.kind, pendingOnes)) {
        this.#see(exportable, object);
        if (turns.isOver) await turns.turn();
        if (this.#isStopping) return;
      }
    }
  }

  /** Sends and marks what has ended until now, as far as that is possible within a few seconds, and closes everything. */
  async stop(): Promise<void> {
    const { clock, mayWrite } = this.#parts;
    this.#isStopping = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const deadline = clock.after(flushMs, () => this.#stop.abort(new Error('stopping')));
    await this.#queue.shutdown();
    // The next leader sends what this process may not mark any more, and what a collector has just failed to take.
    const mayFlush = (): boolean =>
      !this.#stop.signal.aborted && this.#failures === 0 && mayWrite?.() !== false;
    while (mayFlush() && (await this.#flushed()) === 'more');
    deadline.cancel();
    this.#stop.abort(new Error('stopping'));
    await this.#close();
  }

  #see(exportable: Exportable, object: KubernetesObject): void {
    if (!exportable.isPending(object)) return;
    this.#pending.add(exportable, object);
    this.#queue.addAfter(key, gatherMs);
  }

  /** Another collector, perhaps, that has not failed. */
  #reconsider(): void {
    this.#notBeforeMs = 0;
    this.#queue.add(key);
  }

  async #flushed(): Promise<'more' | 'done'> {
    try {
      return await this.#round();
    } catch (error) {
      this.#putOff(error);
      return 'done';
    }
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // never inside the very change that woke the key
    const waitMs = this.#notBeforeMs - this.#parts.clock.elapsed();
    if (waitMs > 0) return this.#queue.addAfter(key, waitMs);
    if ((await this.#round()) === 'more') return this.#queue.add(key);
    const unmarked = this.#settled.map(({ one }) => keyOf(one));
    const markInMs = this.#marks.nextInMs(unmarked, this.#parts.clock.elapsed());
    if (markInMs !== undefined) this.#queue.addAfter(key, Math.max(1, markInMs));
    if (this.#pending.size > 0 && this.#exporter !== undefined) {
      this.#queue.addAfter(key, orphanMs);
    }
  }

  /** Marks what was settled, sends one batch and marks it. Rejects if the collector cannot be reached. */
  async #round(): Promise<'more' | 'done'> {
    await this.#markSettled();
    const collector = this.#parts.collector(this.#parts.caches);
    if (!isSame(collector, this.#exporter?.to)) await this.#close();
    const maySend = this.#settled.length < mostUnmarked;
    const batch = collector === undefined || !maySend ? [] : this.#pending.batch();
    if (collector === undefined || batch.length === 0) return 'done';
    const exporter = await this.#open(collector);
    const delivery = await this.#send(batch, exporter);
    if (delivery === 'again') return 'more';
    this.#succeed();
    for (const one of batch) {
      this.#pending.remove(one);
      this.#settled.push({ one, delivery });
    }
    await this.#markSettled();
    return this.#pending.size > 0 ? 'more' : 'done';
  }

  async #send(batch: readonly Sendable[], exporter: SpanExporter): Promise<Delivery | 'again'> {
    const { log } = this.#parts;
    const spans = batch.flatMap((one) => one.spans);
    try {
      const keptOut = await exporter.export(spans, this.#stop.signal);
      if (keptOut !== undefined) log.warn({ words: keptOut }, 'the collector kept spans out');
      this.#pending.accepted();
      return { type: 'accepted' };
    } catch (error) {
      if (!(error instanceof SpansRejected)) throw error;
      if (this.#pending.refused(batch) === 'smaller') return 'again';
      log.warn({ err: error }, 'the collector refuses a span, and it is not sent again');
      return { type: 'rejected', message: error.message };
    }
  }

  async #open(to: CollectorAddress): Promise<SpanExporter> {
    if (this.#exporter === undefined) {
      this.#exporter = { to, exporter: await this.#parts.open(to) };
      if (this.#failures === 0) this.#parts.log.info(told(to), 'spans are sent to a collector');
    }
    return this.#exporter.exporter;
  }

  async #close(): Promise<void> {
    const open = this.#exporter;
    this.#exporter = undefined;
    await open?.exporter.close();
  }

  /** After a failure everything is opened anew: certificates and names may have changed. */
  #putOff(error: unknown): number {
    const { clock, log, random } = this.#parts;
    if (error instanceof Fenced) return backoff.capMs;
    void this.#close();
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, backoff, random);
    const nowMs = clock.elapsed();
    this.#notBeforeMs = nowMs + waitMs;
    if (this.#toldAtMs === undefined || nowMs - this.#toldAtMs >= logAgainMs) {
      this.#toldAtMs = nowMs;
      const err = errorOf(error);
      log.warn({ err, waiting: this.#pending.size }, 'spans could not be exported; trying again');
    }
    return waitMs;
  }

  #succeed(): void {
    if (this.#failures > 0) this.#parts.log.info({}, 'the collector takes spans again');
    this.#failures = 0;
    this.#notBeforeMs = 0;
    this.#toldAtMs = undefined;
  }

  /** Marks all whose turn it is; what the API server did not take stays settled, and is marked, not sent, another time. */
  async #markSettled(): Promise<void> {
    const settled = this.#settled;
    const slots = new Slots(writesAtOnce);
    const isMarked = await Promise.all(
      settled.map(({ one, delivery }) => slots.run(() => this.#markSafely(one, delivery))),
    );
    this.#settled = settled.filter((_, index) => isMarked[index] === false);
  }

  async #markSafely(one: Sendable, delivery: Delivery): Promise<boolean> {
    const { clock, log } = this.#parts;
    const object = keyOf(one);
    if (!this.#marks.isDue(object, clock.elapsed())) return false;
    try {
      await this.#mark(one, delivery);
      this.#marks.forget(object);
      return true;
    } catch (error) {
      if (error instanceof Fenced) throw error;
      const failures = this.#marks.failed(object, clock.elapsed());
      const err = errorOf(error);
      if (failures === toldFailures) {
        log.warn(
          { object, err },
          'an object cannot be marked as exported; trying again, ever less often',
        );
      }
      return false;
    }
  }

  /** Writes the mark on the object as it is now, if that is the object whose spans were sent. */
  async #mark({ exportable, object: sent }: Sendable, delivery: Delivery): Promise<void> {
    const { caches, clock } = this.#parts;
    const ref = refOf(exportable.kind, sent);
    for (let tries = 0; tries < mostTries; tries += 1) {
      const object = caches.get(ref.kind, ref.namespace, ref.name);
      if (object?.metadata.uid !== sent.metadata.uid || object === undefined) return;
      if (!exportable.isPending(object)) return;
      const status = exportable.delivered(object, sent, { delivery, now: clock.now() });
      const { resourceVersion = '' } = object.metadata;
      try {
        caches.observe(ref.kind, await this.#cluster.writeStatus(ref, resourceVersion, status));
        return;
      } catch (error) {
        if (!(error instanceof ClusterError) || ![404, 409].includes(error.code)) throw error;
        const live = await this.#cluster.get(ref);
        if (live === undefined) caches.forget(ref);
        else caches.observe(ref.kind, live);
      }
    }
    throw new Error(`${refKey(ref)} changes too often to be marked as exported`);
  }
}

function keyOf({ exportable, object }: Sendable): string {
  return refKey(refOf(exportable.kind, object));
}

function isSame(one: CollectorAddress | undefined, other: CollectorAddress | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.address === other.address && one.protocol === other.protocol && one.secure === other.secure
  );
}

/** An address may carry a password. */
function told({ protocol, address, secure }: CollectorAddress): LogFields {
  const host = protocol === 'grpc' ? address : new URL(address).host;
  return { collector: host, protocol, tls: secure };
}
