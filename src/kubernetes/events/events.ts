import type { EventNote } from '../../api/event-note.ts';
import type { Log } from '../../ports/log.ts';
import { ClusterError, isNamespaceTerminating } from '../../api/cluster-error.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { Fifo } from '../../runtime/fifo.ts';
import { sleep } from '../../runtime/sleep.ts';
import {
  eventAddress,
  EventKind,
  eventOf,
  seriesKey,
  timesOf,
  type Series,
} from './event-series.ts';
import { silentLog } from '../wire/silent-log.ts';

/** What the recorder needs of the API server. */
export interface EventClient {
  create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject>;
  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<KubernetesObject>;
}

export interface EventRecorderOptions {
  readonly client: EventClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** This process among its replicas, for `reportingInstance`: the Pod's name. */
  readonly instance: string;
  readonly log?: Log;
}

/** Why Events were not written. */
export type DropReason = 'queueFull' | 'refused' | 'unavailable' | 'stopped';

/** The same thing said again within this time is a repetition, not a new Event (client-go's figure). */
const seriesEndsAfterMs = 6 * 60_000;
/** A repetition is written at the earliest so long after the last write of its series. */
const rewriteAfterMs = 60_000;
const maxSeries = 2000;
const maxWaiting = 5000;
const writers = 4;
/** For so long nothing more is written into a Namespace that takes nothing; one of its name may come again. */
const goingForMs = 60_000;
const maxTries = 5;
const shape = { baseMs: 500, capMs: 10_000 };

