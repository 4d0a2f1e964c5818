import type { Kind } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { ObjectCaches } from '../../kubernetes/cache/caches.ts';
import type { Connection } from '../../kubernetes/connect.ts';
import { systemClock } from '../../runtime/clock.ts';
import { defined } from '../../api/json.ts';

/** What a command sees of a namespace while it looks on. */
export interface Following extends AsyncDisposable {
  /** What there is now. */
  readonly lookup: Lookup;
  /** Why nothing is seen (of a kind), in a sentence; undefined while all is well. */
  problem(): string | undefined;
  /** Resolves at the next change, after `ms` at the latest, or when the signal is aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Watches kinds in a namespace, or in all of them; resolves when everything that is there was seen once, or when something
 * keeps that from happening. A kind that the cluster does not have is empty.
 */
export async function follow(
  connection: Pick<Connection, 'watchAll'>,
  kinds: readonly Kind[],
  namespace: string | undefined,
): Promise<Following> {
  const caches = new ObjectCaches({ clock: systemClock });
  let isNews = false;
  let wake = (): void => undefined;
  const stops = kinds.map((kind) =>
    caches.subscribe(kind, () => {
      isNews = true;
      wake();
    }),
  );
  const specs = kinds.map((kind) => ({
    kind,
    optional: true,
    ...defined({ namespace }),
  }));
  const watching = connection.watchAll(specs, caches);
  const problem = (): string | undefined => {
    const stuck = watching.reports().find(({ state }) => state.at === 'waiting');
    return stuck?.state.at === 'waiting'
      ? `${stuck.kind.plural} cannot be watched: ${stuck.state.failed.message}`
      : undefined;
  };
  const following: Following = {
    lookup: caches,
    problem,
    async changed(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      signal.addEventListener('abort', wake, { once: true });
      const timer = systemClock.after(ms, resolve);
      if (isNews || signal.aborted) resolve();
      await promise;
      timer.cancel();
      signal.removeEventListener('abort', wake);
      isNews = false;
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      await watching.stop();
    },
  };
  const never = new AbortController().signal;
  while (!caches.isSynced() && problem() === undefined) await following.changed(100, never);
  return following;
}
