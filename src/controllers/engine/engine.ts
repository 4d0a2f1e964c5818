import { ClockWatch } from '../../runtime/clock-watch.ts';
import type { Kind, OwnerReference } from '../../api/object.ts';
import type { WorkQueue } from '../../runtime/work-queue.ts';
import { Slices } from '../../runtime/slices.ts';
import type { EngineParts, Turns } from './controller-run.ts';
import { ControllerRun } from './controller-run.ts';
import type { Controller, StartingPoint } from './controller.ts';
import type { Cluster } from './cluster.ts';
import { fencedCluster } from './fenced-cluster.ts';
import { FreshAnswers } from './fresh-answers.ts';
import { PrioritySlots } from '../../runtime/priority-slots.ts';
import { bookkeepingRank, rankedCluster } from './ranked-cluster.ts';

// Below the 10 s a leader keeps its lease without renewing it, so that a reconcile that hangs cannot outlive the lease.
const drainMs = 5_000;

/**
 * Requests of all controllers that are under way at once. With more of them an API server is not faster, and those that lift gates
 * would share it with all others. What lifts gates and what releases versions waits for nothing.
 */
const requestsAtOnce = { total: 20, perRank: 8, neverWaits: 1, reserved: 4 };

/** How the queue of one controller stands. */
export interface QueueStanding {
  readonly controller: string;
  /** The most keys worked on at once. */
  readonly workers: number;
  /** Keys that wait to be worked on now. */
  readonly waiting: number;
  /** How long each key has been worked on that is worked on now. */
  readonly runningForMs: readonly number[];
}

/**
 * Runs controllers: what they watch wakes keys, and every key is reconciled (`reconcile.ts`) until nothing is left to do.
 * Runs on the leader only; it can be started again after it has stopped, and then remembers nothing.
 */
export class Engine {
  readonly #controllers: readonly Controller[];
  readonly #parts: EngineParts;
  #run: Run | undefined;
  #ignore: () => void = () => undefined;

  constructor(controllers: readonly Controller[], parts: EngineParts) {
    this.#controllers = controllers;
    this.#parts = parts;
  }

  /**
   * Wakes the keys of what is cached and not over, behind everything that changes from now on; in slices, so that neither
   * admission nor the renewal of the Lease waits for it. The caches must be filled. Stops by itself when the signal is
   * aborted.
   */
  start(signal: AbortSignal): void {
    if (this.#run !== undefined) throw new Error('the engine runs already; stop it first');
    if (signal.aborted) return;
    this.#run = new Run(this.#controllers, this.#parts);
    const stop = (): void => void this.stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#ignore = () => signal.removeEventListener('abort', stop);
  }

  /**
   * Takes up nothing new and resolves when what is in flight has ended, in five seconds at most; what has not is given up
   * then, or at once if this process may not write any more.
   */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#ignore();
    await run?.stop();
    if (this.#run === run) this.#run = undefined;
  }

  /** Whether a start has not yet gone through all that is cached. */
  get isStarting(): boolean {
    return this.#run?.isStarting ?? false;
  }

  /** How the queues stand; none while the engine does not run. */
  get queues(): readonly QueueStanding[] {
    return (this.#run?.runners ?? []).map(({ name, workers, queue }) => ({
      controller: name,
      workers,
      waiting: queue.depth,
      runningForMs: queue.runningForMs(),
    }));
  }

  /** Keys of all controllers that wait to be worked on now, and keys being worked on. */
  get load(): { readonly waiting: number; readonly running: number } {
    const queues = this.#run?.queues ?? [];
    return {
      waiting: queues.reduce((sum, { depth }) => sum + depth, 0),
      running: queues.reduce((sum, { running }) => sum + running, 0),
    };
  }
}

/** One life of the engine, from start to stop. */
class Run {
  readonly runners: readonly ControllerRun[];
  readonly queues: readonly WorkQueue[];
  readonly #unsubscribe: (() => void)[];
  readonly #parts: EngineParts;
  readonly #turns: Turns;
  readonly #ended = new AbortController();
  isStarting = true;
  #sealed = false;
  #stopping: Promise<void> | undefined;

  constructor(controllers: readonly Controller[], parts: EngineParts) {
    this.#parts = parts;
    this.#turns = parts.turns ?? new Slices();
    const mayWrite = (): boolean => !this.#sealed && (parts.mayWrite?.() ?? true);
    const fenced = fencedCluster(parts.cluster, { mayWrite, signal: this.#ended.signal });
    const clockWatch = new ClockWatch(parts.clock);
    const slots = new PrioritySlots(requestsAtOnce);
    const rankedAs = (rank: number): Cluster => rankedCluster(fenced, slots, rank);
    const by = {
      ...parts,
      clockWatch,
      fresh: new FreshAnswers(parts.clock),
      unhurried: rankedAs(bookkeepingRank),
      kindOf: kindsByName(controllers),
      turns: this.#turns,
    };
    const runners = controllers.map((controller) => {
      const cluster = rankedAs(controller.stepsToGate ?? bookkeepingRank);
      return new ControllerRun(controller, { ...by, cluster });
    });
    this.runners = runners;
    this.queues = runners.map(({ queue }) => queue);
    // All subscribe before any starts: what one of them writes at once must wake the others.
    this.#unsubscribe = runners.flatMap((runner) => runner.subscribe());
    for (const { queue } of runners) queue.start();
    void this.#wakeAll(runners.flatMap((runner) => runner.startingPoints()));
  }

  /** Goes through every kind once, for all controllers together. */
  async #wakeAll(points: readonly StartingPoint[]): Promise<void> {
    const visits = Map.groupBy(points, ({ kind }) => kind);
    for (const [kind, visitors] of visits) {
      for (const object of this.#parts.caches.walk(kind)) {
        for (const visitor of visitors) visitor.visit(object);
        if (this.#turns.isOver) await this.#turns.turn();
        if (this.#stopping !== undefined) return;
      }
    }
    this.isStarting = false;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    // Another process may lead by now: what is still on its way must not arrive after it.
    if (this.#parts.mayWrite?.() === false) this.#ended.abort();
    let tooLong = (): void => {};
    const deadline = new Promise<void>((resolve) => (tooLong = resolve));
    const timer = this.#parts.clock.after(drainMs, tooLong);
    await Promise.race([Promise.all(this.queues.map((queue) => queue.shutdown())), deadline]);
    timer.cancel();
    this.#sealed = true;
    this.#ended.abort();
  }
}

function kindsByName(
  controllers: readonly Controller[],
): (owner: OwnerReference) => Kind | undefined {
  const kinds = new Map<string, Kind>();
  for (const { kind } of controllers.flatMap(({ watches }) => watches)) {
    // A view shows too little of an owner to tell it from another.
    if (kind.view === undefined) kinds.set(`${kind.apiVersion} ${kind.kind}`, kind);
  }
  return (owner) => kinds.get(`${owner.apiVersion} ${owner.kind}`);
}
