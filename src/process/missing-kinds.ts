import { type Kind, kindKey } from '../api/object.ts';
import type { ObjectCaches } from '../kubernetes/cache/caches.ts';
import type { WatchReport } from '../kubernetes/watch/watch-all.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What is waited for before anything can lead. */
interface Awaited {
  readonly caches: Pick<ObjectCaches, 'isSynced'>;
  readonly needed: readonly Kind[];
  /** How the lists and watches fare. */
  readonly reports: () => readonly WatchReport[];
}

/** A list of a large cluster takes its time; one that is forbidden, or whose kind is missing, never comes. */
const firstMs = 30_000;
const againMs = 5 * 60_000;

/** The needed kinds that have not been listed, each with what keeps it from being. */
export function missingKinds({ caches, needed, reports }: Awaited): string {
  const kinds = new Map(
    needed.filter((kind) => !caches.isSynced(kind)).map((kind) => [kindKey(kind), kind]),
  );
  return [...kinds]
    .map(([key, { plural }]) => {
      const states = reports()
        .filter(({ kind }) => kindKey(kind) === key)
        .map(({ state }) => state);
      if (states.some(({ at }) => at === 'kindAbsent')) {
        return `${plural} (their CustomResourceDefinition is not there: run sluice install)`;
      }
      const failed = states.find((state) => state.at === 'waiting');
      return failed === undefined ? plural : `${plural} (${failed.failed.message})`;
    })
    .join(', ');
}

/** Says in the log, after a while and then every few minutes, what keeps the controllers of this process from starting. */
export class MissingKinds {
  readonly #by: Awaited & { readonly clock: Clock; readonly log: Pick<Logger, 'warn'> };
  #timer: Timer | undefined;
  #ignore: () => void = () => undefined;

  constructor(by: Awaited & { readonly clock: Clock; readonly log: Pick<Logger, 'warn'> }) {
    this.#by = by;
  }

  /** Begins to wait, until `end` or the signal. */
  watch(signal: AbortSignal): void {
    const end = (): void => this.end();
    signal.addEventListener('abort', end, { once: true });
    this.#ignore = () => signal.removeEventListener('abort', end);
    if (!signal.aborted) this.#tellAfter(firstMs);
  }

  end(): void {
    this.#ignore();
    this.#timer?.cancel();
  }

  #tellAfter(ms: number): void {
    this.#timer = this.#by.clock.after(ms, () => {
      this.#by.log.warn(
        { kinds: missingKinds(this.#by) },
        'controllers do not start: these kinds cannot be listed; install their definitions and allow the service account to list and watch them',
      );
      this.#tellAfter(againMs);
    });
  }
}
