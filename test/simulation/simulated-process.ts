import { silentLog } from '../../src/kubernetes/wire/silent-log.ts';
import type { IndexDefinition } from '../../src/ports/index-definition.ts';
import type { Controller } from '../../src/controllers/engine/controller.ts';
import { Engine } from '../../src/controllers/engine/engine.ts';
import { noMetrics } from '../../src/controllers/engine/engine-metrics.ts';
import type { EventNote } from '../../src/domain/plan.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { CacheWeather, Watched } from '../support/memory/memory-caches.ts';
import { MemoryCaches } from '../support/memory/memory-caches.ts';
import type { Call, Fault } from '../support/memory/memory-cluster.ts';
import { forbidden } from '../support/observed/granted-rights.ts';
import { MemoryCluster } from '../support/memory/memory-cluster.ts';
import type { MemoryStore } from '../../src/cli/played/memory-store.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { notData } from './not-data.ts';
import { overlooked } from './overlooked.ts';

export interface ProcessOptions {
  readonly controllers: readonly Controller[];
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly watched: readonly Watched[];
  readonly indexes: readonly IndexDefinition[];
  readonly random: SeededRandom;
  readonly weather: CacheWeather;
  readonly latencyMs: () => number;
  /** Whether it may do anything, and not only what an installation grants. */
  readonly isAdministrator: boolean;
  readonly fault: (call: Call) => Fault | undefined;
  readonly stallMs: (call: Call) => number;
  readonly written: (call: Call) => void;
  readonly crashed: () => void;
  readonly record: (note: EventNote) => void;
  readonly complain: (complaint: string) => void;
  readonly mayWrite: () => boolean;
  /** Told what a start leaves out although there is something to do. */
  readonly overlooked: (what: string) => void;
}

/** One process of Sluice: caches, a connection and the engine. Killed, it stops in the middle of whatever it does. */
export class SimulatedProcess {
  readonly caches: MemoryCaches;
  readonly engine: Engine;
  readonly #cluster: MemoryCluster;
  readonly #abort = new AbortController();
  readonly #options: ProcessOptions;
  #alive = true;
  #closeCaches = (): void => {};

  constructor(options: ProcessOptions) {
    const { store, watched, weather, indexes, random, mayWrite } = options;
    this.#options = options;
    const clock = this.#mortal(options.clock);
    this.caches = new MemoryCaches({ store, clock, watched, weather, indexes });
    const { latencyMs, fault, stallMs, written, isAdministrator } = options;
    const crash = (): void => {
      this.kill();
      options.crashed();
    };
    this.#cluster = new MemoryCluster({
      store,
      clock,
      latencyMs,
      fault: (call) => (isAdministrator ? undefined : forbidden(call)) ?? fault?.(call),
      stallMs,
      written,
      crash,
    });
    this.engine = new Engine(options.controllers, {
      cluster: this.#cluster,
      caches: this.caches,
      events: { record: (note) => void (this.#alive && options.record(note)) },
      clock,
      log: logTo((complaint) => void (this.#alive && options.complain(complaint))),
      metrics: noMetrics,
      random: random.fork().next,
      mayWrite,
      // Turns come when time has passed, and a simulation must go the same way each time.
      turns: noTurns,
      onDecided: ({ controller, observation }) => {
        const what = notData(observation);
        if (what !== undefined)
          options.overlooked(`${controller} decides on what is no data: ${what}`);
      },
    });
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  start(): void {
    this.#closeCaches = this.caches.start();
    const { controllers, clock } = this.#options;
    const by = { caches: this.caches, cluster: this.#cluster, now: clock.now() };
    for (const what of overlooked(controllers, by)) this.#options.overlooked(what);
    this.engine.start(this.#abort.signal);
  }

  /** SIGTERM: takes up nothing new; resolves when nothing of the engine is left, and then the process is gone. */
  async end(): Promise<void> {
    await this.engine.stop();
    this.kill();
  }

  /** SIGKILL: no timer fires, no call returns, nothing is heard any more. */
  kill(): void {
    this.#alive = false;
    this.#cluster.die();
    this.#closeCaches();
  }

  #mortal(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after: (ms, run) => clock.after(ms, () => void (this.#alive && run())),
    };
  }
}

const noTurns = { isOver: false, turn: () => Promise.resolve() };

function logTo(complain: (complaint: string) => void) {
  const write = (fields: object, message: string): void => {
    const why = 'err' in fields && fields.err instanceof Error ? ` ${fields.err.stack}` : '';
    complain(`${message} ${JSON.stringify(fields)}${why}`);
  };
  return { ...silentLog, warn: write, error: write };
}
