import { errorOf } from '../../runtime/error-of.ts';
import type { Log } from '../../ports/log.ts';
import type { CacheChange } from '../../ports/cache-change.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { refKey } from '../../api/object.ts';
import type { Backoff } from '../../runtime/backoff.ts';
import { backoffMs, waitMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Slices } from '../../runtime/slices.ts';
import { WorkQueue } from '../../runtime/work-queue.ts';
import type { Caches, ClusterConnection, EventSink } from './cluster.ts';
import type { Controller, Key, StartingPoint, Watch } from './controller.ts';
import type { Change } from './effect-target.ts';
import { targetOf } from './effect-target.ts';
import { tellFailedDecision, tellLeftOutBy } from './failed-decision.ts';
import { Fenced } from './fenced-cluster.ts';
import { KeyMemory } from './key-memory.ts';
import type { EngineMetrics, ReconcileOutcome } from './engine-metrics.ts';
import type { Decided, Reconciled, Reconciling } from './reconcile.ts';
import { reconcile } from './reconcile.ts';
import { defined, isEqualJson } from '../../api/json.ts';

/** What controllers run on. */
export interface EngineParts {
  readonly cluster: ClusterConnection;
  readonly caches: Caches;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: EngineMetrics;
  /** Told of every change that was carried out; for metrics. Must not throw. */
  readonly onPerformed?: (change: Change) => void;
  /** Told of every decision; for logs. Must not throw. */
  readonly onDecided?: (decided: Decided) => void;
  /** Whether this process may write now, asked before every write. Without it, for as long as the engine runs. */
  readonly mayWrite?: () => boolean;
  /** A number in [0, 1) that spreads retries. */
  readonly random: () => number;
  /** What the event loop gets its turns by, shared by all controllers. Default: slices of five milliseconds. */
  readonly turns?: Turns;
}

/** Gives the event loop a turn where much work would otherwise be done without one; `Slices` is one. */
export type Turns = Pick<Slices, 'isOver' | 'turn'>;

/** Decisions that ask for something new in every round. They are tried again later, in case the world changes. */
class Unsettled extends Error {
  constructor() {
    super('the decision does not settle');
    this.name = 'Unsettled';
  }
}

const backoff: Backoff = { baseMs: 5, capMs: 5 * 60_000 };
const defaultWorkers = 8;
const fencedRetryMs = 500;

/** What one life of the engine gives its controllers: the cluster behind the fence of that life. */
type RunParts = Omit<EngineParts, 'cluster'> & Reconciling & { readonly turns: Turns };

/** One controller with its queue, from a start of the engine to its stop. */
export class ControllerRun {
  readonly queue: WorkQueue;
  readonly #controller: Controller;
  readonly #by: RunParts;
  readonly #turns: Turns;
  readonly #memories = new Map<string, KeyMemory>();

  constructor(controller: Controller, by: RunParts) {
    this.#controller = controller;
    this.#by = by;
    this.#turns = by.turns;
    const observer = by.metrics.queue(controller.name);
    this.queue = new WorkQueue({
      clock: by.clock,
      concurrency: this.workers,
      ...defined({ observer }),
      groupOf: namespaceOf,
      work: (key) => this.#work(key),
      retryAfterMs: (key, failures, error) => this.#explainFailure(key, failures, error),
    });
  }

  get name(): string {
    return this.#controller.name;
  }

  /** The most keys worked on at once. */
  get workers(): number {
    return this.#controller.workers ?? defaultWorkers;
  }