/**
 * Writes Events, one per change. Recording never waits and never fails: Events wait in a bounded queue and
 * are dropped, and counted, when it is full or the API server does not take them. Repetitions within six minutes become a
 * series, written at most once a minute.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #log: Log;
  /** In the order of their last repetition. */
  readonly #series = new Map<string, Series>();
  /** Series whose repetitions wait for their minute to end. */
  readonly #timers = new Map<Series, Timer>();
  readonly #waiting = new Fifo<Series>();
  readonly #stopping = new AbortController();
  readonly #dropped: Record<DropReason, number> = {
    queueFull: 0,
    refused: 0,
    unavailable: 0,
    stopped: 0,
  };
  /** Namespaces that are being deleted, with the time until which they are left alone. */
  readonly #going = new Map<string, number>();
  #writing = 0;
  #written = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
  }

  /** Requests that succeeded, and Events or repetitions that were lost, by reason. */
  get counts(): {
    readonly written: number;
    readonly dropped: Readonly<Record<DropReason, number>>;
  } {
    return { written: this.#written, dropped: { ...this.#dropped } };
  }

  record(note: EventNote, reportedBy: string): void {
    if (this.#stopping.signal.aborted) return;
    const by = note.reportedBy ?? reportedBy;
    const { clock } = this.#options;
    const now = clock.now();
    const nowMs = clock.elapsed();
    const key = seriesKey(note, by);
    const known = this.#series.get(key);
    this.#series.delete(key);
    if (known !== undefined && nowMs - known.heardMs < seriesEndsAfterMs) {
      known.count += 1;
      known.lastMs = now;
      known.heardMs = nowMs;
      this.#series.set(key, known);
      this.#writeInItsMinute(known);
      return;
    }
    this.#forgetOldSeries(nowMs);
    const fresh = {
      note,
      reportedBy: by,
      firstMs: now,
      lastMs: now,
      count: 1,
      heardMs: nowMs,
      written: 0,
      writtenMs: nowMs,
    };
    this.#series.set(key, fresh);
    this.#enqueue(fresh);
  }

  /** Writes what waits, for so long at most, and drops the rest. Nothing is recorded any more. */
  async stop(withinMs = 5000): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#flushSeries();
    const late = this.#options.clock.after(withinMs, () => this.#giveUp());
    // A write that is not answered is given up with the connection.
    while (this.#writing > 0 && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
    late.cancel();
    this.#giveUp();
  }

  #giveUp(): void {
    this.#stopping.abort();
    while (this.#waiting.shift() !== undefined) this.#dropped.stopped += 1;
    for (const idle of this.#whenIdle.splice(0)) idle();
  }

  #flushSeries(): void {
    for (const [series, timer] of this.#timers) {
      timer.cancel();
      this.#timers.delete(series);
      this.#enqueue(series);
    }
  }

  #enqueue(series: Series): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#waiting.length >= maxWaiting) {
      this.#dropped.queueFull += 1;
      return;
    }
    this.#waiting.push(series);
    if (this.#writing < writers) void this.#drain();
  }

  #writeInItsMinute(series: Series): void {
    // Not written at all yet: the repetition goes along.
    if (series.written === 0 || this.#timers.has(series)) return;
    const inMs = Math.max(0, series.writtenMs + rewriteAfterMs - this.#options.clock.elapsed());
    const timer = this.#options.clock.after(inMs, () => {
      this.#timers.delete(series);
      this.#enqueue(series);
    });
    this.#timers.set(series, timer);
  }

  // Old series stand first.
  #forgetOldSeries(nowMs: number): void {
    for (const [key, series] of this.#series) {
      const isOver = nowMs - series.heardMs >= seriesEndsAfterMs;
      if (!isOver && this.#series.size < maxSeries) return;
      this.#series.delete(key);
    }
  }

  async #drain(): Promise<void> {
    this.#writing += 1;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#write(next);
    }
    this.#writing -= 1;
    if (this.#writing === 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }

  async #write(series: Series): Promise<void> {
    if (this.#isGoing(series)) {
      this.#dropped.refused += 1;
      return;
    }
    for (let tries = 1; !this.#stopping.signal.aborted; tries += 1) {
      const count = series.count;
      try {
        await this.#send(series);
        series.written = count;
        series.writtenMs = this.#options.clock.elapsed();
        this.#written += 1;
        if (series.count > count) this.#writeInItsMinute(series);
        return;
      } catch (error) {
        if (isNamespaceTerminating(error)) this.#leaveAlone(eventAddress(series).namespace);
        const passing = isPassing(error);
        if (!passing || tries >= maxTries) {
          this.#dropped[passing ? 'unavailable' : 'refused'] += 1;
          this.#log.debug(
            {
              reason: series.note.reason,
              error: String(error),
            },
            'Event not written',
          );
          return;
        }
        const { clock, random } = this.#options;
        await sleep(clock, backoffMs(tries, shape, random), this.#stopping.signal);
      }
    }
    this.#dropped.stopped += 1;
  }

  #leaveAlone(namespace: string): void {
    const nowMs = this.#options.clock.elapsed();
    for (const [name, untilMs] of this.#going) if (untilMs <= nowMs) this.#going.delete(name);
    this.#going.set(namespace, nowMs + goingForMs);
  }

  #isGoing(series: Series): boolean {
    const untilMs = this.#going.get(eventAddress(series).namespace) ?? 0;
    return untilMs > this.#options.clock.elapsed();
  }

  /** Tells the repetition on the Event that is there; false if it has been deleted, and is to be made anew. */
  async #repeat(series: Series): Promise<boolean> {
    const ref = { kind: EventKind, ...eventAddress(series) };
    const changed = Object.entries(timesOf(series));
    try {
      await this.#options.client.patch(
        ref,
        changed.map(([field, value]) => ({ op: 'add', path: `/${field}`, value })),
      );
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.code === 404) return false;
      throw error;
    }
  }

  async #send(series: Series): Promise<void> {
    const { client, instance } = this.#options;
    if (series.written > 0 && (await this.#repeat(series))) return;
    try {
      await client.create(EventKind, eventOf(series, instance));
    } catch (error) {
      // Its name is its content: an earlier try did arrive.
      if (!(error instanceof ClusterError && error.reason === 'AlreadyExists')) throw error;
    }
  }
}

// There was no answer, or none for now; any other answer would be the same again.
function isPassing(error: unknown): boolean {
  return (
    error instanceof ClusterError && (error.code === 0 || error.code === 429 || error.code >= 500)
  );
}
