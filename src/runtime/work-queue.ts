import type { Clock, Timer } from './clock.ts';
import { FairFifo } from './fair-fifo.ts';

/**
 * `change`: something happened; worked on before everything of the initial list.
 * `initial`: seen in the first list after a start, when everything that exists is new.
 */
export type Priority = 'change' | 'initial';

/** What a queue tells of its keys, for metrics. Must not throw. */
export interface QueueObserver {
  /** A key waits that did not wait. */
  added(): void;
  /** A key is worked on now, after so long. */
  taken(waitedMs: number): void;
  /** The work of a key has ended, well or not. */
  done(ms: number): void;
  /** The work of a key has failed: it comes again. */
  retried(): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Keys worked on at once, at least 1. */
  readonly concurrency: number;
  /** What keys that wait take turns by, for example their namespace. By default they wait in one line. */
  groupOf?(key: string): string;
  /** The work of one key. Rejecting means: again, after `retryAfterMs`. */
  work(key: string): Promise<void>;
  /** The wait after the nth failure in a row of one key. Called once per failure: the place to log and count it. */
  retryAfterMs(key: string, failures: number, error: unknown): number;
  readonly observer?: QueueObserver;
}

/** Where one key is. A key without an entry is unknown to the queue: that is the state it returns to when idle. */
interface Entry {
  /** The list it waits in. */
  waiting?: Priority;
  /** Since when it waits, or is worked on. */
  sinceMs: number;
  running: boolean;
  /** Added while running: runs again as soon as it ends. */
  dirty?: Priority;
  delay?: { readonly dueMs: number; readonly timer: Timer };
  failures: number;
}

/**
 * A queue of keys with the semantics of client-go's: a key waits at most once and is never worked on twice at once; what
 * is added during its run runs again after it. Of several delayed adds the earliest wins, and a run answers every add made
 * before it started, delayed ones too: a run that wants to be woken later asks for it again.
 *
 * The queue starts with `start`, and forgets a key (its failures too) when it has nothing to do for it. `initial` keys
 * wait as long as there are `change` keys. Among keys of one priority the groups take turns: thousands of keys of one delay another's
 * by one each.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: Readonly<Record<Priority, FairFifo<string>>> = {
    change: new FairFifo(),
    initial: new FairFifo(),
  };
  #running = 0;
  #state: 'new' | 'started' | 'stopped' = 'new';
  #whenDrained: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    if (!(options.concurrency >= 1)) {
      throw new RangeError(`concurrency must be at least 1, not ${options.concurrency}`);
    }
    this.#options = options;
  }

  /** Keys that wait to be worked on now. */
  get depth(): number {
    let depth = 0;
    for (const entry of this.#entries.values()) {
      if (entry.waiting !== undefined || entry.dirty !== undefined) depth += 1;
    }
    return depth;
  }

  /** Keys being worked on. */
  get running(): number {
    return this.#running;
  }

  /** How long each key has been worked on that is worked on now. */
  runningForMs(): readonly number[] {
    const nowMs = this.#options.clock.elapsed();
    return [...this.#entries.values()].flatMap(({ running, sinceMs }) =>
      running ? nowMs - sinceMs : [],
    );
  }

  /** Keys the queue remembers: waiting, running, delayed. */
  get size(): number {
    return this.#entries.size;
  }

  /** Begins to work. Keys may be added before. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#fill();
  }

  /** Works on the key as soon as a worker is free, if it runs now once more after that run. */
  add(key: string, priority: Priority = 'change'): void {
    if (this.#state === 'stopped') return;
    const entry = this.#entry(key);
    dropDelay(entry);
    if (entry.running) {
      entry.dirty = higher(entry.dirty, priority);
    } else if (entry.waiting !== higher(entry.waiting, priority)) {
      if (entry.waiting === undefined) this.#startsToWait(entry);
      // A raised key stays in its old list too; `#next` passes over what is no longer waiting there.
      entry.waiting = priority;
      this.#waiting[priority].push(this.#options.groupOf?.(key) ?? '', key);
    }
    this.#fill();
  }

  /** Works on the key in `afterMs` at the latest. Does nothing if it waits already or is due earlier. */
  addAfter(key: string, afterMs: number): void {
    if (this.#state === 'stopped') return;
    if (afterMs <= 0) return this.add(key);
    const entry = this.#entry(key);
    if (entry.waiting !== undefined || entry.dirty !== undefined) return;
    const dueMs = this.#options.clock.elapsed() + afterMs;
    if (entry.delay !== undefined && entry.delay.dueMs <= dueMs) return;
    dropDelay(entry);
    entry.delay = { dueMs, timer: this.#options.clock.after(afterMs, () => this.add(key)) };
  }

  /**
   * Takes no further keys, drops those that have not started (a restart sees them again) and resolves when the runs in
   * flight have ended.
   */
  async shutdown(): Promise<void> {
    this.#state = 'stopped';
    for (const [key, entry] of this.#entries) {
      dropDelay(entry);
      delete entry.waiting;
      delete entry.dirty;
      if (!entry.running) this.#entries.delete(key);
    }
    this.#waiting.change.clear();
    this.#waiting.initial.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenDrained.push(resolve));
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { running: false, failures: 0, sinceMs: 0 };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #startsToWait(entry: Entry): void {
    entry.sinceMs = this.#options.clock.elapsed();
    this.#options.observer?.added();
  }

  #fill(): void {
    while (this.#state === 'started' && this.#running < this.#options.concurrency) {
      const key = this.#next('change') ?? this.#next('initial');
      if (key === undefined) return;
      void this.#run(key, this.#entry(key));
    }
  }

  #next(priority: Priority): string | undefined {
    for (;;) {
      const key = this.#waiting[priority].shift();
      if (key === undefined || this.#entries.get(key)?.waiting === priority) return key;
    }
  }

  async #run(key: string, entry: Entry): Promise<void> {
    const { clock, observer } = this.#options;
    const startedMs = clock.elapsed();
    observer?.taken(startedMs - entry.sinceMs);
    delete entry.waiting;
    entry.sinceMs = startedMs;
    entry.running = true;
    this.#running += 1;
    try {
      await this.#options.work(key);
      entry.failures = 0;
    } catch (error) {
      entry.failures += 1;
      observer?.retried();
      this.addAfter(key, this.#options.retryAfterMs(key, entry.failures, error));
    } finally {
      observer?.done(clock.elapsed() - startedMs);
      entry.running = false;
      this.#running -= 1;
      this.#settle(key, entry);
    }
  }

  #settle(key: string, entry: Entry): void {
    const { dirty } = entry;
    delete entry.dirty;
    if (dirty !== undefined) this.add(key, dirty);
    else if (entry.delay === undefined) this.#entries.delete(key);
    if (this.#running === 0) for (const drained of this.#whenDrained.splice(0)) drained();
    this.#fill();
  }
}

function higher(one: Priority | undefined, other: Priority): Priority {
  return one === 'change' ? one : other;
}

function dropDelay(entry: Entry): void {
  entry.delay?.timer.cancel();
  delete entry.delay;
}
