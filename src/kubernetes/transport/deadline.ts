import { ClusterError } from '../../api/cluster-error.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { unavailable } from './status-error.ts';

/** The end of one try of a request: nothing has come for too long, or the caller has given up. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #arm: () => Timer;
  #timer: Timer;
  #expired = false;

  constructor(clock: Clock, timeoutMs: number, caller?: AbortSignal) {
    this.#caller = caller;
    this.#arm = () => clock.after(timeoutMs, this.#expire);
    this.#timer = this.#arm();
    if (caller?.aborted === true) this.#abort();
    caller?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has come: the time begins anew. */
  extend(): void {
    this.#timer.cancel();
    this.#timer = this.#arm();
  }

  /** No time limit any more; the caller may still give up. */
  lift(): void {
    this.#timer.cancel();
  }

  /** It is over, one way or the other: nothing is left behind. */
  end(): void {
    this.#timer.cancel();
    this.#caller?.removeEventListener('abort', this.#abort);
  }

  /** The ClusterError for whatever was thrown under this deadline. */
  explain(error: unknown): ClusterError {
    if (this.#expired) return unavailable('the API server did not answer in time', error);
    if (this.#caller?.aborted === true) return unavailable('the request was given up', error);
    return clusterError(error);
  }

  readonly #abort = (): void => this.#controller.abort();

  readonly #expire = (): void => {
    this.#expired = true;
    this.#abort();
  };
}

/** The error as the adapter's callers know errors; what is not an answer of the server means that none came. */
export function clusterError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const words = error instanceof Error ? error.message || error.name : String(error);
  return unavailable(`the API server cannot be reached: ${words}`, error);
}
