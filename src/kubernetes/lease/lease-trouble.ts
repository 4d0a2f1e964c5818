import type { Log } from '../../ports/log.ts';
import type { Clock } from '../../runtime/clock.ts';

/** A Lease that cannot be read is logged after so long, and again every few minutes: otherwise controllers would stand still in silence. */
const silentMs = 30_000;
const tellAgainMs = 5 * 60_000;

/** What keeps a process from asking about its Lease. */
export class LeaseTrouble {
  readonly #clock: Clock;
  readonly #log: Log;
  /** `<namespace>/<name>` */
  readonly #lease: string;
  #now: { readonly sinceMs: number; error: string; toldMs: number | undefined } | undefined;

  constructor(lease: string, by: { readonly clock: Clock; readonly log: Log }) {
    this.#lease = lease;
    this.#clock = by.clock;
    this.#log = by.log;
  }

  /** The trouble in a sentence, once it has lasted; undefined while there is none. */
  get lasting(): string | undefined {
    if (this.#now === undefined || this.#clock.elapsed() - this.#now.sinceMs < silentMs) {
      return undefined;
    }
    return `the Lease ${this.#lease} gives no answer: ${this.#now.error}`;
  }

  /** Asking has failed; `code` is that of the answer, 0 where there was none. */
  failed(error: string, code?: number): void {
    const nowMs = this.#clock.elapsed();
    this.#now = { sinceMs: nowMs, toldMs: undefined, ...this.#now, error };
    const { sinceMs, toldMs } = this.#now;
    if (nowMs - sinceMs < silentMs) return;
    if (toldMs !== undefined && nowMs - toldMs < tellAgainMs) return;
    this.#now.toldMs = nowMs;
    const forSeconds = Math.round((nowMs - sinceMs) / 1000);
    if (code === 0) {
      this.#log.warn(
        { lease: this.#lease, error, code, forSeconds },
        'the Lease cannot be asked about, so controllers do not start here',
      );
      return;
    }
    this.#log.warn(
      { lease: this.#lease, error, forSeconds },
      'the Lease cannot be read or written, so controllers do not start here; allow get, create and patch of leases in its namespace, or name another one with --lease-namespace',
    );
  }

  /** There was an answer. */
  answered(): void {
    this.#now = undefined;
  }
}