  subscribe(): (() => void)[] {
    return this.#controller.watches.map((watch) =>
      this.#by.caches.subscribe(watch.kind, (change) => {
        if (!isWaking(watch, change)) return;
        const { object, previous, initial } = change;
        // The previous state too: it may have concerned other keys, which must be woken.
        const objects = previous === undefined ? [object] : [object, previous];
        this.#wake(watch, objects, initial === true ? 'initial' : 'change');
      }),
    );
  }

  /** What a start has to go through, and what is to be done with each object of it. */
  startingPoints(): readonly StartingPoint[] {
    const { watches, startingPoints = watches } = this.#controller;
    return startingPoints
      .filter(({ wakes }) => wakes !== 'existence')
      .map((watch) => ({
        kind: watch.kind,
        visit: (object) => this.#wake(watch, [object], 'initial'),
      }));
  }

  #wake(watch: Watch, objects: readonly KubernetesObject[], priority: 'change' | 'initial'): void {
    for (const object of objects) {
      try {
        for (const key of watch.keys(object, this.#by.caches)) {
          this.queue.add(keyText(key), priority);
        }
      } catch (error) {
        this.#leaveOut(object, error);
      }
    }
  }

  /** One object whose keys cannot be computed wakes nothing; every other object does. */
  #leaveOut(object: KubernetesObject, error: unknown): void {
    const controller = this.#controller.name;
    const { kind, metadata } = object;
    this.#by.metrics.leftOut(controller, kind);
    this.#by.log.error(
      {
        controller,
        kind,
        namespace: metadata.namespace,
        object: metadata.name,
        err: errorOf(error),
      },
      'the keys of an object could not be computed',
    );
    tellLeftOutBy(this.#by.events, { object, controller, error });
  }

  async #work(text: string): Promise<void> {
    await Promise.resolve(); // never inside the very change that woke the key
    // Reconciles that find nothing to do wait for nothing: without a turn they would hold everything else up together.
    if (this.#turns.isOver) await this.#turns.turn();
    const startedMs = this.#by.clock.elapsed();
    let outcome: ReconcileOutcome = 'defect';
    let restMs: number | undefined;
    try {
      const memory = this.#memories.get(text) ?? new KeyMemory();
      this.#memories.set(text, memory);
      const reconciled = await reconcile(this.#controller, keyOf(text), { ...this.#by, memory });
      outcome = this.#finish(text, memory, reconciled);
      if (reconciled.outcome === 'settled') ({ restMs } = reconciled);
    } catch (error) {
      outcome = outcomeOf(error);
      if (outcome !== 'fenced') throw error;
      // Leading may not be over: a renewal was late. If it is, the queue has stopped and takes nothing.
      this.queue.addAfter(text, fencedRetryMs);
    } finally {
      this.#settleMemory(text);
      this.#by.metrics.reconciled(
        this.#controller.name,
        outcome,
        this.#by.clock.elapsed() - startedMs,
      );
    }
    await this.#rest(restMs);
  }

  /** Keeps a worker from the next key for a while; a stop waits for nothing but what it has begun. */
  async #rest(restMs = 0): Promise<void> {
    if (restMs <= 0) return;
    await new Promise<void>((resolve) => {
      this.#by.clock.after(restMs, resolve);
    });
  }

  /** Sees to it that the key is woken again when it has to be. */
  #finish(text: string, memory: KeyMemory, reconciled: Reconciled): ReconcileOutcome {
    if (reconciled.outcome === 'unsettled') throw new Unsettled();
    if (reconciled.outcome === 'gone') {
      this.#memories.delete(text);
      return 'gone';
    }
    const { waiting, wakeAfterMs } = reconciled;
    if (wakeAfterMs !== undefined) this.queue.addAfter(text, wakeAfterMs);
    if (waiting.length === 0) {
      memory.failures = 0;
      return 'settled';
    }
    const nowMs = this.#by.clock.elapsed();
    if (memory.hasNewRefusals()) {
      memory.failures += 1;
      memory.settle(nowMs, backoffMs(memory.failures, backoff, this.#by.random));
      this.#logRefusals(text, memory, waiting);
    }
    const nextTry = memory.nextTry(waiting);
    if (nextTry !== undefined) this.queue.addAfter(text, Math.max(1, nextTry - nowMs));
    return 'refused';
  }

  #settleMemory(text: string): void {
    const memory = this.#memories.get(text);
    memory?.settle(this.#by.clock.elapsed(), backoff.baseMs);
    if (memory?.isEmpty() === true) this.#memories.delete(text);
  }

  #logRefusals(text: string, memory: KeyMemory, waiting: readonly Change[]): void {
    for (const change of waiting) {
      const refusal = memory.refusal(targetOf(change));
      if (refusal === undefined) continue;
      this.#by.log.debug(
        { controller: this.#controller.name, key: text, reason: refusal.reason },
        `${change.type} ${refKey(targetOf(change))} was refused: ${refusal.message}`,
      );
    }
  }

  #explainFailure(key: string, failures: number, error: unknown): number {
    const controller = this.#controller.name;
    const fields = { controller, key, failures };
    if (error instanceof ClusterError) {
      this.#by.log.warn({ ...fields, code: error.code }, `decided later: ${error.message}`);
      return waitMs(error.retryAfterMs, failures, { shape: backoff, random: this.#by.random });
    }
    if (error instanceof Unsettled) this.#by.log.warn(fields, error.message);
    else this.#by.log.error({ ...fields, err: errorOf(error) }, 'the decision failed');
    tellFailedDecision(this.#by.events, { object: this.#objectOf(key), controller, error });
    return backoffMs(failures, backoff, this.#by.random);
  }

  /** What a key is about, if it is cached. */
  #objectOf(text: string): KubernetesObject | undefined {
    const [own] = this.#controller.watches;
    const { namespace, name } = keyOf(text);
    return own && this.#by.caches.get(own.kind, namespace, name);
  }
}

function isWaking({ wakes }: Watch, { type, object, previous }: CacheChange): boolean {
  if (type !== 'modified' || wakes === undefined) return true;
  if (typeof wakes === 'object')
    return previous === undefined || !isEqualJson(wakes.reads(object), wakes.reads(previous));
  return wakes === 'spec' && object.metadata.generation !== previous?.metadata.generation;
}

function outcomeOf(error: unknown): ReconcileOutcome {
  if (error instanceof Fenced) return 'fenced';
  if (error instanceof Unsettled) return 'unsettled';
  return error instanceof ClusterError ? 'unavailable' : 'defect';
}

// A name has no slash, and a key without a namespace begins with one.
function keyText({ namespace, name }: Key): string {
  return `${namespace ?? ''}/${name}`;
}

function namespaceOf(text: string): string {
  return text.slice(0, text.indexOf('/'));
}

function keyOf(text: string): Key {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return slash === 0 ? { name } : { namespace: text.slice(0, slash), name };
}
